/*
 * Runs somebody else's program so that nothing of it outlives its deadline: engines leave monitors, pause processes and
 * sandboxes behind in sessions of their own, where killing a process group does not reach them.
 */
#include "prober.h"

#include <asm/signal.h>
#include <linux/fcntl.h>
#include <linux/mount.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/time_types.h>
#include <linux/wait.h>

enum { slice_milliseconds = 50, burial_milliseconds = 2000 };

static const char control_groups[] = "/sys/fs/cgroup";

/*
 * In a mount namespace of its own, all control groups read-only: whatever the program does with them, it does nothing.
 * EROFS is what engines that are allowed to go without control groups go on after.
 */
static long cover_control_groups(void)
{
    const long unshared = kernel_call(__NR_unshare, CLONE_NEWNS);
    if (unshared < 0)
        return unshared;
    const long slave = kernel_call(__NR_mount, 0, "/", 0, MS_REC | MS_SLAVE, 0);
    if (slave < 0)
        return slave;
    const struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY};
    const long covered =
        kernel_call(__NR_mount_setattr, AT_FDCWD, control_groups, AT_RECURSIVE, &attributes, sizeof attributes);
    return covered == -ENOENT ? 0 : covered;
}

struct kept {
    long process;
    bool ended;
    int status;
};

/* Waits for children that have ended; false where none is left. */
static bool bury(struct kept *kept)
{
    for (;;) {
        int status = 0;
        const long process = kernel_call(__NR_wait4, -1, &status, WNOHANG, 0);
        if (process == -EINTR)
            continue;
        if (process <= 0)
            return process == 0;
        if (process == kept->process) {
            kept->ended = true;
            kept->status = status;
        }
    }
}

/* Kills the children of this process; as a subreaper it then gets theirs. */
static void kill_children(void)
{
    static char list[4096];
    char path[64] = "/proc/self/task/";
    format_number(path + strlen(path), kernel_call(__NR_getpid));
    copy_text(path + strlen(path), sizeof "/children", "/children");
    if (read_file(path, list, sizeof list) < 0)
        return;
    for (const char *at = list; *at >= '0' && *at <= '9';) {
        kernel_call(__NR_kill, parse_number(at), SIGKILL);
        while (*at >= '0' && *at <= '9')
            at++;
        while (*at == ' ')
            at++;
    }
}

static void end_all(struct kept *kept)
{
    const long long until = now_microseconds() + burial_milliseconds * 1000LL;
    if (!kept->ended)
        kernel_call(__NR_kill, kept->process, SIGKILL);
    while (bury(kept) && now_microseconds() < until) {
        kill_children();
        sleep_milliseconds(1);
    }
}

/* SIGCHLD is blocked by now: waits until there is one, or for a while. */
static void wait_for_child(long milliseconds)
{
    const unsigned long child_signal = 1UL << (SIGCHLD - 1);
    const struct __kernel_timespec time = {milliseconds / 1000, (milliseconds % 1000) * 1000000};
    kernel_call(__NR_rt_sigtimedwait, &child_signal, 0, &time, sizeof child_signal);
}

static void mask_child_signal(int how)
{
    const unsigned long child_signal = 1UL << (SIGCHLD - 1);
    kernel_call(__NR_rt_sigprocmask, how, &child_signal, 0, sizeof child_signal);
}

static void keep(char **words, long long milliseconds)
{
    mask_child_signal(SIG_BLOCK);
    struct kept kept = {.process = fork_child(), .ended = false, .status = 0};
    if (kept.process == 0) {
        mask_child_signal(SIG_UNBLOCK);
        report("exec", kernel_call(__NR_execve, words[0], words, own_environment));
        leave(child_vanished);
    }
    if (kept.process < 0) {
        report("fork", kept.process);
        return;
    }
    const long long until = now_microseconds() + milliseconds * 1000;
    while (!kept.ended && now_microseconds() < until) {
        wait_for_child(slice_milliseconds);
        bury(&kept);
    }
    const bool in_time = kept.ended;
    end_all(&kept);
    /* What the program wrote may not have ended with a line. */
    kernel_call(__NR_write, 1, "\n", 1);
    if (in_time && (kept.status & 0x7f) == 0)
        report("exited", kept.status >> 8 & 0xff);
    else
        report(in_time ? "killed" : "timeout", kept.status & 0x7f);
}

/* Arguments: a deadline in milliseconds; `cover-control-groups` or `as-it-is`; the program by its path, and its own. */
void probe_keep(int count, char **arguments)
{
    if (count < 3)
        return;
    kernel_call(__NR_prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    const bool covers = strcmp(arguments[1], "cover-control-groups") == 0;
    const long covered = covers ? cover_control_groups() : 0;
    if (covered < 0)
        report("cover-control-groups", covered);
    else
        keep(arguments + 2, parse_number(arguments[0]));
}
