/* The launcher's watch over one job: signals in, events out, the deadline, and the end of everything. */
#include "maker.h"

#include <linux/fcntl.h>
#include <linux/poll.h>
#include <linux/time_types.h>

enum {
    signal_kill = 9,
    signal_terminate = 15,
    signal_child = 17,
    signal_continue = 18,
    signal_stop = 19,
    last_signal = 64
};

/* How long the first process may take to end its namespace before it is killed itself. */
enum { last_resort_ms = 2000 };

enum phase { phase_running, phase_terminating, phase_killing, phase_over };

struct supervision {
    const struct launch *launch;
    const struct instruction *instruction;
    struct streams *streams;
    const struct courier *courier;
    const struct channel *channel;
    int control, report, command;
    /* Behind the end of the job that is watched, jobs may be waiting in it. */
    bool is_control_quiet;
    long first_pid;
    /* 0 where no server has a layer. */
    long layer_pid;
    enum phase phase;
    /* Something other than the job itself put an end to it. */
    bool is_cut_short;
    /* cupel asked for the end of everything. */
    bool is_kill_wished;
    bool is_started;
    int maker_errors;
    /* cupel has ended before its job. */
    bool is_orphaned;
    bool is_excess_told;
    /* The caller's terminal has all of the output that it gets by way of cupel. */
    bool is_shown;
    /* What the job may use up; the deadline counts once that is over. Monotonic milliseconds; 0 is never. */
    struct allowance allowance;
    int64_t deadline_ms;
};

/* A maker that hangs would be waited for without an end; 0 where nobody makes anything any more. */
static int64_t start_due_ms(const struct supervision *supervision)
{
    const uint64_t start_ms = supervision->instruction->maker_start_ms;
    return supervision->is_started || start_ms == 0 ? 0 : supervision->allowance.began_ms + (int64_t)start_ms;
}

static int64_t when_due_ms(const struct supervision *supervision)
{
    if (supervision->phase != phase_running)
        return supervision->deadline_ms;
    const int64_t look_ms = next_look_ms(&supervision->allowance);
    const int64_t start_ms = start_due_ms(supervision);
    return start_ms != 0 && (look_ms == 0 || start_ms < look_ms) ? start_ms : look_ms;
}

static void command(const struct supervision *supervision, unsigned char byte)
{
    kernel_call(__NR_write, supervision->command, &byte, 1);
}

static void begin_killing(struct supervision *supervision)
{
    if (supervision->phase == phase_killing || supervision->phase == phase_over)
        return;
    command(supervision, CONTROL_KILL);
    supervision->phase = phase_killing;
    supervision->is_cut_short = true;
    supervision->deadline_ms = monotonic_ms() + last_resort_ms;
}

/* Ours and not yet waited for, so the number cannot be anyone else's. */
static void end_first_process(const struct supervision *supervision)
{
    const int signal = has_engine(supervision->instruction) ? signal_end_engine : signal_kill;
    kernel_call(__NR_kill, supervision->first_pid, signal);
}

static void meet_deadline(struct supervision *supervision)
{
    switch (supervision->phase) {
    case phase_running:
        if (start_due_ms(supervision) != 0 && monotonic_ms() >= start_due_ms(supervision)) {
            tell_number(supervision->channel, "maker-timeout", "timeoutMs",
                        (long long)supervision->instruction->maker_start_ms);
            end_first_process(supervision);
            begin_killing(supervision);
            return;
        }
        if (!is_used_up(&supervision->allowance, supervision->channel))
            return;
        /* There is nobody yet who could be asked. */
        if (!supervision->is_started && has_other_program(supervision->instruction)) {
            end_first_process(supervision);
            begin_killing(supervision);
            return;
        }
        command(supervision, signal_terminate);
        /* A stopped job could not take the signal. */
        command(supervision, signal_continue);
        supervision->phase = phase_terminating;
        supervision->is_cut_short = true;
        supervision->deadline_ms = monotonic_ms() + (int64_t)supervision->instruction->grace_ms;
        return;
    case phase_terminating:
        begin_killing(supervision);
        return;
    case phase_killing:
        end_first_process(supervision);
        supervision->deadline_ms = 0;
        return;
    case phase_over:
        supervision->deadline_ms = 0;
    }
}

/* Told once; of a job that had ended before it was noticed, too. */
static bool is_told_of_excess(struct supervision *supervision)
{
    const struct instruction *instruction = supervision->instruction;
    if (supervision->is_excess_told || !instruction->ends_at_output_max ||
        !is_output_over(supervision->streams->traffic))
        return false;
    tell_number(supervision->channel, "output-limit", "bytesMax", (long long)instruction->output_bytes_max);
    supervision->is_excess_told = true;
    return true;
}

/* What is passed on ends at the cap either way, so there is no grace in which more of it could come. */
static void end_at_output_max(struct supervision *supervision)
{
    if (supervision->phase == phase_running && is_told_of_excess(supervision))
        begin_killing(supervision);
}

static bool asks_for_an_end(unsigned char signal)
{
    return signal == 1 /* SIGHUP */ || signal == 2 /* SIGINT */ || signal == 3 /* SIGQUIT */ ||
           signal == signal_terminate;
}

/* cupel stops with its job, but not before the caller's terminal is as it was: that is told. */
static void follow_terminal(const struct supervision *supervision, unsigned char signal)
{
    if (!has_option(supervision->instruction, option_terminal))
        return;
    if (signal == signal_continue)
        resume_terminal(supervision->streams);
    if (signal != signal_stop)
        return;
    suspend_terminal(supervision->streams);
    tell_suspended(supervision->channel);
}

/* False when cupel is gone. */
static bool obey(struct supervision *supervision)
{
    unsigned char bytes[64];
    const long count = kernel_call(__NR_read, supervision->control, bytes, sizeof bytes);
    if (count == -EINTR || count == -EAGAIN)
        return true;
    for (long index = 0; index < count; index++) {
        /* Once the job is over, a signal that asks for an end is meant for what is left: the wait for a slow reader. */
        const bool ends_the_wait = supervision->phase == phase_over && asks_for_an_end(bytes[index]);
        if (bytes[index] == CONTROL_KILL || ends_the_wait) {
            supervision->is_kill_wished = true;
            begin_killing(supervision);
        } else if (bytes[index] == CONTROL_PROCEED) {
            command(supervision, CONTROL_PROCEED);
        } else if (bytes[index] == CONTROL_SHOWN) {
            supervision->is_shown = true;
        } else if (bytes[index] >= 1 && bytes[index] <= last_signal) {
            command(supervision, bytes[index]);
            follow_terminal(supervision, bytes[index]);
        }
    }
    return count > 0;
}

/*
 * Not before the job has started: what a relay has read of the caller's input is lost to the next try if the set-up
 * fails. Without memory for the counters nothing is relayed, which would go around its caps, and the job is ended. One
 * of many jobs has its counters already.
 */
static void begin_relaying(struct supervision *supervision)
{
    struct streams *streams = supervision->streams;
    const long shared = supervision->channel->is_framed ? 0 : share_traffic(streams, supervision->instruction, NULL);
    if (shared >= 0) {
        start_relays(streams);
        start_terminal(streams);
        return;
    }
    streams->lost[1] = (int)-shared;
    begin_killing(supervision);
}

/* False when the first process has ended, which closes its end of the pipe. */
static bool take_report(struct supervision *supervision)
{
    struct report report;
    const long count = kernel_call(__NR_read, supervision->report, &report, sizeof report);
    if (count == -EINTR)
        return true;
    if (count != (long)sizeof report)
        return false;
    switch (report.kind) {
    case report_failed:
        tell_failure(supervision->channel, "failed", &report);
        supervision->phase = phase_over;
        break;
    case report_exec_failed:
        tell_failure(supervision->channel, "exec-failed", &report);
        supervision->phase = phase_over;
        break;
    case report_ready:
        tell_ready(supervision->channel, &report);
        supervision->phase = phase_over;
        break;
    case report_started:
        supervision->is_started = true;
        begin_relaying(supervision);
        tell_number(supervision->channel, "started", "pid", report.pid);
        tell_published(supervision->channel, supervision->courier, supervision->instruction->published_count);
        break;
    case report_setup_ended:
        tell_setup_end(supervision->channel, &report);
        break;
    case report_ended:
        tell_end(supervision->channel, &report);
        supervision->phase = phase_over;
        break;
    default:
        break;
    }
    return true;
}

static const struct __kernel_timespec *time_left(const struct supervision *supervision, struct __kernel_timespec *left)
{
    const int64_t due_ms = when_due_ms(supervision);
    if (due_ms == 0)
        return NULL;
    int64_t milliseconds = due_ms - monotonic_ms();
    if (milliseconds < 0)
        milliseconds = 0;
    left->tv_sec = milliseconds / 1000;
    left->tv_nsec = (milliseconds % 1000) * 1000000;
    return left;
}

/* What is looked at while a job runs, and while its output is on its way. */
enum { watched_control, watched_report, watched_output, watched_errors, watched_excess, watched_count };

/* The end of the other side, told apart from what it sends (poll(2), Linux 2.6.17). */
enum { poll_hung_up = 0x2000 /* POLLRDHUP */ };

static short control_events(const struct supervision *supervision)
{
    return supervision->is_control_quiet ? poll_hung_up : POLLIN;
}

static void pass_output(const struct supervision *supervision, struct pollfd *watched)
{
    for (int index = 1; index <= 2; index++) {
        struct pollfd *output = &watched[watched_report + index];
        if (output->revents != 0)
            pass_captured(supervision->streams, supervision->channel, index);
        output->fd = supervision->streams->captured[index];
    }
}

static bool is_alone(struct supervision *supervision)
{
    return supervision->is_control_quiet || !obey(supervision);
}

static bool is_due(const struct supervision *supervision)
{
    const int64_t due_ms = when_due_ms(supervision);
    return due_ms != 0 && monotonic_ms() >= due_ms;
}

static void watch_first_process(struct supervision *supervision)
{
    struct pollfd watched[watched_count] = {
        {.fd = supervision->control, .events = control_events(supervision)},
        {.fd = supervision->report, .events = POLLIN},
        {.fd = supervision->streams->captured[1], .events = POLLIN},
        {.fd = supervision->streams->captured[2], .events = POLLIN},
        {.fd = -1, .events = POLLIN},
    };
    for (;;) {
        struct __kernel_timespec left;
        const long ready = kernel_call(__NR_ppoll, watched, watched_count, time_left(supervision, &left), NULL, 0);
        if (ready == 0)
            meet_deadline(supervision);
        if (ready <= 0)
            continue;
        pass_output(supervision, watched);
        /* Reports first: what has happened is told before what is wanted next. */
        if (watched[watched_report].revents != 0 && !take_report(supervision))
            return;
        /* A resident has others to run: it reaps the first process when it comes to it. */
        if (supervision->channel->is_framed && supervision->phase == phase_over)
            return;
        /* There is none before the first relay starts, and one such message is enough. */
        watched[watched_excess].fd = supervision->phase == phase_running ? supervision->streams->excess : -1;
        end_at_output_max(supervision);
        if (watched[watched_control].revents != 0 && is_alone(supervision)) {
            begin_killing(supervision);
            supervision->is_orphaned = true;
            watched[watched_control].fd = -1;
        }
        /*
         * A job that never stops writing keeps the wait from ever coming to its end. But what it did in time counts,
         * though this process came to it late: the reports were taken first.
         */
        if (supervision->phase != phase_over && is_due(supervision))
            meet_deadline(supervision);
    }
}

static bool is_output_done(struct streams *streams)
{
    bool is_done = true;
    for (int index = 1; index < relay_count; index++)
        is_done = reap_relay(streams, index) && is_done;
    return is_done;
}

/*
 * Whoever traces this process has what goes by way of cupel as well, and waits for our end: so it is shut down (it is a
 * socket), and not only closed. cupel then says when all of it is shown.
 */
static bool is_all_shown(const struct supervision *supervision)
{
    struct terminal *terminal = &supervision->streams->terminal;
    if (!is_output_done(supervision->streams))
        return false;
    if (terminal->output >= 0)
        kernel_call(__NR_shutdown, terminal->output, 1 /* SHUT_WR */);
    close_descriptor(terminal->output);
    terminal->output = -1;
    return supervision->is_shown;
}

/*
 * The job is over; what it wrote may still be on its way to a slow reader. That may take as long as the job itself
 * might have; a signal, cupel's end or its wish cuts it short at once.
 */
static void drain_relays(struct supervision *supervision)
{
    const uint64_t child_signal = 1ULL << (signal_child - 1);
    const int notices =
        (int)kernel_call(__NR_signalfd4, -1, &child_signal, sizeof child_signal, O_CLOEXEC | O_NONBLOCK);
    struct pollfd watched[2] = {
        {.fd = supervision->control, .events = POLLIN},
        {.fd = notices, .events = POLLIN},
    };
    for (;;) {
        struct __kernel_timespec rest;
        if (is_all_shown(supervision) ||
            kernel_call(__NR_ppoll, watched, 2, time_left(supervision, &rest), NULL, 0) == 0)
            break;
        unsigned char notice[128];
        while (kernel_call(__NR_read, notices, notice, sizeof notice) > 0)
            continue;
        if (watched[0].revents != 0 && (!obey(supervision) || supervision->is_kill_wished))
            break;
    }
    for (int index = 1; index < relay_count; index++)
        kill_relay(supervision->streams, index);
    close_descriptor(notices);
}

/* Whoever could write to these pipes is dead or dying; what does not come to its end in time is given up. */
static void drain_captured(struct supervision *supervision)
{
    struct streams *streams = supervision->streams;
    supervision->deadline_ms = monotonic_ms() + last_resort_ms;
    while (streams->captured[1] >= 0 || streams->captured[2] >= 0) {
        struct pollfd watched[watched_count] = {
            {.fd = supervision->control, .events = poll_hung_up},
            {.fd = -1},
            {.fd = streams->captured[1], .events = POLLIN},
            {.fd = streams->captured[2], .events = POLLIN},
            {.fd = -1},
        };
        struct __kernel_timespec rest;
        const long ready = kernel_call(__NR_ppoll, watched, watched_count, time_left(supervision, &rest), NULL, 0);
        if (ready == 0 || is_due(supervision) || (ready > 0 && watched[watched_control].revents != 0))
            break;
        pass_output(supervision, watched);
    }
    for (int index = 1; index <= 2; index++) {
        if (streams->captured[index] >= 0)
            streams->lost[index] = EINTR;
        close_descriptor(streams->captured[index]);
    }
}

static void drain_output(struct supervision *supervision)
{
    supervision->phase = phase_over;
    if (supervision->is_cut_short)
        supervision->deadline_ms = monotonic_ms() + last_resort_ms;
    if (supervision->channel->is_framed)
        drain_captured(supervision);
    else
        drain_relays(supervision);
}

/* Cuts the end off at which nothing is said, and gives where the last line begins. */
static char *find_last_line(char *words, long length)
{
    while (length > 0 && words[length - 1] == '\n')
        length--;
    words[length > 0 ? length : 0] = '\0';
    char *line = words;
    for (char *at = words; *at != '\0'; at++)
        if (*at == '\n')
            line = at + 1;
    return line;
}

/* Where help is to be had: what Docker's client says behind every failure. */
static bool is_advice(const char *line)
{
    static const char run[] = "Run 'docker ", see[] = "See 'docker ";
    const size_t length = strlen(line);
    return length >= sizeof run && (memcmp(line, run, sizeof run - 1) == 0 || memcmp(line, see, sizeof see - 1) == 0);
}

/* Its last line: what made it give up. */
static void tell_what_the_maker_said(const struct supervision *supervision, int status)
{
    char words[subject_bytes];
    const long size = kernel_call(__NR_lseek, supervision->maker_errors, 0, 2 /* SEEK_END */);
    const long room = (long)sizeof words - 1;
    const long from = size > room ? size - room : 0;
    char *line = find_last_line(words, kernel_call(__NR_pread64, supervision->maker_errors, words, room, from));
    if (is_advice(line))
        line = find_last_line(words, line - words);
    tell_maker_failure(supervision->channel, status, line);
}

/* Where somebody ended an engine's keeper, what that kept has come to this process (PR_SET_CHILD_SUBREAPER). */
static void end_what_was_kept(const struct supervision *supervision)
{
    enum { own_others = 2 };
    long own[relay_count + own_others] = {supervision->courier->pid, supervision->layer_pid};
    memcpy(own + own_others, supervision->streams->relay_pids, sizeof supervision->streams->relay_pids);
    end_other_children(own, sizeof own / sizeof *own);
}

static void await_first_process(const struct supervision *supervision)
{
    int status = 0;
    if (supervision->channel->is_framed && supervision->phase == phase_over)
        return;
    kernel_call(__NR_wait4, supervision->first_pid, &status, 0, NULL);
    if (has_engine(supervision->instruction))
        end_what_was_kept(supervision);
    if (has_daemon(supervision->instruction))
        put_away_what_was_left(supervision->launch);
    if (supervision->phase == phase_over)
        return;
    /* A first process that keeps a kernel of the job's own ends by itself where that has ended, at any time. */
    const bool has_left = supervision->instruction->has_guest && (status & 0x7f) == 0;
    /* It said nothing of an end, so something ended it: the out-of-memory killer, say. */
    if (!has_other_program(supervision->instruction) || (supervision->is_started && !has_left))
        tell_number(supervision->channel, "lost", "status", status);
    else
        tell_what_the_maker_said(supervision, status);
}

/* Follows a job to its end and tells of it; false when cupel itself has ended meanwhile. */
bool supervise(const struct supervised *given)
{
    const struct instruction *instruction = given->launch->instruction;
    struct streams *streams = given->launch->streams;
    const int64_t began_ms = monotonic_ms();
    struct supervision supervision = {
        .launch = given->launch,
        .instruction = instruction,
        .streams = streams,
        .courier = given->launch->courier,
        .channel = &given->channel,
        .control = given->control,
        .is_control_quiet = given->is_control_quiet,
        .report = given->report,
        .command = given->command,
        .first_pid = given->first_pid,
        .layer_pid = given->launch->layer == NULL ? 0 : given->launch->layer->server_pid,
        .maker_errors = given->launch->maker_errors,
        .phase = phase_running,
        .is_shown = streams->terminal.output < 0,
        .allowance = {.instruction = instruction,
                      .streams = streams,
                      .cpu_descriptor = given->launch->cpu_descriptor,
                      .began_ms = began_ms,
                      .cpu_look_ms = began_ms},
        .deadline_ms = instruction->timeout_ms == 0 ? 0 : began_ms + (int64_t)instruction->timeout_ms,
    };
    watch_first_process(&supervision);
    await_first_process(&supervision);
    const bool is_served = given->launch->layer != NULL && given->launch->layer->server_pid > 0;
    const long served = is_served ? end_layer_server(given->launch->layer, !supervision.is_orphaned) : 0;
    const int courier_status = end_courier(given->launch->courier, !supervision.is_orphaned);
    if (courier_status != 0)
        tell_number(&given->channel, "courier-lost", "status", courier_status);
    if (!end_terminal(streams))
        kill_relay(streams, 0);
    drain_output(&supervision);
    leave_terminal(streams);
    /* cupel made the job's control groups and would have removed them. */
    if (supervision.is_orphaned) {
        remove_control_groups(given->launch);
    } else {
        is_told_of_excess(&supervision);
        if (is_served)
            tell_number(&given->channel, "layer-kept", "errno", -served);
        if (find_sized_layer(instruction) != NULL)
            tell_number(&given->channel, "layer-kept", "errno", -keep_layer(given->launch));
        tell_streams(&given->channel, streams);
    }
    close_descriptor(given->launch->cpu_descriptor);
    return !supervision.is_orphaned;
}
