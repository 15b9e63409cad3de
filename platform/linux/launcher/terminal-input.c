/*
 * From the caller's terminal to the job's. This process also is the one that puts the caller's terminal back when the
 * launcher is killed: so it has no PR_SET_PDEATHSIG, and ends with the launcher's end of a pipe.
 */
#include "launcher.h"

#include <asm/ioctls.h>
#include <linux/fcntl.h>
#include <linux/poll.h>
#include <linux/time_types.h>

enum { signal_continue = 18, signal_resized = 28 /* SIGWINCH */, input_bytes = 4096 };

static void copy_size(int from, int to)
{
    struct winsize size;
    if (kernel_call(__NR_ioctl, from, TIOCGWINSZ, &size) >= 0)
        kernel_call(__NR_ioctl, to, TIOCSWINSZ, &size);
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

void start_terminal_input(struct streams *streams)
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
