/* Disks: bytes, names, sizes and depths, each to an amount that the host said, and removed again. */
#include "attacker.h"

#include <asm/signal.h>
#include <linux/fcntl.h>
#include <linux/prctl.h>
#include <linux/resource.h>

enum { chunk = 65536, default_disk = 64 << 20, default_files = 5000, most_files = 100000 };
static const long most_disk = 4L << 30;

static long fill_file(const char *name, long bytes)
{
    static char zeros[chunk];
    const long file = open_file(name, O_WRONLY | O_CREAT);
    long done = 0, count = 0;
    while (done < bytes && (count = kernel_call(__NR_write, file, zeros, sizeof zeros)) > 0)
        done += count;
    did("write", count);
    close_file(file);
    return done;
}

static long make_files(long count)
{
    long made = 0, result = 0;
    for (; made < count; made++) {
        result = open_file(decimal(made), O_WRONLY | O_CREAT);
        if (result < 0)
            break;
        close_file(result);
    }
    did("make", result);
    return made;
}

static void remove_files(long count)
{
    for (long index = 0; index < count; index++)
        kernel_call(__NR_unlinkat, AT_FDCWD, decimal(index), 0);
}

enum ending attack_disk(void)
{
    static const long sparse = 1L << 40;
    if (!enter_scratch())
        return attempted;
    fact("written-bytes", fill_file("large", key_number("disk-bytes", default_disk, most_disk)));
    kernel_call(__NR_unlinkat, AT_FDCWD, "large", 0);
    const long files = make_files(key_number("file-count", default_files, most_files));
    fact("files", files);
    remove_files(files);
    const long file = open_file("sparse", O_WRONLY | O_CREAT);
    const long result = kernel_call(__NR_ftruncate, file, sparse);
    did("sparse", result);
    fact("sparse-bytes", result == 0 ? sparse : 0);
    close_file(file);
    leave_scratch();
    return attempted;
}

static int dump_core(void *argument)
{
    const struct rlimit64 limit = {1 << 20, RLIM64_INFINITY};
    struct rlimit64 most = {0, 0};
    (void)argument;
    kernel_call(__NR_prlimit64, 0, RLIMIT_CORE, 0, &most);
    const struct rlimit64 wanted = {most.rlim_max < limit.rlim_cur ? most.rlim_max : limit.rlim_cur, most.rlim_max};
    did("core-limit", kernel_call(__NR_prlimit64, 0, RLIMIT_CORE, &wanted, 0));
    fact("core-limit", (long long)wanted.rlim_cur);
    kernel_call(__NR_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0);
    const unsigned long default_action[8] = {0};
    kernel_call(__NR_rt_sigaction, SIGQUIT, default_action, 0, sizeof *default_action);
    kernel_call(__NR_kill, kernel_call(__NR_getpid), SIGQUIT);
    return 0;
}

/* A pattern that is a program would run that program, with an effect on the host that nobody cleans up. */
static void try_core(void)
{
    enum { dumped = 0x80, child_ms = 2000 };
    char pattern[256] = "";
    read_path("/proc/sys/kernel/core_pattern", pattern, sizeof pattern);
    if (pattern[0] == '|')
        return fact("core", -1);
    const long status = run_child(dump_core, 0, child_ms);
    fact("core", status > 0 && (status & dumped) != 0 ? 1 : 0);
}

enum ending attack_large_files(void)
{
    const long bytes = key_number("disk-bytes", default_disk, most_disk);
    const struct rlimit64 none = {RLIM64_INFINITY, RLIM64_INFINITY};
    const unsigned long ignored[8] = {1};
    if (!enter_scratch())
        return attempted;
    kernel_call(__NR_rt_sigaction, SIGXFSZ, ignored, 0, sizeof *ignored);
    did("lift-limit", kernel_call(__NR_prlimit64, 0, RLIMIT_FSIZE, &none, 0));
    const long file = open_file("large", O_WRONLY | O_CREAT);
    const long allocated = kernel_call(__NR_fallocate, file, 0, 0, bytes);
    did("allocate", allocated);
    fact("allocated-bytes", allocated == 0 ? bytes : 0);
    close_file(file);
    kernel_call(__NR_unlinkat, AT_FDCWD, "large", 0);
    try_core();
    leave_scratch();
    return attempted;
}

/* As deep as it goes, each level by the one before: no path leads there, for none is so long (PATH_MAX of limits.h). */
static long descend(const char *name, long levels)
{
    long level = 0;
    while (level < levels && kernel_call(__NR_mkdirat, AT_FDCWD, name, 0700) == 0 && kernel_call(__NR_chdir, name) == 0)
        level++;
    return level;
}

static void ascend(const char *name, long levels)
{
    while (levels-- > 0 && kernel_call(__NR_chdir, "..") == 0)
        kernel_call(__NR_unlinkat, AT_FDCWD, name, AT_REMOVEDIR);
}

enum ending attack_deep_tree(void)
{
    enum { depth = 3000 };
    const long wanted = key_number("level-count", depth, depth);
    /* Few levels have long names. */
    const char *name = wanted == depth ? "d" : "directory-directory-directory-directory-directory-directory-dire";
    if (!enter_scratch())
        return attempted;
    const long files = make_files(key_number("file-count", default_files, most_files)), levels = descend(name, wanted);
    fact("files", files);
    fact("levels", levels);
    if (key_is("leave-tree", "yes")) {
        left("cupel-attack");
        return attempted;
    }
    ascend(name, levels);
    remove_files(files);
    leave_scratch();
    return attempted;
}
