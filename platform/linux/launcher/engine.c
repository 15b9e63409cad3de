/*
 * Where an engine makes the sandbox (Podman), it has others do it and stays beside: what runs in the sandbox is no
 * child of its client's. So the launcher starts, in the place of the first process, a keeper of what the engine
 * started, and that the engine's client. The first process of the container is this very program again, as in any
 * maker's sandbox.
 *
 *   launcher ──▶ keeper ──▶ client ──▶ … ──▶ first process in the container
 *
 * Whatever loses its parent below the keeper comes to it, so that it can end all of it: when the first process or the
 * client has ended, when the launcher says so, or when that is gone. Nothing of an engine's has to tidy up after
 * itself: all that it makes lies in a directory of this launch, in namespaces of its own, or below the keeper. The
 * keeper is in none of the job's control groups, nor is the engine: the first process alone is put into them, before it
 * does anything.
 */
#include "../shared/append.h"
#include "descriptors.h"

#include <linux/fcntl.h>
#include <linux/poll.h>
#include <linux/prctl.h>

enum { wait_no_hang = 1, signal_child = 17, signal_kill = 9 };
enum { pass_credentials = 16 /* SO_PASSCRED */, credentials = 2 /* SCM_CREDENTIALS */ };

/* How long an engine may take to end whose job has, with a launcher that is gone. */
enum { leave_taking_ms = 2000 };

struct keeper {
    struct launch *launch;
    long client;
    /* Held for good: its end tells the first process of this one's. */
    int joining;
    /* A pidfd(2) of the first process, from its admission on; -1 before. */
    int first;
    int notices;
    /* Monotonic milliseconds; 0 while the launcher is there. */
    int64_t leave_by_ms;
    bool is_to_end, has_ended, is_admitted;
    /* Of the client, as wait4(2) gives it. */
    int status;
};

static void must(struct launch *launch, long result, int step, const char *subject)
{
    if (result >= 0)
        return;
    end_children();
    fail_launch(launch, step, result, subject);
}

static struct keeper start_client(struct launch *launch)
{
    int ends[2];
    const int yes = 1;
    must(launch, kernel_call(__NR_socketpair, address_unix, socket_sequence | O_CLOEXEC, 0, ends), step_maker,
         "socketpair");
    must(launch, kernel_call(__NR_setsockopt, ends[0], level_socket, pass_credentials, &yes, sizeof yes), step_maker,
         "credentials");
    must(launch, kernel_call(__NR_prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), step_maker, "subreaper");
    const long client = fork_process();
    must(launch, client, step_maker, "clone");
    if (client == 0) {
        close_descriptor(ends[0]);
        launch->joining = ends[1];
        become_maker(launch);
    }
    close_descriptor(ends[1]);
    return (struct keeper){.launch = launch, .client = client, .joining = ends[0], .first = -1};
}

/* What others wait for the end of, and what is the job's. */
static void leave_the_rest(struct keeper *keeper)
{
    struct launch *launch = keeper->launch;
    close_job_ends(launch->streams);
    leave_callers_streams(launch->streams, launch->control, launch->events);
    leave_listeners(launch->courier);
    close_descriptor(launch->courier->life[1]);
    leave_layer(launch->layer);
    close_descriptor(launch->cpu_descriptor);
    const uint64_t signals = 1ULL << (signal_child - 1) | 1ULL << (signal_end_engine - 1);
    keeper->notices = (int)kernel_call(__NR_signalfd4, -1, &signals, sizeof signals, O_CLOEXEC | O_NONBLOCK);
    must(launch, keeper->notices, step_maker, "signalfd");
}

/* The number of whoever wrote first, as this PID namespace has it; 0 where nobody is left who could. */
static long receive_number(int channel)
{
    char byte;
    struct vector vector = {.base = &byte, .length = 1};
    struct {
        size_t length;
        int level, type;
        int32_t pid;
        uint32_t uid, gid;
    } control = {0};
    struct message message = {
        .vectors = &vector, .vector_count = 1, .control = &control, .control_length = sizeof control};
    long count;
    do
        count = kernel_call(__NR_recvmsg, channel, &message, 0);
    while (count == -EINTR);
    return count == 1 && control.level == level_socket && control.type == credentials ? control.pid : 0;
}

/* "tasks" takes the one thread that it has, "cgroup.procs" all of them: see control-group.c. */
static void put_into_groups(const struct keeper *keeper, long pid)
{
    struct launch *launch = keeper->launch;
    char text[24];
    const char *end = append_number(text, (uint64_t)pid, 10);
    for (size_t index = 0; index < launch->instruction->control_group_count; index++)
        must(launch, kernel_call(__NR_write, launch->control_group_descriptors[index], text, end - text),
             step_control_group, launch->instruction->control_groups[index]);
}

/*
 * What it is to do it learns only here: at a number of its own the engine's processes would have it as well, which
 * anybody of the same user can look into, and it holds secrets. From then on it reports itself, and its own end tells
 * of that.
 */
static void admit(struct keeper *keeper)
{
    const long pid = receive_number(keeper->joining);
    const int instruction =
        hold_content(keeper->launch, keeper->launch->instruction->bytes, keeper->launch->instruction->length);
    if (pid > 0) {
        keeper->is_admitted = true;
        /* Before Linux 5.3 there is none, and the engine's client, which waits for it, tells of its end. */
        keeper->first = (int)kernel_call(__NR_pidfd_open, pid, 0);
        put_into_groups(keeper, pid);
        send_descriptors(keeper->joining, &instruction, 1);
    }
    close_descriptor(instruction);
    close_descriptor(keeper->launch->report_descriptor);
    keeper->launch->report_descriptor = -1;
}

static void heed_signals(struct keeper *keeper)
{
    /* struct signalfd_siginfo (signalfd(2)), of which the first word is the signal's number. */
    struct {
        uint32_t number;
        unsigned char rest[124];
    } notice;
    while (kernel_call(__NR_read, keeper->notices, &notice, sizeof notice) > 0)
        keeper->is_to_end = keeper->is_to_end || notice.number == signal_end_engine;
}

static void reap(struct keeper *keeper)
{
    int status;
    for (;;) {
        const long pid = kernel_call(__NR_wait4, -1, &status, wait_no_hang, NULL);
        if (pid <= 0 && pid != -EINTR)
            return;
        if (pid != keeper->client)
            continue;
        keeper->has_ended = true;
        keeper->status = status;
    }
}

static const struct __kernel_timespec *time_left(const struct keeper *keeper, struct __kernel_timespec *left)
{
    if (keeper->leave_by_ms == 0)
        return NULL;
    const int64_t rest_ms = keeper->leave_by_ms - monotonic_ms();
    left->tv_sec = rest_ms > 0 ? rest_ms / 1000 : 0;
    left->tv_nsec = rest_ms > 0 ? rest_ms % 1000 * 1000000 : 0;
    return left;
}

/* Until one of the two has ended, or is to. Of the launcher's commands, which are the first process's, only the end
 * counts. */
static void follow(struct keeper *keeper)
{
    struct pollfd watched[4] = {
        {.fd = keeper->launch->command_descriptor},
        {.fd = keeper->notices, .events = POLLIN},
        {.fd = keeper->joining, .events = POLLIN},
        {.fd = -1, .events = POLLIN},
    };
    while (!keeper->has_ended && !keeper->is_to_end) {
        struct __kernel_timespec left;
        if (kernel_call(__NR_ppoll, watched, 4, time_left(keeper, &left), NULL, 0) == 0 || watched[3].revents != 0)
            return;
        if (watched[0].revents != 0) {
            watched[0].fd = -1;
            keeper->leave_by_ms = monotonic_ms() + leave_taking_ms;
        }
        if (watched[2].revents != 0) {
            admit(keeper);
            watched[2].fd = -1;
            watched[3].fd = keeper->first;
        }
        heed_signals(keeper);
        reap(keeper);
    }
}

__attribute__((noreturn)) void keep_engine(struct launch *launch)
{
    struct keeper keeper = start_client(launch);
    leave_the_rest(&keeper);
    follow(&keeper);
    /* By number, where this kernel has no list of children. */
    if (!keeper.has_ended)
        kernel_call(__NR_kill, keeper.client, signal_kill);
    if (keeper.first >= 0)
        kernel_call(__NR_pidfd_send_signal, keeper.first, signal_kill, NULL, 0);
    end_children();
    /* A first process that has told of its end has been heard. Of any other only this is known, as of a child that was
     * ended. */
    if (keeper.is_admitted || !keeper.has_ended)
        kernel_call(__NR_kill, kernel_call(__NR_getpid), signal_kill);
    leave_as(keeper.status);
}
