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
#include "../shared/append.h"
#include "descriptors.h"

#include <linux/fcntl.h>
#include <linux/mman.h>
#include <linux/poll.h>
#include <linux/prctl.h>

enum { wait_no_hang = 1, signal_child = 17, signal_kill = 9 };
enum { pass_credentials = 16 /* SO_PASSCRED */, credentials = 2 /* SCM_CREDENTIALS */ };

/* How long an engine may take to end whose job has, with a launcher that is gone. */
enum { leave_taking_ms = 2000 };
/* How long a daemon may take to put a container away, and each further call. */
enum { putting_away_ms = 5000 };

struct keeper {
    struct launch *launch;
    long client;
    /* Held for good: its end tells the first process of this one's. */
    int joining;
    /* Where a daemon's first process comes to, and what that is given there; -1 once it has. */
    int gate, given[given_count];
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

/* What the launcher saw of the inputs, whose container is arranged here. */
static struct knowledge known;

/* Called by root, the job's streams are to be its own: while they lie at the numbers by which they are known. */
static struct keeper await_at_gate(struct launch *launch)
{
    const struct instruction *instruction = launch->instruction;
    struct keeper keeper = {.launch = launch, .client = -1, .joining = -1, .first = -1, .gate = open_gate(launch)};
    if (has_option(instruction, option_fresh_identity))
        give_streams(launch->streams, instruction->outside_uid, instruction->outside_gid);
    list_given(launch, keeper.given, &known);
    return keeper;
}

/*
 * What failed is told by a child, and all that was made goes as at any end: whoever is to put something away does not
 * leave.
 */
static void fail(struct keeper *keeper, int step, long error, const char *subject)
{
    const long child = fork_process();
    if (child == 0)
        fail_launch(keeper->launch, step, error, subject);
    kernel_call(__NR_wait4, child, NULL, 0, NULL);
    keeper->is_to_end = true;
}

static struct keeper start_client(struct launch *launch)
{
    int ends[2];
    const int yes = 1;
    must(launch, kernel_call(__NR_socketpair, address_unix, socket_sequence | O_CLOEXEC, 0, ends), step_maker,
         "socketpair");
    must(launch, kernel_call(__NR_setsockopt, ends[0], level_socket, pass_credentials, &yes, sizeof yes), step_maker,
         "credentials");
    const long client = fork_process();
    must(launch, client, step_maker, "clone");
    if (client == 0) {
        close_descriptor(ends[0]);
        launch->joining = ends[1];
        become_maker(launch);
    }
    close_descriptor(ends[1]);
    return (struct keeper){.launch = launch, .client = client, .joining = ends[0], .first = -1, .gate = -1};
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
static void put_into_groups(struct keeper *keeper, long pid)
{
    const struct launch *launch = keeper->launch;
    char text[24];
    const char *end = append_number(text, (uint64_t)pid, 10);
    for (size_t index = 0; index < launch->instruction->control_group_count; index++) {
        const long written = kernel_call(__NR_write, launch->control_group_descriptors[index], text, end - text);
        if (written >= 0)
            continue;
        fail(keeper, step_control_group, written, launch->instruction->control_groups[index]);
        return;
    }
}

/* Called by root, what is shown belongs to whom the plan says, before anything runs there. */
static void pass_through_gate(struct keeper *keeper, long pid, int instruction)
{
    if (arrange_container(keeper->launch, &known, pid) != 0)
        keeper->is_to_end = true;
    if (keeper->is_to_end)
        return;
    keeper->given[maker_instruction - maker_report] = instruction;
    const long sent = send_descriptors(keeper->joining, keeper->given, given_count);
    if (sent < 0)
        fail(keeper, step_maker, sent, "descriptors");
}

/*
 * What it is to do it learns only here: at a number of its own the engine's processes would have it as well, which
 * anybody of the same user can look into, and it holds secrets. From then on it reports itself, and its own end tells
 * of that.
 */
static void hand_over_to(struct keeper *keeper, long pid)
{
    struct launch *launch = keeper->launch;
    const int instruction = hold_content(launch, launch->instruction->bytes, launch->instruction->length);
    keeper->is_admitted = true;
    /* Before Linux 5.3 there is none, and the engine's client, which waits for it, tells of its end. */
    keeper->first = (int)kernel_call(__NR_pidfd_open, pid, 0);
    put_into_groups(keeper, pid);
    if (has_gate(launch->instruction))
        pass_through_gate(keeper, pid, instruction);
    else if (!keeper->is_to_end)
        send_descriptors(keeper->joining, &instruction, 1);
    close_descriptor(instruction);
}

static void leave_reports(struct launch *launch)
{
    close_descriptor(launch->report_descriptor);
    launch->report_descriptor = -1;
}

static void leave_given(struct keeper *keeper)
{
    if (keeper->gate < 0)
        return;
    close_gate(keeper->launch, keeper->gate);
    keeper->gate = -1;
    for (int index = 0; index < given_count; index++)
        close_descriptor(keeper->given[index]);
}

/* Whoever comes and is not the first process of a container with the job's ids is sent away, and the next one waited
 * for. */
static bool admit(struct keeper *keeper)
{
    static const char others[] = "the daemon gives its containers other ids than those that it is told of";
    long pid = 0;
    if (keeper->gate < 0) {
        pid = receive_number(keeper->joining);
    } else {
        const long joining = admit_at_gate(keeper->launch, keeper->gate, &pid);
        if (joining == -EPERM)
            fail(keeper, step_maker, joining, others);
        if (joining < 0)
            return false;
        keeper->joining = (int)joining;
    }
    if (pid > 0)
        hand_over_to(keeper, pid);
    leave_given(keeper);
    leave_reports(keeper->launch);
    return true;
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
        if (watched[2].revents != 0 && admit(keeper)) {
            watched[2].fd = -1;
            watched[3].fd = keeper->first;
        }
        heed_signals(keeper);
        reap(keeper);
    }
}

static void call(struct keeper *keeper, char *const *words)
{
    keeper->client = fork_process();
    if (keeper->client == 0)
        call_maker(keeper->launch, words);
    keeper->has_ended = keeper->client < 0;
    if (keeper->client < 0)
        fail(keeper, step_maker, keeper->client, "clone");
}

/* Until the client has ended, but no longer than that. */
static void await_client(struct keeper *keeper, int64_t most_ms)
{
    const int64_t until_ms = monotonic_ms() + most_ms;
    for (;;) {
        struct pollfd notices = {.fd = keeper->notices, .events = POLLIN};
        heed_signals(keeper);
        reap(keeper);
        const int64_t rest_ms = until_ms - monotonic_ms();
        if (keeper->has_ended || rest_ms <= 0)
            return;
        const struct __kernel_timespec left = {.tv_sec = rest_ms / 1000, .tv_nsec = rest_ms % 1000 * 1000000};
        kernel_call(__NR_ppoll, &notices, 1, &left, NULL, 0);
    }
}

/* By number, where this kernel has no list of children. */
static void end_client(const struct keeper *keeper)
{
    if (!keeper->has_ended)
        kernel_call(__NR_kill, keeper->client, signal_kill);
}

/* What comes before the container; false where that is not to be made any more. */
static bool make_ready(struct keeper *keeper)
{
    const struct instruction *instruction = keeper->launch->instruction;
    for (size_t index = 0; index < instruction->further_call_count; index++) {
        if (instruction->further_calls[index].time != call_before)
            continue;
        call(keeper, instruction->further_calls[index].words);
        follow(keeper);
        if (!keeper->has_ended || keeper->status != 0)
            return false;
    }
    return true;
}

/* A daemon's container is away when its client has ended, unless that was ended. */
static void put_away(struct keeper keeper, bool is_lost)
{
    const struct instruction *instruction = keeper.launch->instruction;
    for (size_t index = 0; index < instruction->further_call_count; index++) {
        const struct further_call *further = &instruction->further_calls[index];
        if (further->time == call_before || (further->time == call_after_loss && !is_lost))
            continue;
        call(&keeper, further->words);
        await_client(&keeper, putting_away_ms);
        end_client(&keeper);
    }
    if (keeper.launch->is_put_away != NULL)
        *keeper.launch->is_put_away = true;
}

long prepare_put_away(struct launch *launch)
{
    const long memory =
        kernel_call(__NR_mmap, 0, sizeof(bool), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory < 0)
        return memory;
    launch->is_put_away = (volatile bool *)memory;
    return 0;
}

/* Of this one alone: the launcher's relays are its children as well, and others wait for them. */
static void await_call(long client)
{
    const int64_t until_ms = monotonic_ms() + putting_away_ms;
    const struct __kernel_timespec nap = {.tv_sec = 0, .tv_nsec = 5000000};
    while (kernel_call(__NR_wait4, client, NULL, wait_no_hang, NULL) == 0) {
        if (monotonic_ms() >= until_ms)
            kernel_call(__NR_kill, client, signal_kill);
        kernel_call(__NR_nanosleep, &nap, NULL);
    }
}

/* In the launcher, where somebody ended the keeper. */
void put_away_what_was_left(const struct launch *launch)
{
    if (launch->is_put_away == NULL || *launch->is_put_away)
        return;
    struct launch own = *launch;
    /* It is the first process's. */
    own.report_descriptor = -1;
    for (size_t index = 0; index < launch->instruction->further_call_count; index++) {
        const struct further_call *further = &launch->instruction->further_calls[index];
        if (further->time == call_before)
            continue;
        const long client = fork_process();
        if (client == 0)
            call_maker(&own, further->words);
        if (client > 0)
            await_call(client);
    }
}

__attribute__((noreturn)) void keep_engine(struct launch *launch)
{
    must(launch, kernel_call(__NR_prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), step_maker, "subreaper");
    const bool is_daemons = has_gate(launch->instruction);
    struct keeper keeper = is_daemons ? await_at_gate(launch) : start_client(launch);
    leave_the_rest(&keeper);
    const bool is_called = !is_daemons || make_ready(&keeper);
    if (is_daemons && is_called)
        call(&keeper, launch->instruction->maker_arguments);
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
    put_away(keeper, is_called && !keeper.has_ended);
    end_children();
    /* A first process that has told of its end has been heard. Of any other only this is known, as of a child that was
     * ended. */
    if (keeper.is_admitted || !keeper.has_ended)
        kernel_call(__NR_kill, kernel_call(__NR_getpid), signal_kill);
    leave_as(keeper.status);
}
