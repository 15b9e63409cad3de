/*
 * Where an engine makes the sandbox (Podman, Docker), it has others do it and stays beside: what runs in the sandbox is
 * no child of its client's. So the launcher starts, in the place of the first process, a keeper of what the engine
 * started, and that the engine's client. The first process of the container is this very program again, as in any
 * maker's sandbox.
 *
 *   launcher ──▶ keeper ──▶ client ──▶ … ──▶ first process in the container
 *
 * Whatever loses its parent below the keeper comes to it, so that it can end all of it: when the first process or the
 * client has ended, when the launcher says so, or when that is gone. Nothing of an engine's has to tidy up after
 * itself: all that it makes lies in a directory of this launch, in namespaces of its own, or below the keeper. What a
 * daemon has made it is asked to take away again, by further calls of the client; see gate.c for how its container
 * comes to be known. The keeper is in none of the job's control groups, nor is the engine: the first process alone is
 * put into them, before it does anything.
 */
#include "maker.h"
#include "keeper.h"

#include <linux/poll.h>
#include <linux/prctl.h>

static void must(struct launch *launch, long result, int step, const char *subject)
{
    if (result >= 0)
        return;
    end_children();
    fail_launch(launch, step, result, subject);
}

/* The keeper's end; the other one is the launch's, until somebody has it. */
int open_joining(struct launch *launch)
{
    int ends[2];
    const int yes = 1;
    must(launch, kernel_call(__NR_socketpair, address_unix, socket_sequence | O_CLOEXEC, 0, ends), step_maker,
         "socketpair");
    must(launch, kernel_call(__NR_setsockopt, ends[0], level_socket, pass_credentials, &yes, sizeof yes), step_maker,
         "credentials");
    launch->joining = ends[1];
    return ends[0];
}

/* Whoever comes is told that there is nobody once those have ended who were given it. */
static void leave_joining(struct launch *launch)
{
    close_descriptor(launch->joining);
    launch->joining = -1;
}

static struct keeper start_client(struct launch *launch)
{
    const int joining = open_joining(launch);
    const long client = fork_process();
    must(launch, client, step_maker, "clone");
    if (client == 0) {
        close_descriptor(joining);
        become_maker(launch);
    }
    leave_joining(launch);
    return (struct keeper){.launch = launch, .client = client, .joining = joining, .first = -1, .gate = -1};
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
        {.fd = keeper->gate >= 0 ? keeper->gate : keeper->joining, .events = POLLIN},
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
        if (watched[2].revents != 0 && admit_first_process(keeper)) {
            watched[2].fd = -1;
            watched[3].fd = keeper->first;
        }
        heed_signals(keeper);
        reap_client(keeper);
    }
}

/* What comes before the container; false where that is not to be made any more. */
static bool make_ready(struct keeper *keeper)
{
    const struct instruction *instruction = keeper->launch->instruction;
    for (size_t index = 0; index < instruction->further_call_count; index++) {
        if (instruction->further_calls[index].time != call_before)
            continue;
        call_client(keeper, instruction->further_calls[index].words);
        follow(keeper);
        if (!keeper->has_ended || keeper->status != 0)
            return false;
    }
    return true;
}

__attribute__((noreturn)) void keep_engine(struct launch *launch)
{
    must(launch, kernel_call(__NR_prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), step_maker, "subreaper");
    const bool is_daemons = has_daemon(launch->instruction);
    struct keeper keeper = is_daemons ? await_at_gate(launch) : start_client(launch);
    leave_the_rest(&keeper);
    const bool is_called = !is_daemons || make_ready(&keeper);
    if (is_daemons && is_called)
        call_client(&keeper, launch->instruction->maker_arguments);
    leave_joining(launch);
    if (is_called)
        follow(&keeper);
    if (keeper.first >= 0)
        kernel_call(__NR_pidfd_send_signal, keeper.first, signal_kill, NULL, 0);
    leave_given(&keeper);
    leave_reports(launch);
    if (is_daemons) {
        /* The first process ends with it, where there is no pidfd. */
        close_descriptor(keeper.joining);
        if (keeper.is_admitted)
            await_client(&keeper, putting_away_ms);
    }
    end_client(&keeper);
    /* One that a signal has ended, whoever sent it, has waited for nothing either. */
    put_away(launch, !keeper.has_ended || (keeper.status & 0x7f) != 0);
    end_children();
    /* A first process that has told of its end has been heard. Of any other only this is known, as of a child that was
     * ended. */
    if (keeper.is_admitted || !keeper.has_ended)
        kernel_call(__NR_kill, kernel_call(__NR_getpid), signal_kill);
    leave_as(keeper.status);
}
