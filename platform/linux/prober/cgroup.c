/*
 * Control groups, each limit reached: `cgroup pids|memory|cpu v1|v2 DIRECTORY`. The group that is limited is a fresh
 * one below DIRECTORY and holds one throw-away child. What already exists is never written to: not the directory's
 * limits, not its processes, not its cgroup.subtree_control.
 */
#include "cgroup-own.h"

#include <asm/signal.h>
#include <linux/fcntl.h>
#include <linux/mman.h>
#include <linux/wait.h>

enum {
    pids_cap = 8,
    memory_cap = 16 << 20,
    memory_touched = 64 << 20,
    page = 4096,
    spin_microseconds = 2000000,
    watch_milliseconds = 5,
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
 * take what the cap pushes out. A fifth of a processor in periods of 20 ms is throttled soon.
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
    struct own_group own;
};

static int enter_and_exhaust(void *argument)
{
    const struct group *group = argument;
    const long entered = enter_group(group->own.path);
    report("enter", entered);
    return entered < 0 ? 1 : group->kind->exhaust(0);
}

static bool apply_settings(const struct group *group)
{
    for (size_t index = 0; index < 3 && group->kind->settings[index].file != 0; index++) {
        const struct setting *setting = &group->kind->settings[index];
        const long written = write_group_file(group->own.path, setting->file, setting->value);
        report_text(setting->optional ? "limit-optional" : "limit", written, setting->file);
        if (written < 0 && !setting->optional)
            return false;
    }
    return true;
}

static void report_events(const struct group *group)
{
    char text[4096];
    const long read = read_group_file(group->own.path, group->kind->events, text, sizeof text);
    const long long number = read < 0 ? read : number_after(text, group->kind->counter);
    report_text("events", read >= 0 && number < 0 ? -ENODATA : number, group->kind->events);
}

static bool was_throttled(const struct group *group)
{
    char text[4096];
    return read_group_file(group->own.path, group->kind->events, text, sizeof text) > 0 &&
           number_after(text, group->kind->counter) > 0;
}

/* Whoever spins is stopped once it was throttled: soon, and later where others leave it little of the processors. */
static struct ending watch_spinning(struct group *group)
{
    const long process = fork_child();
    if (process == 0)
        leave(enter_and_exhaust(group));
    if (process < 0)
        return (struct ending){.error = -process, .signal = 0, .status = 0};
    for (long waited = 0; waited < spin_microseconds / 1000; waited += watch_milliseconds) {
        int status = 0;
        if (kernel_call(__NR_wait4, process, &status, WNOHANG, 0) == process)
            return (struct ending){.error = 0, .signal = status & 0x7f, .status = (status >> 8) & 0xff};
        if (was_throttled(group))
            break;
        sleep_milliseconds(watch_milliseconds);
    }
    kernel_call(__NR_kill, process, SIGKILL);
    wait_for(process);
    return (struct ending){.error = 0, .signal = 0, .status = 0};
}

static void exhaust_group(struct group *group)
{
    if (!apply_settings(group))
        return;
    const struct ending ending =
        group->kind->exhaust == spin ? watch_spinning(group) : run_child(enter_and_exhaust, group, 4000);
    report_both("ended", ending.error, ending.signal, 0);
    report_events(group);
}

static void try_kind(const struct kind *kind, const char *directory)
{
    struct group group = {.kind = kind};
    if (make_own_group(&group.own, directory))
        exhaust_group(&group);
    remove_own_group(&group.own);
}

void probe_control_group(int count, char **arguments)
{
    if (count < 3 || count > 4) {
        report("arguments", -EINVAL);
        return;
    }
    for (size_t index = 0; index < sizeof kinds / sizeof *kinds; index++)
        if (strcmp(kinds[index].name, arguments[0]) == 0 && strcmp(kinds[index].version, arguments[1]) == 0) {
            try_kind(&kinds[index], arguments[2]);
            return;
        }
    if (!try_group_act(arguments[0], arguments[1], arguments[2], count == 4 ? arguments[3] : ""))
        report("arguments", -EINVAL);
}
