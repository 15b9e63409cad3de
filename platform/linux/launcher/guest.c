/*
 * Where the job has a kernel of its own, a program that is one (gVisor's runsc) runs in the sandbox in the job's place,
 * with the job's root as its own, and starts this very program in that root, which is the job's first process: see
 * guest-inside.c. Of this side only one descriptor leads there, a socket; all others go through it (unix(7)). So what
 * ends and counts a job ends and counts that program with everything it runs.
 */
#include "maker.h"
#include "descriptors.h"

#include <linux/fcntl.h>
#include <linux/poll.h>

enum { signal_kill = 9 };

/* How long a kernel whose job has ended may take to end itself. */
enum { leave_taking_ms = 2000 };

struct guest {
    /* Reports come from here, and commands go there. */
    int channel;
    /* The kernel's program. */
    long pid;
    /* When its first process was there, and when what runs there now was started; and by when the kernel itself has to
     * be gone whose job has ended. In monotonic microseconds of this side. */
    int64_t entered_us, started_us, leave_by_us;
    bool is_covering, is_started, is_set_up, is_killed, is_over;
    struct report end;
};

static void must(const struct launch *launch, long result, const char *subject)
{
    if (result < 0)
        fail_launch(launch, step_guest, result, subject);
}

/* Nothing of the launcher's but the socket, and a place for what the program says of its failures. */
__attribute__((noreturn)) static void become_kernel(const struct launch *launch, int channel)
{
    const long nothing = kernel_call(__NR_openat, AT_FDCWD, "/dev/null", O_RDWR, 0);
    must(launch, nothing, "/dev/null");
    must(launch, kernel_call(__NR_dup3, channel, 0, 0), "descriptor");
    must(launch, kernel_call(__NR_dup3, nothing, 1, 0), "descriptor");
    must(launch, kernel_call(__NR_dup3, launch->maker_errors, 2, 0), "descriptor");
    must(launch, kernel_call(__NR_close_range, 3, descriptors_end, 4 /* CLOSE_RANGE_CLOEXEC */), "close_range");
    kernel_call(__NR_setsid);
    leave_signals();
    char *const *arguments = launch->instruction->maker_arguments;
    fail_launch(launch, step_maker,
                kernel_call(__NR_execve, arguments[0], arguments, launch->instruction->maker_environment),
                arguments[0]);
}

static struct guest start_guest(const struct launch *launch)
{
    const struct instruction *instruction = launch->instruction;
    int ends[2];
    must(launch, kernel_call(__NR_socketpair, address_unix, socket_sequence | O_CLOEXEC, 0, ends), "socketpair");
    const long pid = fork_process();
    must(launch, pid, "clone");
    if (pid == 0) {
        close_descriptor(ends[0]);
        become_kernel(launch, ends[1]);
    }
    close_descriptor(ends[1]);
    int given[guest_descriptors] = {hold_content(launch, instruction->bytes, instruction->length)};
    memcpy(given + 1, launch->streams->job, 3 * sizeof(int));
    /* A program that has ended by now is found out by that. */
    const long sent = send_descriptors(ends[0], given, guest_descriptors);
    if (sent != -EPIPE && sent != -ECONNRESET)
        must(launch, sent, "sendmsg");
    close_descriptor(given[0]);
    close_job_ends(launch->streams);
    return (struct guest){.channel = ends[0], .pid = pid, .entered_us = launch->began_us, .started_us = monotonic_us()};
}

/* All that there is in this PID namespace but this process: it is its first. */
static void end_guest(void)
{
    kernel_call(__NR_kill, -1, signal_kill);
}

static void obey(const struct launch *launch, struct guest *guest)
{
    unsigned char commands[64];
    const long count = kernel_call(__NR_read, launch->command_descriptor, commands, sizeof commands);
    if (count == -EINTR || count == -EAGAIN)
        return;
    /* The launcher is gone; with this process everything ends. */
    if (count <= 0)
        leave(1);
    for (long index = 0; index < count; index++) {
        if (commands[index] != CONTROL_KILL) {
            kernel_call(__NR_write, guest->channel, commands + index, 1);
            continue;
        }
        guest->is_killed = true;
        end_guest();
    }
}

/* Whether it can come now: nothing that a kernel says of itself is taken for more than it can be. */
static bool is_expected(const struct launch *launch, const struct guest *guest, const struct report *report)
{
    switch (report->kind) {
    case report_failed:
        return report->step >= 0 && report->step < (int32_t)(sizeof step_names / sizeof *step_names);
    case report_ready:
        return has_option(launch->instruction, option_rehearsal);
    case report_started:
        return !guest->is_started;
    case report_setup_ended:
        return guest->is_started && launch->instruction->setup != NULL && !guest->is_set_up;
    case report_exec_failed:
    case report_ended:
    case report_entered:
        return true;
    default:
        return false;
    }
}

/* Passed on, but for the end, which is told when the kernel has ended, too. */
static void hear(const struct launch *launch, struct guest *guest, struct report *report)
{
    switch (report->kind) {
    case report_entered:
        guest->entered_us = monotonic_us();
        return;
    case report_ended:
        guest->end = *report;
        guest->end.setup_us += guest->entered_us - launch->began_us;
        guest->is_over = true;
        guest->leave_by_us = monotonic_us() + (int64_t)leave_taking_ms * 1000;
        return;
    case report_started:
        guest->is_started = true;
        guest->started_us = monotonic_us();
        report->pid = guest->pid;
        break;
    case report_setup_ended:
        guest->is_set_up = true;
        guest->started_us = monotonic_us();
        report->setup_us += guest->entered_us - launch->began_us;
        break;
    case report_ready:
        report_rehearsal(launch, guest->is_covering);
    default:
        break;
    }
    send_report(launch, report);
    if (report->kind == report_failed || report->kind == report_exec_failed)
        leave(0);
}

/* False when nobody is left who could send, or who does not keep to what can be said. */
static bool take_report(const struct launch *launch, struct guest *guest)
{
    struct report report;
    const long count = kernel_call(__NR_read, guest->channel, &report, sizeof report);
    if (count == -EINTR || count == -EAGAIN)
        return true;
    if (count != (long)sizeof report || !is_expected(launch, guest, &report))
        return false;
    report.subject[subject_bytes - 1] = '\0';
    hear(launch, guest, &report);
    return true;
}

/* What is left of the time that a kernel has for its own end; NULL while its job goes on. */
static const struct __kernel_timespec *time_left(const struct guest *guest, struct __kernel_timespec *left)
{
    if (!guest->is_over)
        return NULL;
    const int64_t rest_us = guest->leave_by_us - monotonic_us();
    left->tv_sec = rest_us > 0 ? rest_us / 1000000 : 0;
    left->tv_nsec = rest_us > 0 ? rest_us % 1000000 * 1000 : 0;
    return left;
}

/* Until nobody is left on the other side. */
static void follow(const struct launch *launch, struct guest *guest)
{
    struct pollfd watched[3] = {
        {.fd = guest->channel, .events = POLLIN},
        {.fd = launch->command_descriptor, .events = POLLIN},
        {.fd = launch->courier->channel[1], .events = POLLIN},
    };
    for (;;) {
        struct __kernel_timespec left;
        const long ready = kernel_call(__NR_ppoll, watched, 3, time_left(guest, &left), NULL, 0);
        if (ready == 0)
            return;
        if (watched[0].revents != 0 && !take_report(launch, guest))
            return;
        if (watched[1].revents != 0)
            obey(launch, guest);
        if (watched[2].revents != 0 && !offer_socket(watched[2].fd))
            watched[2].fd = -1;
    }
}

/*
 * How the program itself has ended. It is given a moment to say so, since nobody is left on the other side; whatever is
 * left in the namespace then ends with it.
 */
static int reap_guest(const struct guest *guest)
{
    enum { wait_no_hang = 1, tries = 200, pause_ns = 5000000 };
    const struct __kernel_timespec pause = {.tv_nsec = pause_ns};
    int status = 0, own = 0;
    for (int try = 0; try < tries; try++) {
        const long pid = kernel_call(__NR_wait4, guest->pid, &own, wait_no_hang, NULL);
        if (pid == guest->pid || pid == -ECHILD)
            break;
        kernel_call(__NR_nanosleep, &pause, NULL);
    }
    end_guest();
    for (;;) {
        const long pid = kernel_call(__NR_wait4, -1, &status, 0, NULL);
        if (pid == guest->pid)
            own = status;
        if (pid == -ECHILD)
            return own;
    }
}

__attribute__((noreturn)) void keep_guest(const struct launch *launch, bool is_covering)
{
    /* What was asked for is not enough to go by: without a PID namespace, -1 is every process of this machine. */
    if (kernel_call(__NR_getpid) != 1)
        fail_launch(launch, step_guest, -ECHILD, "not the first process of a PID namespace");
    struct guest guest = start_guest(launch);
    guest.is_covering = is_covering;
    follow(launch, &guest);
    if (guest.is_over || guest.is_killed)
        end_guest();
    const int status = reap_guest(&guest);
    /* Without a word of its end: as the launcher learns it of any program that makes no sandbox. */
    if (!guest.is_over && !guest.is_killed)
        leave_as(status);
    if (!guest.is_over)
        guest.end = (struct report){.status = signal_kill,
                                    .setup_us = guest.started_us - launch->began_us,
                                    .wall_us = monotonic_us() - guest.started_us};
    report_guest_end(launch, &guest.end);
}
