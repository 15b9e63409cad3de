/*
 * Control groups, each limit reached: `cgroup pids|memory|cpu v1|v2 DIRECTORY`. The group that is limited is a fresh
 * one below DIRECTORY and holds one throw-away child. What already exists is never written to: not the directory's
 * limits, not its processes, not its cgroup.subtree_control.
 */
#include "prober.h"

#include <asm/signal.h>
#include <linux/fcntl.h>
#include <linux/mman.h>

enum {
    path_capacity = 1024,
    pids_cap = 8,
    memory_cap = 16 << 20,
    memory_touched = 64 << 20,
    page = 4096,
    spin_microseconds = 120000,
};

/* One limit: the files to write, those that may be missing marked so, the file to read and the number in it. */
struct setting {
    const char *file;
    const char *value;
    bool optional;
};
struct kind {
    const char *name;
    const char *version;
    struct setting settings[3];
    const char *events;
    const char *counter;
    act *exhaust;
};

static void group_path(char *path, const char *group, const char *file)
{
    if (!join_path(path, path_capacity, group, file))
        path[0] = '\0';
}

static int fork_until_refused(void *argument)
{
    (void)argument;
    long count = 0;
    long error = 0;
    while (count < 4 * pids_cap) {
        const long process = fork_child();
        if (process == 0) {
            sleep_milliseconds(5000);
            leave(0);
        }
        if (process < 0) {
            error = -process;
            break;
        }
        count++;
    }
    report_both("stopped", error, count, 0);
    return 0;
}

static int touch_memory(void *argument)
{
    (void)argument;
    const long memory =
        kernel_call(__NR_mmap, 0, memory_touched, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory < 0 && memory > -page) {
        report("stopped", memory);
        return 0;
    }
    for (long at = 0; at < memory_touched; at += page)
        *(volatile char *)(memory + at) = 1;
    report_both("stopped", 0, memory_touched, 0);
    return 0;
}

static int spin(void *argument)
{
    (void)argument;
    const long long end = now_microseconds() + spin_microseconds;
    while (now_microseconds() < end)
        ;
    return 0;
}

/*
 * cgroup-v2.rst and cgroup-v1/{pids,memory}.rst, sched-bwc.rst. Swap is shut off where it is accounted, or it would
 * take what the cap pushes out. A fifth of a processor in periods of 20 ms is throttled several times in the spin.
 */
static const struct kind kinds[] = {
    {"pids", "v2", {{"pids.max", "8", false}}, "pids.events", "max", fork_until_refused},
    {"pids", "v1", {{"pids.max", "8", false}}, "pids.events", "max", fork_until_refused},
    {"memory",
     "v2",
     {{"memory.max", "16777216", false}, {"memory.swap.max", "0", true}},
     "memory.events",
     "oom_kill",
     touch_memory},
    {"memory",
     "v1",
     {{"memory.limit_in_bytes", "16777216", false},
      {"memory.memsw.limit_in_bytes", "16777216", true},
      {"memory.swappiness", "0", true}},
     "memory.oom_control",
     "oom_kill",
     touch_memory},
    {"cpu", "v2", {{"cpu.max", "4000 20000", false}}, "cpu.stat", "nr_throttled", spin},
    {"cpu",
     "v1",
     {{"cpu.cfs_period_us", "20000", false}, {"cpu.cfs_quota_us", "4000", false}},
     "cpu.stat",
     "nr_throttled",
     spin},
};

struct group {
    const struct kind *kind;
    char path[path_capacity];
};

static int enter_and_exhaust(void *argument)
{
    const struct group *group = argument;
    char path[path_capacity];
    group_path(path, group->path, "cgroup.procs");
    const long entered = write_file(path, "0");
    report("enter", entered);
    return entered < 0 ? 1 : group->kind->exhaust(0);
}

static bool apply_settings(const struct group *group)
{
    char path[path_capacity];
    for (size_t index = 0; index < 3 && group->kind->settings[index].file != 0; index++) {
        const struct setting *setting = &group->kind->settings[index];
        group_path(path, group->path, setting->file);
        const long written = write_file(path, setting->value);
        report_text(setting->optional ? "limit-optional" : "limit", written, setting->file);
        if (written < 0 && !setting->optional)
            return false;
    }
    return true;
}

/* Ends whoever is still in the group; a forked sleeper may outlive its parent by a moment. */
static void empty_group(const char *group)
{
    char path[path_capacity];
    char text[4096];
    group_path(path, group, "cgroup.procs");
    if (read_file(path, text, sizeof text) <= 0)
        return;
    for (const char *at = text; *at != '\0';) {
        const long process = (long)parse_number(at);
        if (process > 0)
            kernel_call(__NR_kill, process, SIGKILL);
        while (*at != '\0' && *at++ != '\n')
            ;
    }
}

static long remove_group(const char *group)
{
    long result = -EBUSY;
    for (int attempt = 0; attempt < 200 && result == -EBUSY; attempt++) {
        if (attempt > 0)
            sleep_milliseconds(5);
        empty_group(group);
        result = kernel_call(__NR_unlinkat, AT_FDCWD, group, AT_REMOVEDIR);
    }
    return result;
}

/*
 * The caretaker removes the group when the prober ends, however it ends: a session of its own keeps it out of the group
 * that a deadline kills, and the pipe's end tells it. Returns its process; *hold is the end to close when done.
 */
static long start_caretaker(const char *group, int *hold)
{
    int ends[2];
    const long piped = kernel_call(__NR_pipe2, ends, O_CLOEXEC);
    if (piped < 0)
        return piped;
    const long caretaker = kernel_call(__NR_clone, SIGCHLD, 0, 0, 0, 0);
    if (caretaker == 0) {
        char byte;
        kernel_call(__NR_setsid);
        kernel_call(__NR_close, ends[1]);
        /* The reader of our steps must see their end when the prober dies, not when the caretaker does. */
        for (long descriptor = 0; descriptor <= 2; descriptor++)
            kernel_call(__NR_close, descriptor);
        while (kernel_call(__NR_read, ends[0], &byte, 1) == -EINTR)
            ;
        leave((int)-remove_group(group));
    }
    kernel_call(__NR_close, ends[0]);
    *hold = ends[1];
    return caretaker;
}

static void report_events(const struct group *group)
{
    char path[path_capacity];
    char text[4096];
    group_path(path, group->path, group->kind->events);
    const long read = read_file(path, text, sizeof text);
    const long long number = read < 0 ? read : number_after(text, group->kind->counter);
    report_text("events", read >= 0 && number < 0 ? -ENODATA : number, group->kind->events);
}

static void exhaust_group(struct group *group)
{
    if (!apply_settings(group))
        return;
    const struct ending ending = run_child(enter_and_exhaust, group, 4000);
    report_both("ended", ending.error, ending.signal, 0);
    report_events(group);
}

static void try_kind(const struct kind *kind, const char *directory)
{
    char name[64] = "cupel-probe-";
    struct group group = {.kind = kind};
    int hold = -1;
    format_number(name + strlen(name), kernel_call(__NR_getpid));
    if (!join_path(group.path, sizeof group.path, directory, name)) {
        report("create", -ENAMETOOLONG);
        return;
    }
    const long caretaker = start_caretaker(group.path, &hold);
    const long created = caretaker < 0 ? caretaker : kernel_call(__NR_mkdirat, AT_FDCWD, group.path, 0755);
    report_text("create", created, group.path);
    if (created == 0)
        exhaust_group(&group);
    if (caretaker < 0)
        return;
    kernel_call(__NR_close, hold);
    const struct ending ending = wait_for(caretaker);
    if (created == 0)
        report_both("remove", ending.status, ending.signal, 0);
}

void probe_control_group(int count, char **arguments)
{
    if (count != 3) {
        report("arguments", -EINVAL);
        return;
    }
    for (size_t index = 0; index < sizeof kinds / sizeof *kinds; index++)
        if (strcmp(kinds[index].name, arguments[0]) == 0 && strcmp(kinds[index].version, arguments[1]) == 0) {
            try_kind(&kinds[index], arguments[2]);
            return;
        }
    report("arguments", -EINVAL);
}
