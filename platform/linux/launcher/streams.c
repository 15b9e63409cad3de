/*
 * Standard streams. A descriptor that the job inherits goes around every mount: with `>> log` it could truncate the
 * log through /proc/self/fd/1. So the job gets the caller's own stream only where that is a pipe or the null device,
 * and otherwise a pipe that a relay process copies from or to. A relay of its own for each stream may block on a slow
 * reader without holding up the deadline.
 */
#include "../shared/append.h"
#include "launcher.h"

#include <asm/ioctls.h>
#include <asm/stat.h>
#include <asm/statfs.h>
#include <linux/fcntl.h>
#include <linux/prctl.h>
#include <linux/time_types.h>

/* A relay's own number for the way to tell of too much output. */
enum { relay_excess = 2 };

enum { relay_bytes = 65536, null_device = 0x103 /* makedev(1, 3), linux/major.h MEM_MAJOR */, signal_kill = 9 };

/* PIPEFS_MAGIC (linux/magic.h): a pipe without a name. Through a descriptor of a named one, its mode could be changed.
 */
enum { pipe_file_system = 0x50495045 };

static bool is_nameless_pipe(int descriptor)
{
    struct statfs status = {0};
    return kernel_call(__NR_fstatfs, descriptor, &status) >= 0 && status.f_type == pipe_file_system;
}

static bool may_inherit(int descriptor)
{
    struct stat status;
    if (kernel_call(__NR_fstat, descriptor, &status) < 0)
        return false;
    const bool is_null = is_type(status.st_mode, type_device) && status.st_rdev == null_device;
    return is_null || (is_type(status.st_mode, type_fifo) && is_nameless_pipe(descriptor));
}

static long open_null(void)
{
    return kernel_call(__NR_openat, AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC, 0);
}

static long make_relay_pipe(struct streams *streams, int index, int caller)
{
    int ends[2];
    const long result = kernel_call(__NR_pipe2, ends, O_CLOEXEC);
    if (result < 0)
        return result;
    const int job_end = index == 0 ? 0 : 1;
    streams->job[index] = ends[job_end];
    streams->near[index] = ends[1 - job_end];
    streams->caller[index] = caller;
    streams->is_ours[index] = true;
    return 0;
}

void clear_streams(struct streams *streams)
{
    clear_terminal(&streams->terminal);
    streams->traffic = NULL;
    streams->is_metered = false;
    streams->excess = -1;
    for (int index = 0; index < 3; index++) {
        streams->job[index] = streams->near[index] = streams->caller[index] = -1;
        streams->is_ours[index] = streams->is_terminal[index] = false;
        streams->captured[index] = -1;
        streams->captured_bytes[index] = 0;
    }
    for (int index = 0; index < relay_count; index++) {
        streams->relay_pids[index] = 0;
        streams->lost[index] = 0;
    }
}

/* `> log 2>&1`: two relays would put the lines of one file into an order that nobody wrote. */
static bool is_same_file(int one, int other)
{
    struct stat first, second;
    return kernel_call(__NR_fstat, one, &first) >= 0 && kernel_call(__NR_fstat, other, &second) >= 0 &&
           first.st_dev == second.st_dev && first.st_ino == second.st_ino && first.st_rdev == second.st_rdev;
}

/*
 * Whether output goes through a pipe of the job's own though the job could have the caller's. A job that is somebody
 * else could not open the caller's pipes by name (/dev/stderr). Input does not, since a relay would read ahead what the
 * job may not want.
 */
static bool is_relayed(const struct streams *streams, const struct instruction *instruction, int index, int caller)
{
    const bool is_others = has_option(instruction, option_fresh_identity) && is_nameless_pipe(caller);
    return index > 0 && (streams->is_metered || is_others);
}

/*
 * The same pipe, opened once more: a kernel of the job's own sets O_NONBLOCK on whatever it is given, which counts for
 * all who have the very same opening of it (open(2)), the next command of the caller's shell among them. A nameless
 * pipe is opened without waiting for its other end. False where it is somebody else's: then it has to be relayed.
 */
static bool reopen(struct streams *streams, int index, int caller)
{
    char name[64];
    append_number(append_text(name, "/proc/self/fd/"), (uint64_t)caller, 10);
    const long opened = kernel_call(__NR_openat, AT_FDCWD, name, (index == 0 ? O_RDONLY : O_WRONLY) | O_CLOEXEC, 0);
    if (opened < 0)
        return false;
    streams->job[index] = (int)opened;
    streams->is_ours[index] = true;
    return true;
}

/* What the job may have of the caller's, as it is or opened once more. */
static bool hand_on(struct streams *streams, const struct instruction *instruction, int index, int caller)
{
    if (is_relayed(streams, instruction, index, caller) || !may_inherit(caller))
        return false;
    if (instruction->has_guest)
        return reopen(streams, index, caller);
    streams->job[index] = caller;
    return true;
}

/* `caller` holds the caller's three descriptors; one that is closed (-1 or EBADF) becomes the null device. */
long prepare_streams(struct streams *streams, const int caller[3], const struct instruction *instruction)
{
    for (int index = 0; index < 3; index++) {
        if (kernel_call(__NR_fcntl, caller[index], F_GETFD, 0) < 0) {
            streams->job[index] = (int)open_null();
            streams->is_ours[index] = true;
            continue;
        }
        if (streams->terminal.is_wanted && is_terminal(caller[index])) {
            /* The first process will make the job's end. */
            streams->caller[index] = caller[index];
            streams->is_ours[index] = streams->is_terminal[index] = true;
            continue;
        }
        if (index == 2 && streams->near[1] >= 0 && is_same_file(caller[1], caller[2])) {
            streams->job[2] = (int)kernel_call(__NR_fcntl, streams->job[1], F_DUPFD_CLOEXEC, 3);
            streams->is_ours[2] = true;
            continue;
        }
        if (hand_on(streams, instruction, index, caller[index]))
            continue;
        const long result = make_relay_pipe(streams, index, caller[index]);
        if (result < 0)
            return result;
    }
    return 0;
}

/* So that the job can open them by name, /dev/stdout: made by root, they would be root's. */
void give_streams(const struct streams *streams, uint32_t uid, uint32_t gid)
{
    for (int index = 0; index < 3; index++)
        if (streams->is_ours[index] && is_nameless_pipe(streams->job[index]))
            kernel_call(__NR_fchown, streams->job[index], uid, gid);
}

/* One of many jobs reads nothing, and what it writes is read by the resident launcher, which passes it on in frames. */
long prepare_captured_streams(struct streams *streams)
{
    streams->job[0] = (int)open_null();
    streams->is_ours[0] = true;
    for (int index = 1; index <= 2; index++) {
        int ends[2];
        const long result = kernel_call(__NR_pipe2, ends, O_CLOEXEC);
        if (result < 0)
            return result;
        streams->captured[index] = ends[0];
        streams->job[index] = ends[1];
        streams->is_ours[index] = true;
    }
    return streams->job[0] < 0 ? streams->job[0] : 0;
}

/* Reads once; called when there is something to read. What goes over the cap is read too, or the job would hang. */
void pass_captured(struct streams *streams, const struct channel *channel, int index)
{
    static unsigned char bytes[relay_bytes];
    const long count = kernel_call(__NR_read, streams->captured[index], bytes, sizeof bytes);
    if (count == -EINTR)
        return;
    if (count <= 0) {
        close_descriptor(streams->captured[index]);
        streams->captured[index] = -1;
        return;
    }
    const uint64_t passed = streams->captured_bytes[index];
    const uint64_t room = streams->capture_bytes_max > passed ? streams->capture_bytes_max - passed : 0;
    const uint64_t admitted = (uint64_t)admit_output(streams->traffic, index, count);
    streams->captured_bytes[index] += (uint64_t)count;
    if (room > 0 && admitted > 0)
        send_frame(channel, index == 1 ? frame_output : frame_errors, bytes, admitted < room ? admitted : room);
}

/* 0, or the negative errno of a write that failed for good. */
long write_to_reader(int descriptor, const unsigned char *bytes, long length)
{
    while (length > 0) {
        const long count = kernel_call(__NR_write, descriptor, bytes, length);
        if (count == -EINTR)
            continue;
        if (count == -EAGAIN) {
            /* The caller's descriptor may be non-blocking, and the flag is the caller's to keep. */
            const struct __kernel_timespec nap = {.tv_sec = 0, .tv_nsec = 2000000};
            kernel_call(__NR_nanosleep, &nap, NULL);
            continue;
        }
        if (count < 0)
            return count;
        bytes += count;
        length -= count;
    }
    return 0;
}

/*
 * 0 at the end, or the negative errno that kept it from getting there. Output is counted; what may not be passed on is
 * read all the same, so that the job does not wait for a reader.
 */
static long copy_until_end(struct streams *streams, int index)
{
    static unsigned char bytes[relay_bytes];
    for (;;) {
        const long count = kernel_call(__NR_read, 0, bytes, sizeof bytes);
        if (count == -EINTR)
            continue;
        if (count == -EAGAIN || count == -EIO) {
            /*
             * EIO: a background process reads the terminal while SIGTTIN is blocked (tty_ioctl(2), setpgid(2)).
             * The job asked for nothing yet, so wait until it is in the foreground instead of stopping it.
             */
            int group;
            if (count == -EIO && kernel_call(__NR_ioctl, 0, TIOCGPGRP, &group) < 0)
                return count;
            const struct __kernel_timespec nap = {.tv_sec = 0, .tv_nsec = 50000000};
            kernel_call(__NR_nanosleep, &nap, NULL);
            continue;
        }
        if (count <= 0)
            return count;
        const long written = index == 0 ? write_to_reader(1, bytes, count) : pass_on(streams, index, 1, bytes, count);
        if (written < 0)
            return written;
    }
}

/*
 * A relay holds its descriptors and nothing else: a pipe end kept by accident would be an end that never comes. The
 * third leads to the launcher, where too much output ends the job; elsewhere there is none.
 */
__attribute__((noreturn)) static void relay(struct streams *streams, int index, long launcher_pid)
{
    kernel_call(__NR_prctl, PR_SET_PDEATHSIG, signal_kill, 0, 0, 0);
    if (kernel_call(__NR_getppid) != launcher_pid)
        leave(0);
    const int near = streams->near[index];
    const int caller = streams->caller[index];
    int kept[] = {index == 0 ? caller : near, index == 0 ? near : caller, streams->excess};
    const bool is_ending = index > 0 && streams->excess >= 0;
    keep_descriptors(kept, is_ending ? relay_excess + 1 : relay_excess);
    streams->excess = is_ending ? relay_excess : -1;
    leave((int)-copy_until_end(streams, index));
}

static void start_relay(struct streams *streams, int index)
{
    const long launcher_pid = kernel_call(__NR_getpid);
    const long pid = fork_process();
    if (pid == 0)
        relay(streams, index, launcher_pid);
    streams->relay_pids[index] = pid > 0 ? pid : 0;
    if (pid < 0)
        streams->lost[index] = (int)-pid;
    close_descriptor(streams->near[index]);
}

void start_relays(struct streams *streams)
{
    for (int index = 0; index < 3; index++)
        if (streams->near[index] >= 0)
            start_relay(streams, index);
}

/*
 * What the first process has no use for: the caller's streams, the far ends of the relays, and the launcher's own two
 * channels. The job's streams move out of the way of 0, 1 and 2, which lead nowhere from here on.
 */
void leave_callers_streams(struct streams *streams, int control, int events)
{
    const int nothing = (int)open_null();
    for (int index = 0; index < 3; index++)
        streams->job[index] = (int)kernel_call(__NR_fcntl, streams->job[index], F_DUPFD_CLOEXEC, 10);
    const int unwanted[] = {control,
                            events,
                            streams->near[0],
                            streams->near[1],
                            streams->near[2],
                            streams->captured[1],
                            streams->captured[2],
                            streams->caller[0],
                            streams->caller[1],
                            streams->caller[2],
                            streams->terminal.output};
    for (size_t index = 0; index < sizeof unwanted / sizeof unwanted[0]; index++)
        close_descriptor(unwanted[index]);
    for (int index = 0; index < 3; index++)
        kernel_call(__NR_dup3, nothing, index, 0);
    if (nothing > 2)
        close_descriptor(nothing);
}

/* After this only the job and its children can write to the output pipes: their end is the end of the output. */
void close_job_ends(struct streams *streams)
{
    for (int index = 0; index < 3; index++)
        if (streams->is_ours[index])
            close_descriptor(streams->job[index]);
}

static void note_end(struct streams *streams, int index, int status)
{
    const int error = (status & 0x7f) == 0 ? (status >> 8) & 0xff : 0;
    /* A reader that went away has what it wanted, and the job learns of it by SIGPIPE; a socket says it in its own way.
     */
    streams->lost[index] = error == EPIPE || error == ECONNRESET ? 0 : error;
    streams->relay_pids[index] = 0;
}

/* Whether this stream's relay has ended, or never was. */
bool reap_relay(struct streams *streams, int index)
{
    int status = 0;
    const long pid = streams->relay_pids[index];
    if (pid > 0 && kernel_call(__NR_wait4, pid, &status, 1 /* WNOHANG */, NULL) == pid)
        note_end(streams, index, status);
    return streams->relay_pids[index] == 0;
}

void kill_relay(struct streams *streams, int index)
{
    int status = 0;
    const long pid = streams->relay_pids[index];
    if (reap_relay(streams, index))
        return;
    kernel_call(__NR_kill, pid, signal_kill);
    kernel_call(__NR_wait4, pid, &status, 0, NULL);
    note_end(streams, index, status);
    /* Input that the job did not want is no loss; output that nobody took is. */
    if (index > 0 && (status & 0x7f) == signal_kill)
        streams->lost[index] = EINTR;
}
