/*
 * What a control group is good for beyond limits: `cgroup freeze|kill|oom-group|swap|io-read|io-write|cpuset|
 * delegation|pressure|cpu-time v1|v2 DIRECTORY [ARGUMENT]`. cgroup-v2.rst, and
 * cgroup-v1/{freezer-subsystem,cpusets,memory}.rst.
 */
#include "cgroup-own.h"

#include <asm/poll.h>
#include <asm/signal.h>
#include <linux/fcntl.h>
#include <linux/mman.h>
#include <linux/sched.h>
#include <linux/time_types.h>

enum { page = 4096, patience_milliseconds = 1000, watch_milliseconds = 10, sleep_for_milliseconds = 10000 };
enum { memory_touched = 64 << 20, cpu_words = 16, word_bits = 64 };

static bool file_says(const char *group, const char *file, const char *key, long long value)
{
    char text[512];
    return read_group_file(group, file, text, sizeof text) > 0 && number_after(text, key) == value;
}

static bool file_starts(const char *group, const char *file, const char *start)
{
    char text[512];
    return read_group_file(group, file, text, sizeof text) > 0 && starts_with(text, start);
}

/* --- freezing --- */

struct counting {
    const struct own_group *group;
    volatile long *count;
};

static int count_up(void *argument)
{
    const struct counting *counting = argument;
    kernel_call(__NR_close, counting->group->hold);
    const long entered = enter_group(counting->group->path);
    report("enter", entered);
    for (long left = sleep_for_milliseconds; entered == 0 && left > 0; left--) {
        ++*counting->count;
        sleep_milliseconds(1);
    }
    return 0;
}

static bool is_counting(volatile const long *count)
{
    const long before = *count;
    for (long waited = 0; waited < patience_milliseconds && *count == before; waited++)
        sleep_milliseconds(1);
    return *count != before;
}

static long wait_until_frozen(const char *group, bool unified)
{
    for (long waited = 0; waited < patience_milliseconds; waited++) {
        if (unified ? file_says(group, "cgroup.events", "frozen", 1) : file_starts(group, "freezer.state", "FROZEN"))
            return 0;
        sleep_milliseconds(1);
    }
    return -ETIMEDOUT;
}

static void watch_frozen(const struct counting *counting, bool unified)
{
    const char *file = unified ? "cgroup.freeze" : "freezer.state";
    const char *group = counting->group->path;
    report("runs-before", is_counting(counting->count) ? 0 : -EIO);
    const long written = write_group_file(group, file, unified ? "1" : "FROZEN");
    report_text("freeze", written, file);
    if (written < 0)
        return;
    report("frozen", wait_until_frozen(group, unified));
    const long before = *counting->count;
    sleep_milliseconds(watch_milliseconds);
    report("stands-still", *counting->count == before ? 0 : -EIO);
    report("thaw", write_group_file(group, file, unified ? "0" : "THAWED"));
    report("runs-after", is_counting(counting->count) ? 0 : -EIO);
}

static void freeze(const struct own_group *group, bool unified, const char *unused)
{
    (void)unused;
    const long memory = kernel_call(__NR_mmap, 0, page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory < 0 && memory > -page) {
        report("enter", memory);
        return;
    }
    struct counting counting = {.group = group, .count = (volatile long *)memory};
    const long process = fork_child();
    if (process == 0)
        leave(count_up(&counting));
    /* Nobody is frozen before it is in the group. */
    for (long waited = 0; waited < patience_milliseconds && *counting.count == 0; waited++)
        sleep_milliseconds(1);
    if (*counting.count > 0)
        watch_frozen(&counting, unified);
    kernel_call(__NR_kill, process, SIGKILL);
    wait_for(process);
}

/* --- ending all --- */

/* Two processes in sessions of their own, which a signal to a process group would not reach; both hold the pipe. */
static void stay(const struct own_group *group, int until)
{
    kernel_call(__NR_close, group->hold);
    kernel_call(__NR_close, until);
    report("enter", enter_group(group->path));
    const long second = fork_child();
    kernel_call(__NR_setsid);
    sleep_milliseconds(sleep_for_milliseconds);
    if (second > 0)
        wait_for(second);
    leave(0);
}

static long wait_for_members(const char *group, long wanted)
{
    long members = 0;
    for (long waited = 0; waited < patience_milliseconds && members >= 0; waited++) {
        members = count_members(group);
        if (members == wanted)
            break;
        sleep_milliseconds(1);
    }
    return members;
}

/* The other end of the pipe is closed when the last process that holds it is gone. */
static long wait_for_end(int pipe)
{
    struct {
        int descriptor;
        short events, happened;
    } waiting = {pipe, POLLIN, 0};
    const struct __kernel_timespec patience = {patience_milliseconds / 1000, 0};
    const long ready = kernel_call(__NR_ppoll, &waiting, 1, &patience, 0, 0);
    return ready == 1 ? 0 : ready < 0 ? ready : -ETIMEDOUT;
}

static void kill_each(const char *group)
{
    const long frozen = write_group_file(group, "freezer.state", "FROZEN");
    report_text("kill", frozen < 0 ? frozen : wait_until_frozen(group, false), "freezer.state");
    kill_members(group);
    report("thaw", write_group_file(group, "freezer.state", "THAWED"));
}

/* Linux 5.14 has cgroup.kill; version 1 has its freezer, so that nobody forks while the list is gone through. */
static void kill_all(const struct own_group *group, bool unified, const char *unused)
{
    int ends[2];
    (void)unused;
    if (kernel_call(__NR_pipe2, ends, O_CLOEXEC) < 0)
        return;
    const long process = fork_child();
    if (process == 0)
        stay(group, ends[0]);
    kernel_call(__NR_close, ends[1]);
    const long members = wait_for_members(group->path, 2);
    report("members", members);
    if (members == 2 && unified)
        report_text("kill", write_group_file(group->path, "cgroup.kill", "1"), "cgroup.kill");
    else if (members == 2)
        kill_each(group->path);
    if (members == 2)
        report("all-ended", wait_for_end(ends[0]));
    kernel_call(__NR_kill, process, SIGKILL);
    const struct ending ending = wait_for(process);
    report_both("ended", ending.error, ending.signal, 0);
    kernel_call(__NR_close, ends[0]);
}

/* --- memory --- */

static void touch_too_much(const struct own_group *group, int until)
{
    kernel_call(__NR_close, until);
    report("enter", enter_group(group->path));
    const long bystander = fork_child();
    if (bystander == 0) {
        kernel_call(__NR_close, group->hold);
        sleep_milliseconds(sleep_for_milliseconds);
        leave(0);
    }
    const long memory =
        kernel_call(__NR_mmap, 0, memory_touched, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (long at = 0; memory > 0 && at < memory_touched; at += page)
        *(volatile char *)(memory + at) = 1;
    leave(0);
}

/* memory.oom.group: who goes over the limit takes everyone of the group along. */
static void kill_bystander(const struct own_group *group, bool unified, const char *unused)
{
    char text[512];
    int ends[2];
    (void)unused;
    (void)unified;
    report("limit", write_group_file(group->path, "memory.max", "16777216"));
    write_group_file(group->path, "memory.swap.max", "0");
    const long written = write_group_file(group->path, "memory.oom.group", "1");
    report_text("oom-group", written, "memory.oom.group");
    if (written < 0 || kernel_call(__NR_pipe2, ends, O_CLOEXEC) < 0)
        return;
    const long process = fork_child();
    if (process == 0)
        touch_too_much(group, ends[0]);
    kernel_call(__NR_close, ends[1]);
    report("all-ended", wait_for_end(ends[0]));
    kernel_call(__NR_kill, process, SIGKILL);
    const struct ending ending = wait_for(process);
    report_both("ended", ending.error, ending.signal, 0);
    if (read_group_file(group->path, "memory.events", text, sizeof text) > 0)
        report("events", number_after(text, "oom_group_kill"));
    kernel_call(__NR_close, ends[0]);
}

/* Version 1 limits memory and swap together, and only above the limit on memory. */
static void limit_swap(const struct own_group *group, bool unified, const char *unused)
{
    (void)unused;
    const char *file = unified ? "memory.swap.max" : "memory.memsw.limit_in_bytes";
    const char *value = unified ? "0" : "16777216";
    if (!unified)
        report("limit-memory", write_group_file(group->path, "memory.limit_in_bytes", value));
    report_text("limit", write_group_file(group->path, file, value), file);
    report("limit-kept", file_starts(group->path, file, value) ? 0 : -EIO);
}

/* --- processors --- */

struct processors {
    const struct own_group *group;
    unsigned long mask[cpu_words];
    long count;
    long first, last;
};

static void read_processors(struct processors *processors)
{
    memset(processors->mask, 0, sizeof processors->mask);
    processors->count = 0;
    processors->first = -1;
    processors->last = -1;
    kernel_call(__NR_sched_getaffinity, 0, sizeof processors->mask, processors->mask);
    for (long cpu = 0; cpu < cpu_words * word_bits; cpu++) {
        if ((processors->mask[cpu / word_bits] >> (cpu % word_bits) & 1) == 0)
            continue;
        if (processors->first < 0)
            processors->first = cpu;
        processors->last = cpu;
        processors->count++;
    }
}

static int run_on_one(void *argument)
{
    const struct processors *before = argument;
    struct processors after = {.group = before->group};
    unsigned long other[cpu_words] = {0};
    const long entered = enter_group(before->group->path);
    report("enter", entered);
    if (entered < 0)
        return 0;
    read_processors(&after);
    report("one-left", after.count == 1 && after.first == before->last ? 0 : -EIO);
    other[before->first / word_bits] = 1UL << (before->first % word_bits);
    const long moved = kernel_call(__NR_sched_setaffinity, 0, sizeof other, other);
    if (before->count > 1)
        report("other-denied", moved < 0 ? moved : 0);
    return 0;
}

/* Version 1 takes no process before the memory nodes are written, too: those of the directory. */
static void limit_processors(const struct own_group *group, bool unified, const char *nodes)
{
    struct processors before = {.group = group};
    char number[24];
    read_processors(&before);
    report("processors", before.count);
    format_number(number, before.last < 0 ? 0 : before.last);
    const long written = write_group_file(group->path, "cpuset.cpus", number);
    report_text("limit", written, "cpuset.cpus");
    if (!unified)
        report("memory-nodes", write_group_file(group->path, "cpuset.mems", nodes));
    if (written == 0)
        report_child("processors", run_on_one, &before, patience_milliseconds);
}

/* --- delegation --- */

static int look_where_i_am(void)
{
    char text[4096];
    const size_t tail = sizeof "/" group_below - 1;
    const long length = read_file("/proc/self/cgroup", text, sizeof text);
    bool is_below = false;
    for (long at = 0; at + (long)tail <= length; at++)
        is_below = is_below || starts_with(text + at, "/" group_below "\n");
    report("inside", length < 0 ? length : is_below ? 0 : -EIO);
    return 0;
}

/* CLONE_INTO_CGROUP (clone3(2), Linux 5.7): a child that is in the group from its first instruction on. */
static void start_inside(const char *path)
{
    const long directory = open_path(path, O_RDONLY | O_DIRECTORY);
    const struct clone_args arguments = {
        .flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = (uint64_t)directory};
    const long process = directory < 0 ? directory : kernel_call(__NR_clone3, &arguments, sizeof arguments);
    if (process == 0)
        leave(look_where_i_am());
    report("clone-into", process < 0 ? process : 0);
    if (process > 0)
        wait_for(process);
    kernel_call(__NR_close, directory);
}

static int enter_below(void *argument)
{
    const long entered = enter_group(argument);
    report("enter", entered);
    return 0;
}

/* The group is fresh and holds no process: only such a one may hand controllers down. */
static void delegate(const struct own_group *group, bool unified, const char *controller)
{
    char text[512];
    char below[group_path_capacity];
    (void)unified;
    const long read = read_group_file(group->path, "cgroup.controllers", text, sizeof text);
    report_text("controllers", read < 0 ? read : 0, text);
    if (controller[0] != '\0') {
        text[0] = '+';
        copy_text(text + 1, sizeof text - 1, controller);
        report_text("hand-down", write_group_file(group->path, "cgroup.subtree_control", text), controller);
    }
    group_file(below, group->path, group_below);
    const long made = kernel_call(__NR_mkdirat, AT_FDCWD, below, 0755);
    report("create-below", made);
    if (made < 0)
        return;
    report_child("enter", enter_below, below, patience_milliseconds);
    start_inside(below);
}

/* --- counting --- */

enum { burnt_milliseconds = 20, usage_unit_of_version_2 = 1000, usage_unit_of_version_1 = 1000000 };

static long long read_usage_milliseconds(const char *group, bool unified)
{
    char text[512];
    if (read_group_file(group, unified ? "cpu.stat" : "cpuacct.usage", text, sizeof text) <= 0)
        return -1;
    return unified ? number_after(text, "usage_usec") / usage_unit_of_version_2
                   : parse_number(text) / usage_unit_of_version_1;
}

static long long own_milliseconds(void)
{
    struct __kernel_timespec time = {0};
    kernel_call(__NR_clock_gettime, 2 /* CLOCK_PROCESS_CPUTIME_ID */, &time);
    return (long long)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static int burn(void *argument)
{
    const long entered = enter_group(argument);
    report("enter", entered);
    const long long start = own_milliseconds();
    while (entered == 0 && own_milliseconds() - start < burnt_milliseconds)
        continue;
    return 0;
}

/* Version 1 has a controller for it, in version 2 every group counts. */
static void count_cpu_time(const struct own_group *group, bool unified, const char *unused)
{
    char path[group_path_capacity];
    (void)unused;
    copy_text(path, sizeof path, group->path);
    report_child("burn", burn, path, patience_milliseconds);
    const long long used = read_usage_milliseconds(group->path, unified);
    report_both("usage", used < 0 ? -ENOENT : 0, used < 0 ? 0 : used, 0);
}

static void read_pressure(const struct own_group *group, bool unified, const char *unused)
{
    char text[512];
    (void)unified;
    (void)unused;
    const long read = read_group_file(group->path, "memory.pressure", text, sizeof text);
    report_text("pressure", read < 0 ? read : 0, read < 0 ? "" : text);
}

static const struct {
    const char *name;
    void (*act)(const struct own_group *group, bool unified, const char *argument);
} acts[] = {
    {"freeze", freeze},          {"kill", kill_all},           {"oom-group", kill_bystander}, {"swap", limit_swap},
    {"io-read", limit_reading},  {"io-write", limit_writing},  {"cpuset", limit_processors},  {"delegation", delegate},
    {"pressure", read_pressure}, {"cpu-time", count_cpu_time},
};

bool try_group_act(const char *name, const char *version, const char *directory, const char *argument)
{
    const bool unified = strcmp(version, "v2") == 0;
    if (!unified && strcmp(version, "v1") != 0)
        return false;
    for (size_t index = 0; index < sizeof acts / sizeof *acts; index++) {
        if (strcmp(acts[index].name, name) != 0)
            continue;
        struct own_group group;
        if (make_own_group(&group, directory))
            acts[index].act(&group, unified, argument);
        remove_own_group(&group);
        return true;
    }
    return false;
}
