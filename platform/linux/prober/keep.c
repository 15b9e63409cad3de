/*
 * Runs somebody else's program so that nothing of it outlives its deadline: engines leave monitors, pause processes and
 * sandboxes behind in sessions of their own, where killing a process group does not reach them.
 */
#include "prober.h"

#include <asm/signal.h>
#include <linux/fcntl.h>
#include <linux/mount.h>
#include <linux/poll.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/time_types.h>
#include <linux/wait.h>

enum { slice_milliseconds = 50, burial_milliseconds = 2000, most_output = 512 * 1024 };

static const char control_groups[] = "/sys/fs/cgroup";

static long enter_mount_namespace(void)
{
    const long unshared = kernel_call(__NR_unshare, CLONE_NEWNS);
    return unshared < 0 ? unshared : kernel_call(__NR_mount, 0, "/", 0, MS_REC | MS_SLAVE, 0);
}

/*
 * In a mount namespace of its own, all control groups read-only: whatever the program does with them, it does nothing.
 * EROFS is what engines that are allowed to go without control groups go on after.
 */
static long cover_control_groups(void)
{
    const long entered = enter_mount_namespace();
    if (entered < 0)
        return entered;
    const struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY};
    const long covered =
        kernel_call(__NR_mount_setattr, AT_FDCWD, control_groups, AT_RECURSIVE, &attributes, sizeof attributes);
    return covered == -ENOENT ? 0 : covered;
}

/* The same without any: crun looks at what is mounted there even where it is to make none, and refuses some of it. */
static long hide_control_groups(void)
{
    const long entered = enter_mount_namespace();
    return entered < 0 ? entered
                       : kernel_call(__NR_mount, "tmpfs", control_groups, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
                                     "mode=0755,size=4k");
}

static long arrange_control_groups(const char *manner)
{
    if (strcmp(manner, "cover-control-groups") == 0)
        return cover_control_groups();
    if (strcmp(manner, "hide-control-groups") == 0)
        return hide_control_groups();
    return strcmp(manner, "as-it-is") == 0 ? 0 : -EINVAL;
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

/* The program's two outputs. A pipe each of its own: what a program does to it, closing it for good, is not done to
 * ours. */
struct relay {
    struct pollfd pipes[2];
    long long left;
};

/* Takes what there is. Beyond what anyone reads of it, output is dropped: our own last lines must get through. */
static void pass_on(struct relay *relay)
{
    static char buffer[16384];
    for (int index = 0; index < 2; index++) {
        struct pollfd *pipe = &relay->pipes[index];
        if (pipe->fd < 0)
            continue;
        long length;
        while ((length = kernel_call(__NR_read, pipe->fd, buffer, sizeof buffer)) > 0) {
            const long wanted = length < relay->left ? length : (long)relay->left;
            relay->left -= wanted;
            for (long done = 0, count; done < wanted; done += count)
                if ((count = kernel_call(__NR_write, index + 1, buffer + done, wanted - done)) <= 0)
                    break;
            if (relay->left == 0)
                break;
        }
        if (length == 0)
            pipe->fd = -1;
    }
}

/* With SIGCHLD blocked, and unblocked while waiting, none is missed. */
static void wait_for_news(struct relay *relay, unsigned long *open_mask)
{
    const struct __kernel_timespec time = {0, slice_milliseconds * 1000000L};
    kernel_call(__NR_ppoll, relay->pipes, 2, &time, open_mask, sizeof *open_mask);
}

static bool open_relay(struct relay *relay, int *ends)
{
    for (int index = 0; index < 2; index++) {
        int pipe[2];
        if (kernel_call(__NR_pipe2, pipe, O_CLOEXEC) < 0)
            return false;
        kernel_call(__NR_fcntl, pipe[0], F_SETFL, O_NONBLOCK);
        relay->pipes[index] = (struct pollfd){.fd = pipe[0], .events = POLLIN, .revents = 0};
        ends[index] = pipe[1];
    }
    relay->left = most_output;
    return true;
}

/*
 * A pipe that nobody writes to. Called by root, engines make the caller's input the container's, and change whose it is
 * (runsc, crun): of /dev/null that would be the machine's own.
 */
static void give_no_input(void)
{
    int pipe[2];
    if (kernel_call(__NR_pipe2, pipe, O_CLOEXEC) >= 0)
        kernel_call(__NR_dup3, pipe[0], 0, 0);
    else
        kernel_call(__NR_close, 0);
}

/* What could not be executed says why on a pipe of its own, which an exec closes. */
static void execute(char **words, const int *ends, int trouble)
{
    give_no_input();
    for (int index = 0; index < 2; index++)
        kernel_call(__NR_dup3, ends[index], index + 1, 0);
    const unsigned long none = 0;
    kernel_call(__NR_rt_sigprocmask, SIG_SETMASK, &none, 0, sizeof none);
    const long error = kernel_call(__NR_execve, words[0], words, own_environment);
    kernel_call(__NR_write, trouble, &error, sizeof error);
    leave(child_vanished);
}

/* cupel may be gone by now: what its program started is buried all the same. */
static void ignore_broken_pipe(void)
{
    /* struct kernel_sigaction: the handler comes first, and SIG_IGN is 1. */
    static const unsigned long ignored[8] = {1};
    kernel_call(__NR_rt_sigaction, SIGPIPE, ignored, 0, sizeof(unsigned long));
}

static void keep(char **words, long long milliseconds)
{
    struct relay relay;
    int ends[2], trouble[2];
    unsigned long open_mask = 0;
    const unsigned long child_signal = 1UL << (SIGCHLD - 1);
    kernel_call(__NR_rt_sigprocmask, SIG_BLOCK, &child_signal, &open_mask, sizeof child_signal);
    const bool can_start = open_relay(&relay, ends) && kernel_call(__NR_pipe2, trouble, O_CLOEXEC | O_NONBLOCK) == 0;
    struct kept kept = {.process = can_start ? fork_child() : -EMFILE, .ended = false, .status = 0};
    if (kept.process == 0)
        execute(words, ends, trouble[1]);
    if (kept.process < 0) {
        report("fork", kept.process);
        return;
    }
    ignore_broken_pipe();
    for (int index = 0; index < 2; index++)
        kernel_call(__NR_close, ends[index]);
    const long long until = now_microseconds() + milliseconds * 1000;
    while (!kept.ended && now_microseconds() < until) {
        wait_for_news(&relay, &open_mask);
        pass_on(&relay);
        bury(&kept);
    }
    const bool in_time = kept.ended;
    end_all(&kept);
    pass_on(&relay);
    /* What the program wrote may not have ended with a line. */
    kernel_call(__NR_write, 1, "\n", 1);
    long error = 0;
    if (kernel_call(__NR_read, trouble[0], &error, sizeof error) == sizeof error)
        report("exec", error);
    else if (in_time && (kept.status & 0x7f) == 0)
        report("exited", kept.status >> 8 & 0xff);
    else
        report(in_time ? "killed" : "timeout", kept.status & 0x7f);
}

/* Arguments: a deadline in milliseconds; `cover-control-groups`, `hide-control-groups` or `as-it-is`; the program by
 * its path, and its own. */
void probe_keep(int count, char **arguments)
{
    if (count < 3)
        return;
    kernel_call(__NR_prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    const long arranged = arrange_control_groups(arguments[1]);
    if (arranged < 0)
        report(arguments[1], arranged);
    else
        keep(arguments + 2, parse_number(arguments[0]));
}
