/*
 * Where a program can be put and executed: `places NAME=DIRECTORY…`. What is executed is a copy of this program in a
 * file without a name. Only where a file system has none of those (O_TMPFILE) a named one is made, and its name taken
 * away at once.
 */
#include "prober.h"

#include <linux/fcntl.h>
#include <linux/memfd.h>
#include <linux/mman.h>

/* A memfd that may be executed, since Linux 6.3; the headers may be older. */
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#define MFD_EXEC 0x0010U
#endif

/* What this program ends with when it is started without arguments: see prober.c. */
enum { started_without_arguments = 64, unnamed = 1, named = 2, page = 4096 };

struct place {
    const char *name;
    long descriptor;
};

static void report_at(const char *name, const char *what, long long result)
{
    char step[64];
    size_t length = copy_text(step, sizeof step - 16, name);
    step[length++] = '-';
    copy_text(step + length, sizeof step - length, what);
    report(step, result);
}

static long copy_self(long to)
{
    static char buffer[65536];
    const long from = open_path("/proc/self/exe", O_RDONLY);
    long count = from;
    while (count >= 0 && (count = kernel_call(__NR_read, from, buffer, sizeof buffer)) > 0) {
        const long written = kernel_call(__NR_write, to, buffer, count);
        count = written == count ? count : written < 0 ? written : -ENOSPC;
    }
    if (from >= 0)
        kernel_call(__NR_close, from);
    return count;
}

static int execute(void *argument)
{
    const struct place *const place = argument;
    char *const words[] = {"prober", 0}, *const environment[] = {0};
    const long error = kernel_call(__NR_execveat, place->descriptor, "", words, environment, AT_EMPTY_PATH);
    report_at(place->name, "run", error);
    return 0;
}

static void run_copy(const char *name, long descriptor)
{
    struct place place = {name, descriptor};
    const struct ending ending = report_child(name, execute, &place, 1000);
    if (ending.error == 0 && ending.signal == 0 && ending.status == started_without_arguments)
        report_at(name, "run", 0);
    const long mapped = kernel_call(__NR_mmap, 0, page, PROT_READ | PROT_EXEC, MAP_PRIVATE, descriptor, 0);
    report_at(name, "map", mapped < 0 && mapped > -page ? mapped : 0);
}

static void try_place(const char *name, const char *directory)
{
    const struct nameless file = make_nameless(directory, 0700);
    report_at(name, "create", file.writer < 0 ? file.writer : file.had_name ? named : unnamed);
    if (file.writer < 0)
        return;
    const long copied = copy_self(file.writer);
    report_at(name, "write", copied);
    /* What is open for writing is not executed (ETXTBSY). */
    kernel_call(__NR_close, file.writer);
    if (copied >= 0 && file.reader < 0)
        report_at(name, "reopen", file.reader);
    if (copied >= 0 && file.reader >= 0)
        run_copy(name, file.reader);
    if (file.reader >= 0)
        kernel_call(__NR_close, file.reader);
}

static void try_memory(const char *name, unsigned flags)
{
    const long descriptor = kernel_call(__NR_memfd_create, "cupel-probe", MFD_CLOEXEC | flags);
    report_at(name, "create", descriptor < 0 ? descriptor : 0);
    if (descriptor < 0)
        return;
    const long copied = copy_self(descriptor);
    report_at(name, "write", copied);
    if (copied >= 0)
        run_copy(name, descriptor);
    kernel_call(__NR_close, descriptor);
}

void probe_places(int count, char **arguments)
{
    try_memory("memfd", 0);
    try_memory("memfd-exec", MFD_EXEC);
    try_memory("memfd-sealed", MFD_NOEXEC_SEAL);
    for (int index = 0; index < count; index++) {
        char name[48];
        const size_t length = copy_text(name, sizeof name, arguments[index]);
        for (size_t at = 0; at < length; at++)
            if (name[at] == '=') {
                name[at] = '\0';
                try_place(name, arguments[index] + at + 1);
                break;
            }
    }
}
