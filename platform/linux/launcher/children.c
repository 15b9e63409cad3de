/* The processes that this one started, and those that have come to it (PR_SET_CHILD_SUBREAPER): ended by name. */
#include "launcher.h"

#include <linux/fcntl.h>
#include <linux/time_types.h>

enum { signal_kill = 9, wait_no_hang = 1, rounds_max = 2000 };

/* The list of one reading: what comes to be there behind it, the next one has. */
struct children {
    long pids[512];
    size_t count;
};

static void read_children(struct children *children)
{
    char text[4096];
    children->count = 0;
    const long file = kernel_call(__NR_openat, AT_FDCWD, "/proc/thread-self/children", O_RDONLY | O_CLOEXEC, 0);
    const long length = file < 0 ? file : kernel_call(__NR_read, file, text, sizeof text);
    close_descriptor((int)file);
    long pid = 0;
    for (long index = 0; index < length; index++) {
        if (text[index] >= '0' && text[index] <= '9') {
            pid = pid * 10 + (text[index] - '0');
        } else if (pid > 0 && children->count < sizeof children->pids / sizeof *children->pids) {
            children->pids[children->count++] = pid;
            pid = 0;
        }
    }
}

static void pause_a_moment(void)
{
    const struct __kernel_timespec nap = {.tv_sec = 0, .tv_nsec = 1000000};
    kernel_call(__NR_nanosleep, &nap, NULL);
}

/* False when there is none. */
static bool kill_children(void)
{
    struct children children;
    long reaped;
    read_children(&children);
    for (size_t index = 0; index < children.count; index++)
        kernel_call(__NR_kill, children.pids[index], signal_kill);
    do
        reaped = kernel_call(__NR_wait4, -1, NULL, wait_no_hang, NULL);
    while (reaped > 0 || reaped == -EINTR);
    return reaped != -ECHILD;
}

/* With what they left behind, which comes to this process. Bounded; false where some are left. */
bool end_children(void)
{
    for (int round = 0; round < rounds_max; round++) {
        if (!kill_children())
            return true;
        pause_a_moment();
    }
    return false;
}

static bool is_among(long pid, const long *pids, size_t count)
{
    for (size_t index = 0; index < count; index++)
        if (pids[index] == pid)
            return true;
    return false;
}

/* The same of all but those that are this process's own, which go on. */
void end_other_children(const long *own, size_t count)
{
    for (int round = 0; round < rounds_max; round++) {
        struct children children;
        bool is_alone = true;
        read_children(&children);
        for (size_t index = 0; index < children.count; index++) {
            if (is_among(children.pids[index], own, count))
                continue;
            is_alone = false;
            kernel_call(__NR_kill, children.pids[index], signal_kill);
            kernel_call(__NR_wait4, children.pids[index], NULL, wait_no_hang, NULL);
        }
        if (is_alone)
            return;
        pause_a_moment();
    }
}

/* As a shell tells of a child (wait4(2)). */
__attribute__((noreturn)) void leave_as(int status)
{
    const int signal = status & 0x7f;
    leave(signal != 0 ? 128 + signal : (status >> 8) & 0xff);
}
