/*
 * A terminal for a program that reads what it is told from one: what comes on standard input is typed at it, and what
 * is shown there is read by nobody. The program is executed in this very process, so that who started it knows its
 * number; a child types, and ends when the terminal has no program any more.
 */
#include "victim.h"

#include <asm/poll.h>
#include <asm/signal.h>
#include <asm/termbits.h>
#include <linux/fcntl.h>
#include <linux/sched.h>

enum { not_found = 127, input_bytes = 4096, end_of_file = 4 /* ^D: VEOF, termios(3) */ };
enum { give_up_terminal = 0x5422 /* TIOCNOTTY */, take_terminal = 0x540e /* TIOCSCTTY */ };
enum { unlock_slave = 0x40045431 /* TIOCSPTLCK */, open_slave = 0x5441 /* TIOCGPTPEER */ };

struct typing {
    unsigned char bytes[input_bytes];
    size_t start, end;
    bool is_over;
};

/* The end of the input is typed as one, for the terminal that the program makes of this one for its own. */
static void read_input(struct typing *typing)
{
    const long count = kernel_call(__NR_read, 0, typing->bytes, sizeof typing->bytes);
    if (count == -EINTR || count == -EAGAIN)
        return;
    typing->start = 0;
    typing->end = count > 0 ? (size_t)count : 1;
    typing->is_over = count <= 0;
    if (count <= 0)
        typing->bytes[0] = end_of_file;
}

/* False once nobody has the terminal (EIO). */
static bool read_screen(long master)
{
    static unsigned char shown[input_bytes];
    const long count = kernel_call(__NR_read, master, shown, sizeof shown);
    return count > 0 || count == -EINTR || count == -EAGAIN;
}

static void type(long master, struct typing *typing)
{
    const long count = kernel_call(__NR_write, master, typing->bytes + typing->start, typing->end - typing->start);
    if (count > 0)
        typing->start += (size_t)count;
}

__attribute__((noreturn)) static void type_input(long master)
{
    static struct typing typing;
    for (;;) {
        const bool has_input = typing.start < typing.end;
        struct pollfd waits[2] = {
            {.fd = (int)master, .events = (short)(POLLIN | (has_input ? POLLOUT : 0))},
            {.fd = has_input || typing.is_over ? -1 : 0, .events = POLLIN},
        };
        if (kernel_call(__NR_ppoll, waits, 2, 0, 0, 0) < 0)
            continue;
        if ((waits[0].revents & (POLLIN | POLLHUP)) != 0 && !read_screen(master))
            leave(0);
        if ((waits[0].revents & POLLOUT) != 0)
            type(master, &typing);
        if (waits[1].revents != 0)
            read_input(&typing);
    }
}

static long open_master(void)
{
    const int unlocked = 0;
    const long master = kernel_call(__NR_openat, AT_FDCWD, "/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC, 0);
    if (master >= 0)
        kernel_call(__NR_ioctl, master, unlock_slave, &unlocked);
    return master;
}

/* Out of what the program was given: the pipes of whoever started it would stay open by it. */
static void keep_input_and(long master)
{
    if (master != 1)
        kernel_call(__NR_dup3, master, 1, 0);
    kernel_call(__NR_close_range, 2, ~0u, 0);
}

/* A leader that has a terminal gives it up first: the signal for that is for its processes (tty_ioctl(4)). */
static void take_as_own(long slave)
{
    const unsigned long ignored[8] = {1 /* SIG_IGN */}, by_default[8] = {0};
    kernel_call(__NR_setsid);
    kernel_call(__NR_rt_sigaction, SIGHUP, ignored, 0, sizeof(unsigned long));
    const long terminal = kernel_call(__NR_openat, AT_FDCWD, "/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC, 0);
    if (terminal >= 0)
        kernel_call(__NR_ioctl, terminal, give_up_terminal, 0);
    kernel_call(__NR_close, terminal);
    kernel_call(__NR_rt_sigaction, SIGHUP, by_default, 0, sizeof(unsigned long));
    kernel_call(__NR_ioctl, slave, take_terminal, 0);
}

int execute_on_own_terminal(char **words, char **environment)
{
    const long master = open_master();
    const long slave = master < 0 ? master : kernel_call(__NR_ioctl, master, open_slave, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (slave < 0)
        return not_found;
    make_raw(slave);
    /* Before there is a child, which the signal for a terminal that is given up would be for, too. */
    take_as_own(slave);
    const long child = kernel_call(__NR_clone, SIGCHLD, 0, 0, 0, 0);
    if (child == 0) {
        keep_input_and(master);
        type_input(1);
    }
    if (child < 0)
        return not_found;
    kernel_call(__NR_dup3, slave, 0, 0);
    kernel_call(__NR_execve, words[0], words, environment);
    return not_found;
}
