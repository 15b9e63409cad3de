/* How much of the machine this process may use: `resources NAME=DIRECTORY…`. Everything is asked, nothing is taken. */
#include "../shared/append.h"
#include "prober.h"

#include <asm/statfs.h>
#include <linux/fcntl.h>
#include <linux/resource.h>

enum { mask_bytes = 1024, name_capacity = 48 };

static const struct {
    const char *step;
    int resource;
} limits[] = {
    {"limit-nproc", RLIMIT_NPROC}, {"limit-nofile", RLIMIT_NOFILE}, {"limit-memlock", RLIMIT_MEMLOCK},
    {"limit-fsize", RLIMIT_FSIZE}, {"limit-as", RLIMIT_AS},         {"limit-data", RLIMIT_DATA},
    {"limit-stack", RLIMIT_STACK}, {"limit-core", RLIMIT_CORE},     {"limit-cpu", RLIMIT_CPU},
};

static char *append_limit(char *at, uint64_t limit)
{
    return limit == ~0ULL ? append_text(at, "unlimited") : append_number(at, limit, 10);
}

/* As text, "SOFT HARD": the largest are no number that a line of JSON can hold. */
static void report_limit(const char *step, int resource)
{
    struct rlimit64 limit;
    const long result = kernel_call(__NR_prlimit64, 0, resource, 0, &limit);
    char text[2 * number_capacity + 1];
    if (result == 0) {
        char *const at = append_text(append_limit(text, limit.rlim_cur), " ");
        append_limit(at, limit.rlim_max);
    }
    report_text(step, result, result == 0 ? text : 0);
}

static long count_processors(void)
{
    static unsigned char mask[mask_bytes];
    const long length = kernel_call(__NR_sched_getaffinity, 0, sizeof mask, mask);
    long count = 0;
    for (long index = 0; index < length; index++)
        for (unsigned rest = mask[index]; rest != 0; rest &= rest - 1)
            count++;
    return length < 0 ? length : count;
}

/* Bytes that are left to this user, and as text "INODES" that are; 0 of 0 inodes is a file system without a limit. */
static void report_space(const char *step, const char *directory)
{
    struct statfs system;
    const long result = kernel_call(__NR_statfs, directory, &system);
    char text[2 * number_capacity + 1];
    if (result == 0) {
        char *const at = append_text(append_number(text, (uint64_t)system.f_ffree, 10), " ");
        append_number(at, (uint64_t)system.f_files, 10);
    }
    report_text(step, result < 0 ? result : (long long)system.f_bavail * system.f_bsize, result == 0 ? text : 0);
}

void probe_resources(int count, char **arguments)
{
    report("processors", count_processors());
    for (size_t index = 0; index < sizeof limits / sizeof *limits; index++)
        report_limit(limits[index].step, limits[index].resource);
    const long watcher = kernel_call(__NR_inotify_init1, O_CLOEXEC);
    report("inotify", watcher < 0 ? watcher : 0);
    for (int index = 0; index < count; index++) {
        char step[name_capacity + 8] = "disk-";
        char *const name = step + strlen(step);
        copy_text(name, name_capacity, arguments[index]);
        for (size_t at = 0; name[at] != '\0'; at++)
            if (name[at] == '=') {
                name[at] = '\0';
                report_space(step, arguments[index] + at + 1);
                break;
            }
    }
}
