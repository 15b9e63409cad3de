/*
 * The job's control groups: made by cupel, joined by the first process before anything else, so that all of what
 * follows is counted. In the unified hierarchy it is born in its group (CLONE_INTO_CGROUP, Linux 5.7), which spares the
 * kernel a lock that every fork of the host waits for.
 */
#include "launcher.h"
#include "mount-calls.h"

#include <asm/statfs.h>
#include <linux/magic.h>
#include <linux/time_types.h>

static bool is_unified(int directory)
{
    struct statfs status = {0};
    return kernel_call(__NR_fstatfs, directory, &status) >= 0 && status.f_type == CGROUP2_SUPER_MAGIC;
}

static const char *skip_prefix(const char *path, const char *prefix)
{
    const size_t length = strlen(prefix);
    return strlen(path) >= length && memcmp(path, prefix, length) == 0 ? path + length : NULL;
}

/* The place that holds `path`, and the rest of the path below it; without places, the root. */
static int place_of(const struct launch *launch, const char **path)
{
    for (size_t index = 0; index < launch->group_place_count; index++) {
        const char *rest = skip_prefix(*path, launch->group_places[index].path);
        if (rest != NULL && *rest == '/') {
            *path = rest;
            return launch->group_places[index].descriptor;
        }
    }
    return AT_FDCWD;
}

static long open_directory(const struct launch *launch, const char *path)
{
    const int place = place_of(launch, &path);
    if (place == AT_FDCWD)
        return kernel_call(__NR_openat, AT_FDCWD, path, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
    return open_path_in(place, path);
}

/* Fills in what the first process writes to in order to join. */
long open_control_groups(struct launch *launch)
{
    const struct instruction *instruction = launch->instruction;
    for (size_t index = 0; index < instruction->control_group_count; index++) {
        const long directory = open_directory(launch, instruction->control_groups[index]);
        if (directory < 0)
            return directory;
        /* For a single thread that moves itself the kernel waits for no grace period of RCU (cgroup_procs_write_start
         * in kernel/cgroup/cgroup.c), which takes ten milliseconds and more. Version 2 has no such file. */
        long file = kernel_call(__NR_openat, directory, "tasks", O_WRONLY | O_CLOEXEC, 0);
        if (file < 0)
            file = kernel_call(__NR_openat, directory, "cgroup.procs", O_WRONLY | O_CLOEXEC, 0);
        close_descriptor((int)directory);
        if (file < 0)
            return file;
        launch->control_group_descriptors[index] = (int)file;
    }
    return 0;
}

/* The one group of the unified hierarchy, for clone3 to start a process in; negative where the job's are others. */
long open_own_group(const struct launch *launch)
{
    const struct instruction *instruction = launch->instruction;
    if (instruction->control_group_count != 1)
        return -ENOENT;
    const long directory = open_directory(launch, instruction->control_groups[0]);
    if (directory < 0 || is_unified((int)directory))
        return directory;
    close_descriptor((int)directory);
    return -ENOENT;
}

/*
 * What a job's control group has used: version 1 counts in cpuacct.usage, in nanoseconds, version 2 in every group's
 * cpu.stat, in microseconds. A file of version 1 that is called so, too, says nothing of use.
 * Without any of them a cap on that time would do nothing, and the job is not started.
 */
long open_cpu_time(struct launch *launch)
{
    const struct instruction *instruction = launch->instruction;
    for (size_t index = 0; index < instruction->control_group_count; index++) {
        const long directory = open_directory(launch, instruction->control_groups[index]);
        long file = kernel_call(__NR_openat, directory, "cpuacct.usage", O_RDONLY | O_CLOEXEC, 0);
        if (file < 0 && directory >= 0 && is_unified((int)directory))
            file = kernel_call(__NR_openat, directory, "cpu.stat", O_RDONLY | O_CLOEXEC, 0);
        close_descriptor((int)directory);
        if (file >= 0) {
            launch->cpu_descriptor = (int)file;
            return 0;
        }
    }
    return -ENOENT;
}

/* "usage_usec 1234\n…", or a number alone. */
int64_t read_cpu_time_ms(int descriptor)
{
    static const char name[] = "usage_usec ";
    char text[256];
    const long length = kernel_call(__NR_pread64, descriptor, text, sizeof text, 0);
    const bool is_named = length >= (long)sizeof name && memcmp(text, name, sizeof name - 1) == 0;
    int64_t number = 0;
    for (long at = is_named ? (long)sizeof name - 1 : 0; at < length && text[at] >= '0' && text[at] <= '9'; at++)
        number = number * 10 + (text[at] - '0');
    return number / (is_named ? 1000 : 1000000);
}

/*
 * For a cupel that is gone; the kernel lets go of the dead a moment after they were waited for, and a container's are
 * waited for by others. Nobody waits for this.
 */
void remove_control_groups(const struct launch *launch)
{
    enum { letting_go_ms = 10000 };
    const int64_t until_ms = monotonic_ms() + letting_go_ms;
    const struct instruction *instruction = launch->instruction;
    const struct __kernel_timespec nap = {.tv_sec = 0, .tv_nsec = 4000000};
    for (size_t index = 0; index < instruction->control_group_count; index++) {
        const char *path = instruction->control_groups[index];
        const int place = place_of(launch, &path);
        const char *name = place == AT_FDCWD ? path : path + 1;
        while (kernel_call(__NR_unlinkat, place, name, 0x200 /* AT_REMOVEDIR */) == -EBUSY && monotonic_ms() < until_ms)
            kernel_call(__NR_nanosleep, &nap, NULL);
    }
}

/* "0" stands for the writer (cgroups(7)). Before anything else, so that all of what follows is already counted. */
void join_control_groups(const struct launch *launch)
{
    for (size_t index = 0; index < launch->instruction->control_group_count; index++) {
        const int group = launch->control_group_descriptors[index];
        /* Born in it. */
        if (group < 0)
            continue;
        const long result = kernel_call(__NR_write, group, "0", 1);
        if (result < 0)
            fail_launch(launch, step_control_group, result, launch->instruction->control_groups[index]);
        close_descriptor(group);
    }
}
