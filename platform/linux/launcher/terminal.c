/*
 * The job's own terminal (`--tty`): a pseudo-terminal made for it alone, in the job's own devpts where it has one, so
 * that /dev/tty, /dev/pts/N and ttyname(3) work inside. The job never holds the caller's terminal. Whoever holds the
 * master may write what the job reads and reads what it writes, so nothing inside keeps it: the first process makes the
 * pair, sends both ends out through a socket, and closes the master and the socket before there is a job.
 */
#include "descriptors.h"

#include <asm/ioctls.h>
#include <linux/fcntl.h>

struct two_descriptors {
    size_t length;
    int level, type;
    int descriptors[2];
};

bool is_terminal(int descriptor)
{
    struct termios settings;
    return kernel_call(__NR_ioctl, descriptor, TCGETS, &settings) >= 0;
}

void clear_terminal(struct terminal *terminal)
{
    terminal->is_wanted = terminal->is_over = false;
    terminal->caller = terminal->output = -1;
    terminal->master = terminal->slave = -1;
    terminal->channel[0] = terminal->channel[1] = -1;
    terminal->life[0] = terminal->life[1] = -1;
}

/* cfmakeraw(3): every byte of the caller's keyboard is the job's, Ctrl-C and Ctrl-Z too. */
static struct termios raw_settings(struct termios settings)
{
    settings.c_iflag &= ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
    settings.c_oflag &= ~(tcflag_t)OPOST;
    settings.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
    settings.c_cflag &= ~(tcflag_t)(CSIZE | PARENB);
    settings.c_cflag |= CS8;
    settings.c_cc[VMIN] = 1;
    settings.c_cc[VTIME] = 0;
    return settings;
}

/* In the launcher, before anything is built: what the caller's terminal is like. -ENOTTY where there is none. */
long prepare_terminal(struct terminal *terminal, int caller)
{
    long result = kernel_call(__NR_ioctl, caller, TCGETS, &terminal->settings);
    if (result < 0)
        return result;
    terminal->raw = raw_settings(terminal->settings);
    /* One without a size has none to pass on. */
    kernel_call(__NR_ioctl, caller, TIOCGWINSZ, &terminal->size);
    result = kernel_call(__NR_socketpair, address_unix, socket_sequence | O_CLOEXEC, 0, terminal->channel);
    terminal->caller = caller;
    terminal->is_wanted = result >= 0;
    return result;
}

/* A sane terminal, as the kernel makes it, with the caller's keys: which one erases, interrupts, ends the input. */
static long settle(const struct terminal *terminal, int master, int slave)
{
    struct termios settings;
    const long result = kernel_call(__NR_ioctl, slave, TCGETS, &settings);
    if (result < 0)
        return result;
    for (int key = 0; key < NCCS; key++)
        if (key != VMIN && key != VTIME)
            settings.c_cc[key] = terminal->settings.c_cc[key];
    settings.c_iflag |= terminal->settings.c_iflag & IUTF8;
    kernel_call(__NR_ioctl, master, TIOCSWINSZ, &terminal->size);
    return kernel_call(__NR_ioctl, slave, TCSETS, &settings);
}

static long send_out(int channel, int master, int slave)
{
    char byte = 0;
    struct vector vector = {.base = &byte, .length = 1};
    struct two_descriptors both = {
        .length = sizeof both, .level = level_socket, .type = rights, .descriptors = {master, slave}};
    const struct message message = {
        .vectors = &vector, .vector_count = 1, .control = &both, .control_length = sizeof both};
    return kernel_call(__NR_sendmsg, channel, &message, 0);
}

static long make_pair(const struct terminal *terminal, int *master, int *slave)
{
    /* Inside, a link to the job's own devpts. Not to block is for the launcher, which gets this very description. */
    long result = kernel_call(__NR_openat, AT_FDCWD, "/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK, 0);
    if (result < 0)
        return result;
    *master = (int)result;
    const int unlocked = 0;
    result = kernel_call(__NR_ioctl, *master, TIOCSPTLCK, &unlocked);
    if (result < 0)
        return result;
    /* By its master, not by a path (Linux 4.13): whatever lies at /dev/pts, it is the other end of this very one. */
    result = kernel_call(__NR_ioctl, *master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (result < 0)
        return result;
    *slave = (int)result;
    return settle(terminal, *master, *slave);
}

/*
 * In the first process: with the job's ids, so that the terminal is the job's own, and before the filters. After a
 * failure the caller ends.
 */
long make_terminal(struct streams *streams)
{
    struct terminal *terminal = &streams->terminal;
    int master = -1, slave = -1;
    long result = make_pair(terminal, &master, &slave);
    if (result >= 0)
        result = send_out(terminal->channel[1], master, slave);
    for (int index = 0; index < 3 && result >= 0; index++)
        if (streams->is_terminal[index])
            result = streams->job[index] = (int)kernel_call(__NR_fcntl, slave, F_DUPFD_CLOEXEC, 10);
    close_descriptor(slave);
    close_descriptor(master);
    close_descriptor(terminal->channel[0]);
    close_descriptor(terminal->channel[1]);
    return result;
}

/* In the job, which leads a new session. Its standard input is always the terminal. */
long take_terminal(const struct streams *streams)
{
    return kernel_call(__NR_ioctl, streams->job[0], TIOCSCTTY, 0);
}

/* In the launcher, once the job runs: the message lies there since before it did. */
long receive_terminal(struct terminal *terminal)
{
    char byte;
    struct vector vector = {.base = &byte, .length = 1};
    struct two_descriptors both = {.descriptors = {-1, -1}};
    struct message message = {.vectors = &vector, .vector_count = 1, .control = &both, .control_length = sizeof both};
    const long count =
        kernel_call(__NR_recvmsg, terminal->channel[0], &message, 0x40000040 /* MSG_CMSG_CLOEXEC | MSG_DONTWAIT */);
    close_descriptor(terminal->channel[0]);
    close_descriptor(terminal->channel[1]);
    if (count != 1 || both.length != sizeof both || both.level != level_socket || both.type != rights)
        return count < 0 ? count : -EBADMSG;
    terminal->master = both.descriptors[0];
    terminal->slave = both.descriptors[1];
    return 0;
}
