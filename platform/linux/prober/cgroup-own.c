/*
 * A control group of the prober's own. What already exists is never written to: not the directory's limits, not its
 * processes, not its cgroup.subtree_control.
 */
#include "cgroup-own.h"

#include <asm/signal.h>
#include <linux/fcntl.h>

void group_file(char *path, const char *group, const char *file)
{
    if (!join_path(path, group_path_capacity, group, file))
        path[0] = '\0';
}

long write_group_file(const char *group, const char *file, const char *text)
{
    char path[group_path_capacity];
    group_file(path, group, file);
    return write_file(path, text);
}

long read_group_file(const char *group, const char *file, char *text, size_t capacity)
{
    char path[group_path_capacity];
    group_file(path, group, file);
    return read_file(path, text, capacity);
}

/* "0" stands for the writer (cgroups(7)). */
long enter_group(const char *group)
{
    return write_group_file(group, "cgroup.procs", "0");
}

long count_members(const char *group)
{
    char text[4096];
    const long result = read_group_file(group, "cgroup.procs", text, sizeof text);
    long count = 0;
    for (const char *at = text; result > 0 && *at != '\0'; at++)
        count += *at == '\n';
    return result < 0 ? result : count;
}

void kill_members(const char *group)
{
    char path[group_path_capacity];
    char text[4096];
    group_file(path, group, "cgroup.procs");
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

/* What is frozen in version 1 does not even die. */
static void thaw_group(const char *group)
{
    write_group_file(group, "freezer.state", "THAWED");
    write_group_file(group, "cgroup.freeze", "0");
}

static long remove_group(const char *group)
{
    char below[group_path_capacity];
    long result = -EBUSY;
    group_file(below, group, group_below);
    for (int attempt = 0; attempt < 200 && result == -EBUSY; attempt++) {
        if (attempt > 0)
            sleep_milliseconds(5);
        thaw_group(group);
        kill_members(below);
        kernel_call(__NR_unlinkat, AT_FDCWD, below, AT_REMOVEDIR);
        /* A forked sleeper may outlive its parent by a moment. */
        kill_members(group);
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
    int ends[2] = {-1, -1}, ready[2] = {-1, -1};
    char byte;
    long piped = kernel_call(__NR_pipe2, ends, O_CLOEXEC);
    if (piped == 0)
        piped = kernel_call(__NR_pipe2, ready, O_CLOEXEC);
    if (piped < 0)
        return piped;
    const long caretaker = kernel_call(__NR_clone, SIGCHLD, 0, 0, 0, 0);
    if (caretaker == 0) {
        kernel_call(__NR_setsid);
        kernel_call(__NR_close, ready[0]);
        kernel_call(__NR_close, ready[1]);
        kernel_call(__NR_close, ends[1]);
        /* The reader of our steps must see their end when the prober dies, not when the caretaker does. */
        for (long descriptor = 0; descriptor <= 2; descriptor++)
            kernel_call(__NR_close, descriptor);
        while (kernel_call(__NR_read, ends[0], &byte, 1) == -EINTR)
            ;
        leave((int)-remove_group(group));
    }
    kernel_call(__NR_close, ends[0]);
    kernel_call(__NR_close, ready[1]);
    /* No group before the caretaker is out of reach: a deadline that fell in between would end it with us. */
    while (kernel_call(__NR_read, ready[0], &byte, 1) == -EINTR)
        ;
    kernel_call(__NR_close, ready[0]);
    *hold = ends[1];
    return caretaker;
}

bool make_own_group(struct own_group *group, const char *directory)
{
    char name[64] = "cupel-probe-";
    *group = (struct own_group){.caretaker = -1, .hold = -1, .made = false};
    format_number(name + strlen(name), kernel_call(__NR_getpid));
    if (!join_path(group->path, sizeof group->path, directory, name)) {
        report("create", -ENAMETOOLONG);
        return false;
    }
    group->caretaker = start_caretaker(group->path, &group->hold);
    const long created =
        group->caretaker < 0 ? group->caretaker : kernel_call(__NR_mkdirat, AT_FDCWD, group->path, 0755);
    report_text("create", created, group->path);
    group->made = created == 0;
    return group->made;
}

void remove_own_group(struct own_group *group)
{
    if (group->caretaker < 0)
        return;
    kernel_call(__NR_close, group->hold);
    const struct ending ending = wait_for(group->caretaker);
    if (group->made)
        report_both("remove", ending.status, ending.signal, 0);
}
