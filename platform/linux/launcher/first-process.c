/*
 * The first process of the sandbox. It builds the sandbox around itself, gives up every privilege, starts the job as
 * its child and stays to reap: a job that is PID 1 itself would ignore SIGTERM and turn abort() into SIGSEGV. When it
 * ends, the kernel ends whatever is left of its PID namespace (pid_namespaces(7)).
 */
#include "../shared/append.h"
#include "maker.h"

#include <asm/statfs.h>
#include <linux/fcntl.h>
#include <linux/magic.h>
#include <linux/poll.h>
#include <linux/prctl.h>
#include <linux/resource.h>
#include <linux/sched.h>
#include <linux/time_types.h>

enum { signal_hang_up = 1, signal_interrupt = 2, signal_quit = 3, signal_kill = 9, signal_terminate = 15 };
enum { signal_child = 17, wait_no_hang = 1 };

static void sweep(void)
{
    if (has_own_domain()) {
        end_domain();
        return;
    }
    /* A child that forks faster than this kills is what `process` does not promise to end. */
    end_children();
}

/* An overlay's is what its layer's file system has left. */
static bool note_full(const struct launch *launch, struct report *report, const char *path, long type)
{
    struct statfs status = {0};
    char seen[4096];
    if (strlen(path) + sizeof GUEST_ROOT > sizeof seen)
        return false;
    append_text(append_text(seen, starts_guest(launch) ? GUEST_ROOT : ""), path);
    if (kernel_call(__NR_statfs, seen, &status) < 0 || status.f_type != type ||
        (status.f_bfree > 0 && status.f_ffree > 0))
        return false;
    copy_subject(report, path);
    report->full_bytes = (uint64_t)status.f_blocks * (uint64_t)status.f_bsize;
    report->free_bytes = (uint64_t)status.f_bfree * (uint64_t)status.f_bsize;
    report->files = (uint64_t)status.f_files;
    report->free_files = (uint64_t)status.f_ffree;
    return true;
}

/* Looked at when the job has ended: what ran full and was emptied again by then, nobody has seen. */
static void find_full_file_system(const struct launch *launch, struct report *report)
{
    const struct instruction *instruction = launch->instruction;
    /* What is around the job's root is not the job's to fill. */
    const size_t count = instruction->has_guest ? instruction->around_from : instruction->root_count;
    for (size_t index = 0; index < count; index++) {
        const struct root_step *step = &instruction->root[index];
        const bool is_writable = step->kind == record_tmpfs && (step->bits & step_bit_writable) != 0;
        if (is_writable && note_full(launch, report, step->destination, TMPFS_MAGIC))
            return;
        if (step->kind == record_devices && note_full(launch, report, "/dev/shm", TMPFS_MAGIC))
            return;
        if (step->kind == record_overlay && step->size > 0 &&
            note_full(launch, report, step->destination, OVERLAYFS_SUPER_MAGIC))
            return;
    }
}

/* Of what has run since then. */
static struct report end_since(const struct launch *launch, int kind, int status, int64_t started_us)
{
    struct rusage usage = {0};
    const int64_t ended_us = monotonic_us();
    kernel_call(__NR_getrusage, RUSAGE_CHILDREN, &usage);
    if ((launch->instruction->namespaces & CLONE_NEWPID) == 0)
        sweep();
    return (struct report){
        .kind = kind,
        .status = status,
        .setup_us = started_us - launch->began_us,
        .wall_us = ended_us - started_us,
        .user_us = (int64_t)usage.ru_utime.tv_sec * 1000000 + usage.ru_utime.tv_usec,
        .system_us = (int64_t)usage.ru_stime.tv_sec * 1000000 + usage.ru_stime.tv_usec,
        .max_rss_bytes = (int64_t)usage.ru_maxrss * 1024,
        .read_blocks = usage.ru_inblock,
        .written_blocks = usage.ru_oublock,
    };
}

__attribute__((noreturn)) static void report_end(const struct launch *launch, int status, int64_t started_us)
{
    struct report report = end_since(launch, report_ended, status, started_us);
    find_full_file_system(launch, &report);
    send_report(launch, &report);
    leave(0);
}

/* Of a job on a kernel of its own: what was used up is what that program has used, with everything in it. */
__attribute__((noreturn)) void report_guest_end(const struct launch *launch, const struct report *end)
{
    struct report report = end_since(launch, report_ended, end->status, monotonic_us());
    report.setup_us = end->setup_us;
    report.wall_us = end->wall_us;
    find_full_file_system(launch, &report);
    send_report(launch, &report);
    leave(0);
}

/*
 * Whether -1 is everything in our PID namespace, or our Landlock domain, but ourselves; otherwise it would be
 * everything we may signal. What was asked for is not enough to go by: after a mistake elsewhere that would be every
 * process of this machine.
 */
static bool is_alone(const struct launch *launch)
{
    const bool is_first = (launch->instruction->namespaces & CLONE_NEWPID) != 0 && kernel_call(__NR_getpid) == 1;
    return is_first || has_own_domain();
}

static void kill_job(const struct launch *launch, long job)
{
    const bool alone = is_alone(launch);
    kernel_call(__NR_kill, alone ? -1 : -job, signal_kill);
    if (!alone)
        kernel_call(__NR_kill, job, signal_kill);
}

/* The launcher is gone, and nobody is left to tell; or the keeper of an engine, which would end what this one cannot.
 */
__attribute__((noreturn)) static void end_untold(const struct launch *launch, long job)
{
    kill_job(launch, job);
    if ((launch->instruction->namespaces & CLONE_NEWPID) == 0)
        sweep();
    leave(1);
}

static void obey(const struct launch *launch, long job)
{
    unsigned char commands[64];
    const long count = kernel_call(__NR_read, launch->command_descriptor, commands, sizeof commands);
    if (count == -EINTR || count == -EAGAIN)
        return;
    if (count <= 0)
        end_untold(launch, job);
    for (long index = 0; index < count; index++) {
        if (commands[index] == CONTROL_KILL)
            kill_job(launch, job);
        else
            kernel_call(__NR_kill, -job, commands[index]);
    }
}

/* Whether the job has ended; `status` is how. */
static bool reap(long job, int *status)
{
    for (;;) {
        const long pid = kernel_call(__NR_wait4, -1, status, wait_no_hang, NULL);
        if (pid == job)
            return true;
        if (pid > 0)
            replace_successor(pid);
        if (pid <= 0 && pid != -EINTR)
            return false;
    }
}

/* Until the job has ended; gives how it did. */
static int watch(const struct launch *launch, long job)
{
    const uint64_t child_signal = 1ULL << (signal_child - 1);
    const int notices =
        (int)kernel_call(__NR_signalfd4, -1, &child_signal, sizeof child_signal, O_CLOEXEC | O_NONBLOCK);
    struct pollfd watched[5] = {
        {.fd = launch->command_descriptor, .events = POLLIN},
        {.fd = notices, .events = POLLIN},
        {.fd = launch->courier->channel[1], .events = POLLIN},
        {.fd = questions_descriptor(), .events = POLLIN},
        {.fd = launch->joining, .events = POLLIN},
    };
    int status;
    while (!reap(job, &status)) {
        kernel_call(__NR_ppoll, watched, 5, NULL, NULL, 0);
        if (watched[4].revents != 0)
            end_untold(launch, job);
        if (watched[0].revents != 0)
            obey(launch, job);
        if (watched[2].revents != 0 && !offer_socket(watched[2].fd))
            watched[2].fd = -1;
        if ((watched[3].revents & POLLIN) != 0)
            answer_question(launch);
        /* Nobody is left who could ask. */
        if ((watched[3].revents & (POLLHUP | POLLERR)) != 0 || questions_descriptor() < 0)
            watched[3].fd = -1;
        unsigned char notice[128];
        while (kernel_call(__NR_read, notices, notice, sizeof notice) > 0)
            continue;
    }
    close_descriptor(notices);
    return status;
}

/* Nothing that the set-up command started sees the job: what it had of the network, or listens to, goes with it. */
static void end_all_others(const struct launch *launch)
{
    if (is_alone(launch))
        end_domain();
    else
        sweep();
}

/* cupel changes what the proxy lets through, and says when it has. Whatever asks for an end has it: nothing runs. */
static void await_word(const struct launch *launch, int64_t started_us)
{
    for (;;) {
        unsigned char word;
        const long count = kernel_call(__NR_read, launch->command_descriptor, &word, 1);
        if (count == -EINTR)
            continue;
        if (count != 1)
            leave(1);
        if (word == CONTROL_PROCEED)
            return;
        if (word == CONTROL_KILL)
            word = signal_kill;
        if (word == signal_hang_up || word == signal_interrupt || word == signal_quit || word == signal_terminate ||
            word == signal_kill)
            report_end(launch, word, started_us);
    }
}

/* In the same sandbox, before the job; a failure is the end of both. Gives how long it took. */
static int64_t run_setup(const struct launch *launch)
{
    const int64_t started_us = monotonic_us();
    const int status = watch(launch, start_job(launch, launch->instruction->setup));
    if (status != 0)
        report_end(launch, status, started_us);
    end_all_others(launch);
    const struct report report = end_since(launch, report_setup_ended, 0, started_us);
    /* Behind the last sweep, which would have ended it with all others. */
    start_successor(launch);
    send_report(launch, &report);
    await_word(launch, started_us);
    return monotonic_us() - started_us;
}

/* How cupel was started, and as which process, is nothing to the job. The words lie in our own copy of the stack. */
static void forget_words(char **words)
{
    static const char name[] = "cupel";
    for (char **word = words; *word != NULL; word++) {
        const size_t length = strlen(*word);
        memset(*word, 0, length);
        /* The first is the name; it may be shorter than ours, and is then cut. */
        if (word == words)
            memcpy(*word, name, length < sizeof name ? length : sizeof name);
    }
    kernel_call(__NR_prctl, PR_SET_NAME, name, 0, 0, 0);
}

__attribute__((noreturn)) void first_process(struct launch *launch)
{
    forget_words(launch->words);
    close_descriptor(launch->cpu_descriptor);
    leave_callers_streams(launch->streams, launch->control, launch->events);
    close_descriptor(launch->courier->life[1]);
    if ((launch->instruction->namespaces & CLONE_NEWPID) == 0)
        kernel_call(__NR_prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    launch->own_process_descriptor =
        (int)kernel_call(__NR_openat, AT_FDCWD, "/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
    const bool is_covering = build_sandbox(launch);
    if (starts_guest(launch))
        keep_guest(launch, is_covering);
    if (has_option(launch->instruction, option_rehearsal))
        report_rehearsal(launch, is_covering);
    start_successor(launch);
    /* What the set-up command takes is neither the sandbox's set-up nor the job. */
    if (launch->instruction->setup != NULL)
        launch->began_us += run_setup(launch);
    const int64_t started_us = monotonic_us();
    const int status = watch(launch, start_job(launch, launch->instruction->arguments));
    report_end(launch, status, started_us);
}
