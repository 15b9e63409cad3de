/*
 * Between the caller's terminal and the job's: one process for each direction, outside of the sandbox, so that a slow
 * reader holds up neither the keyboard nor the deadline. Only they and the launcher hold the master.
 *
 * The caller's terminal is raw while the job has it. It is put back on every way out: by the launcher, when the job is
 * over or cupel is gone or stopped; by the process that reads the keyboard, when the launcher itself is killed.
 */
#include "launcher.h"

#include <asm/ioctls.h>
#include <linux/fcntl.h>
#include <linux/poll.h>
#include <linux/prctl.h>
#include <linux/time_types.h>

enum {
    signal_kill = 9,
    signal_continue = 18,
    signal_stop = 19,
    signal_resized = 28 /* SIGWINCH */,
    input_queue = 0 /* TCIFLUSH */,
    output_bytes = 65536,
    input_bytes = 4096
};

/* Where job control does not apply (ENOTTY: another session's terminal) there is no background either. */
static bool is_foreground(int terminal)
{
    int group = 0;
    if (kernel_call(__NR_ioctl, terminal, TIOCGPGRP, &group) < 0)
        return true;
    return group == kernel_call(__NR_getpgid, 0);
}

/* Raw as we made it, be it with the keys that signal (see end_terminal()). */
static bool is_raw(const struct terminal *terminal, const struct termios *settings)
{
    return settings->c_iflag == terminal->raw.c_iflag && settings->c_oflag == terminal->raw.c_oflag &&
           (settings->c_lflag & ~(tcflag_t)ISIG) == terminal->raw.c_lflag;
}

/*
 * In the background, other settings than ours are those of whoever is in the foreground now: a shell that has taken its
 * terminal back. What was typed to the job and not read by it is thrown away: it was not meant for that shell.
 */
static void restore_callers_terminal(const struct terminal *terminal)
{
    struct termios now;
    if (kernel_call(__NR_ioctl, terminal->caller, TCGETS, &now) < 0)
        return;
    const bool is_ours = is_raw(terminal, &now);
    if (!is_ours && !is_foreground(terminal->caller))
        return;
    if (is_ours)
        kernel_call(__NR_ioctl, terminal->caller, TCFLSH, input_queue);
    /* SIGTTOU is blocked, so this works from the background too (tcsetattr(3)). */
    kernel_call(__NR_ioctl, terminal->caller, TCSETS, &terminal->settings);
}

static void copy_size(int from, int to)
{
    struct winsize size;
    if (kernel_call(__NR_ioctl, from, TIOCGWINSZ, &size) >= 0)
        kernel_call(__NR_ioctl, to, TIOCSWINSZ, &size);
}

/* Keeps these and nothing else, as 0, 1, 2 and so on; first out of the way, since they may lie on those numbers. */
static void keep_descriptors(int *kept, int count)
{
    for (int index = 0; index < count; index++)
        kept[index] = (int)kernel_call(__NR_fcntl, kept[index], F_DUPFD, 10);
    for (int index = 0; index < count; index++)
        kernel_call(__NR_dup3, kept[index], index, 0);
    kernel_call(__NR_close_range, count, ~0u, 0);
}

struct input {
    struct terminal terminal;
    int signals;
    /* The caller's terminal is raw and ours to read. */
    bool is_entered;
    /* It will give no more. */
    bool is_over;
    unsigned char bytes[input_bytes];
    long length, done;
};

static void enter(struct input *input)
{
    const int caller = input->terminal.caller;
    if (input->is_entered || !is_foreground(caller))
        return;
    kernel_call(__NR_ioctl, caller, TCSETS, &input->terminal.raw);
    copy_size(caller, input->terminal.master);
    input->is_entered = true;
}

static void take_input(struct input *input)
{
    const int caller = input->terminal.caller;
    const long count = kernel_call(__NR_read, caller, input->bytes, sizeof input->bytes);
    input->done = 0;
    input->length = count > 0 ? count : 0;
    if (count > 0 || count == -EINTR || count == -EAGAIN)
        return;
    /* EIO: in the background, where a read would be answered by SIGTTIN if that were not blocked (tty_ioctl(2)). */
    input->is_entered = false;
    if (count == -EIO && !is_foreground(caller))
        return;
    /* Hung up. The job sees the end of its input, as it would see that of a pipe. */
    input->is_over = true;
    input->bytes[0] = input->terminal.settings.c_cc[VEOF];
    input->length = 1;
}

static void give_input(struct input *input)
{
    const long count =
        kernel_call(__NR_write, input->terminal.master, input->bytes + input->done, input->length - input->done);
    if (count > 0)
        input->done += count;
    else if (count != -EAGAIN && count != -EINTR)
        input->done = input->length;
}

static void take_signals(struct input *input)
{
    /* struct signalfd_siginfo (signalfd(2)) begins with the number. */
    struct {
        uint32_t number;
        unsigned char rest[124];
    } notice;
    while (kernel_call(__NR_read, input->signals, &notice, sizeof notice) == (long)sizeof notice) {
        if (notice.number == signal_resized)
            copy_size(input->terminal.caller, input->terminal.master);
        /* Stopped and going on again: whoever had the terminal meanwhile may have left other settings. */
        if (notice.number == signal_continue)
            input->is_entered = false;
    }
}

__attribute__((noreturn)) static void relay_input(struct input *input)
{
    /* Until it is in the foreground (again), nobody tells. */
    const struct __kernel_timespec nap = {.tv_sec = 0, .tv_nsec = 50000000};
    for (;;) {
        if (!input->is_over)
            enter(input);
        const bool is_pending = input->done < input->length;
        struct pollfd watched[4] = {
            {.fd = input->terminal.life[0], .events = 0},
            {.fd = input->signals, .events = POLLIN},
            {.fd = is_pending || !input->is_entered ? -1 : input->terminal.caller, .events = POLLIN},
            {.fd = is_pending ? input->terminal.master : -1, .events = POLLOUT},
        };
        const bool waits = !input->is_entered && !input->is_over;
        kernel_call(__NR_ppoll, watched, 4, waits ? &nap : NULL, NULL, 0);
        if (watched[0].revents != 0) {
            restore_callers_terminal(&input->terminal);
            leave(0);
        }
        if (watched[1].revents != 0)
            take_signals(input);
        if (watched[3].revents != 0)
            give_input(input);
        if (watched[2].revents != 0)
            take_input(input);
    }
}

/* Has no PR_SET_PDEATHSIG: when the launcher is killed, there must be someone who puts the caller's terminal back. */
static void start_input(struct streams *streams)
{
    const long pid = fork_process();
    if (pid == 0) {
        static struct input input;
        input.terminal = streams->terminal;
        int kept[] = {input.terminal.caller, input.terminal.master, input.terminal.life[0]};
        keep_descriptors(kept, 3);
        input.terminal.caller = 0;
        input.terminal.master = 1;
        input.terminal.life[0] = 2;
        const uint64_t signals = 1ULL << (signal_resized - 1) | 1ULL << (signal_continue - 1);
        input.signals = (int)kernel_call(__NR_signalfd4, -1, &signals, sizeof signals, O_CLOEXEC | O_NONBLOCK);
        relay_input(&input);
    }
    streams->relay_pids[0] = pid > 0 ? pid : 0;
    if (pid < 0)
        streams->lost[0] = (int)-pid;
}

/* Passes on all that is there; what cannot be passed on is still read, so that the job does not wait for its reader. */
static void drain(int from, int to, long *error)
{
    static unsigned char bytes[output_bytes];
    for (;;) {
        const long count = kernel_call(__NR_read, from, bytes, sizeof bytes);
        if (count == -EINTR)
            continue;
        /* EAGAIN is said only after all that was written has come through: n_tty_read() sees to it. */
        if (count <= 0)
            return;
        if (*error == 0)
            *error = -write_whole(to, bytes, count);
    }
}

/* From the job's terminal to the caller's, until the job is over and nothing is left. */
__attribute__((noreturn)) static void relay_output(int from, int to, int life)
{
    long error = 0;
    for (;;) {
        struct pollfd watched[2] = {{.fd = from, .events = POLLIN}, {.fd = life, .events = POLLIN}};
        kernel_call(__NR_ppoll, watched, 2, NULL, NULL, 0);
        drain(from, to, &error);
        if (watched[1].revents != 0)
            leave((int)error);
    }
}

static void start_output(struct streams *streams, int to)
{
    const struct terminal *terminal = &streams->terminal;
    const long launcher_pid = kernel_call(__NR_getpid);
    const long pid = fork_process();
    if (pid == 0) {
        kernel_call(__NR_prctl, PR_SET_PDEATHSIG, signal_kill, 0, 0, 0);
        if (kernel_call(__NR_getppid) != launcher_pid)
            leave(0);
        /* The other end too: while a job has closed all of its own, poll(2) would say at once, again and again: hung
         * up. */
        int kept[] = {terminal->master, to, terminal->life[0], terminal->slave};
        keep_descriptors(kept, 4);
        relay_output(0, 1, 2);
    }
    streams->relay_pids[terminal_output] = pid > 0 ? pid : 0;
    if (pid < 0)
        streams->lost[terminal_output] = (int)-pid;
}

/* Standard output or error where it is the terminal; otherwise the one that is typed on, opened for writing. */
static long open_output(const struct streams *streams)
{
    for (int index = 1; index < 3; index++)
        if (streams->is_terminal[index])
            return kernel_call(__NR_fcntl, streams->caller[index], F_DUPFD_CLOEXEC, 10);
    const long flags = kernel_call(__NR_fcntl, streams->terminal.caller, F_GETFL, 0);
    if ((flags & O_ACCMODE) == O_RDWR)
        return kernel_call(__NR_fcntl, streams->terminal.caller, F_DUPFD_CLOEXEC, 10);
    return kernel_call(__NR_openat, AT_FDCWD, "/dev/tty", O_WRONLY | O_NOCTTY | O_CLOEXEC, 0);
}

/* Not before the job runs: what was typed ahead is lost to the next try if the set-up fails. */
void start_terminal(struct streams *streams)
{
    struct terminal *terminal = &streams->terminal;
    if (!terminal->is_wanted)
        return;
    /*
     * Nor are its children then: a job with the caller's ids that sees their /proc entries (strategy `process`) must
     * not get at what they hold (proc(5), ptrace(2)). Not earlier: an id map is written through such an entry.
     */
    kernel_call(__NR_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0);
    long result = receive_terminal(terminal);
    if (result >= 0)
        result = kernel_call(__NR_pipe2, terminal->life, O_CLOEXEC);
    const long output = result < 0 ? result : open_output(streams);
    if (output < 0) {
        streams->lost[terminal_output] = (int)-output;
        return;
    }
    /* Before the first byte of output: what it ends its lines with must not be changed once more. */
    if (is_foreground(terminal->caller))
        kernel_call(__NR_ioctl, terminal->caller, TCSETS, &terminal->raw);
    start_output(streams, (int)output);
    close_descriptor((int)output);
    close_descriptor(terminal->slave);
    start_input(streams);
}

/* cupel is about to stop: the caller's terminal goes back to whoever takes over. */
void suspend_terminal(struct streams *streams)
{
    if (streams->terminal.life[1] < 0)
        return;
    kill_relay(streams, 0);
    restore_callers_terminal(&streams->terminal);
    if (streams->relay_pids[terminal_output] > 0)
        kernel_call(__NR_kill, streams->relay_pids[terminal_output], signal_stop);
}

/* cupel goes on, in the foreground or not; the keyboard's process waits until it is. */
void resume_terminal(struct streams *streams)
{
    if (streams->terminal.life[1] < 0)
        return;
    if (streams->relay_pids[terminal_output] > 0)
        kernel_call(__NR_kill, streams->relay_pids[terminal_output], signal_continue);
    if (streams->relay_pids[0] == 0 && !streams->terminal.is_over)
        start_input(streams);
}

/*
 * The job is over; its last output is still on its way, and has to meet a terminal that does not change it. But the
 * keys that signal do so again: Ctrl-C ends the wait for a slow reader. False where the job had no terminal.
 */
bool end_terminal(struct streams *streams)
{
    struct terminal *terminal = &streams->terminal;
    struct termios now;
    if (terminal->life[1] < 0)
        return false;
    terminal->is_over = true;
    if (kernel_call(__NR_ioctl, terminal->caller, TCGETS, &now) >= 0 && is_raw(terminal, &now)) {
        now.c_lflag |= ISIG;
        kernel_call(__NR_ioctl, terminal->caller, TCSETS, &now);
    }
    if (streams->relay_pids[terminal_output] > 0)
        kernel_call(__NR_kill, streams->relay_pids[terminal_output], signal_continue);
    /* Nobody reads it: its being there is the message. */
    kernel_call(__NR_write, terminal->life[1], "", 1);
    return true;
}

/* After the last output. */
void leave_terminal(struct streams *streams)
{
    suspend_terminal(streams);
    close_descriptor(streams->terminal.life[1]);
}
