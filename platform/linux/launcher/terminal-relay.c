/*
 * Between the caller's terminal and the job's: one process for each direction, outside of the sandbox, so that a slow
 * reader holds up neither the keyboard nor the deadline. Only they and the launcher hold the master. What the job
 * writes passes as it is: an escape sequence in it commands the caller's terminal, as in any program's output.
 */
#include "launcher.h"

#include <asm/ioctls.h>
#include <linux/fcntl.h>
#include <linux/poll.h>
#include <linux/prctl.h>

enum { signal_kill = 9, signal_continue = 18, signal_stop = 19, output_bytes = 65536 };

/* Keeps these and nothing else, as 0, 1, 2 and so on; first out of the way, since they may lie on those numbers. */
void keep_descriptors(int *kept, int count)
{
    for (int index = 0; index < count; index++)
        kept[index] = (int)kernel_call(__NR_fcntl, kept[index], F_DUPFD, count);
    for (int index = 0; index < count; index++)
        kernel_call(__NR_dup3, kept[index], index, 0);
    kernel_call(__NR_close_range, count, descriptors_end, 0);
}

/* Passes on all that is there; what cannot be passed on is still read, so that the job does not wait for its reader. */
static void drain(int from, int to, struct streams *streams, long *error)
{
    static unsigned char bytes[output_bytes];
    for (;;) {
        const long count = kernel_call(__NR_read, from, bytes, sizeof bytes);
        if (count == -EINTR)
            continue;
        /* EAGAIN is said only after all that was written has come through: n_tty_read() sees to it. */
        if (count <= 0)
            return;
        const long passed = pass_on(streams, terminal_output, *error == 0 ? to : -1, bytes, count);
        if (passed < 0)
            *error = -passed;
    }
}

/* From the job's terminal to the caller's, until the job is over and nothing is left. */
__attribute__((noreturn)) static void relay_output(int from, int to, int life, struct streams *streams)
{
    long error = 0;
    for (;;) {
        struct pollfd watched[2] = {{.fd = from, .events = POLLIN}, {.fd = life, .events = POLLIN}};
        kernel_call(__NR_ppoll, watched, 2, NULL, NULL, 0);
        drain(from, to, streams, &error);
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
        /* The slave too: without any, while a job has closed its own, poll(2) would not wait but say: hung up. */
        int kept[] = {terminal->master, to, terminal->life[0], terminal->slave, streams->excess};
        const int count = streams->excess < 0 ? 4 : 5;
        keep_descriptors(kept, count);
        streams->excess = count == 5 ? 4 : -1;
        relay_output(0, 1, 2, streams);
    }
    streams->relay_pids[terminal_output] = pid > 0 ? pid : 0;
    if (pid < 0)
        streams->lost[terminal_output] = (int)-pid;
}

/*
 * To cupel where that looks through it first. Else standard output or error where it is the terminal; otherwise the one
 * that is typed on, opened for writing.
 */
static long open_output(const struct streams *streams)
{
    if (streams->terminal.output >= 0)
        return kernel_call(__NR_fcntl, streams->terminal.output, F_DUPFD_CLOEXEC, 10);
    for (int index = 1; index < 3; index++)
        if (streams->is_terminal[index])
            return kernel_call(__NR_fcntl, streams->caller[index], F_DUPFD_CLOEXEC, 10);
    const long flags = kernel_call(__NR_fcntl, streams->terminal.caller, F_GETFL, 0);
    if ((flags & O_ACCMODE) == O_RDWR)
        return kernel_call(__NR_fcntl, streams->terminal.caller, F_DUPFD_CLOEXEC, 10);
    return kernel_call(__NR_openat, AT_FDCWD, "/dev/tty", O_WRONLY | O_NOCTTY | O_CLOEXEC, 0);
}

static long start_terminal_relays(struct streams *streams)
{
    struct terminal *terminal = &streams->terminal;
    const long output = open_output(streams);
    if (output < 0)
        return output;
    const long result = kernel_call(__NR_pipe2, terminal->life, O_CLOEXEC);
    if (result < 0)
        return result;
    /* Before the first byte of output: what it ends its lines with must not be changed once more. */
    if (is_foreground(terminal->caller))
        kernel_call(__NR_ioctl, terminal->caller, TCSETS, &terminal->raw);
    start_output(streams, (int)output);
    close_descriptor((int)output);
    start_terminal_input(streams);
    return 0;
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
        result = start_terminal_relays(streams);
    close_descriptor(terminal->slave);
    if (result >= 0)
        return;
    /* Without a master the job's terminal has hung up, which ends the job. */
    close_descriptor(terminal->master);
    streams->lost[terminal_output] = (int)-result;
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
        start_terminal_input(streams);
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
