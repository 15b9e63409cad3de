/*
 * The first process of the sandbox. It builds the sandbox around itself, gives up every privilege, starts the job as
 * its child and stays to reap: a job that is PID 1 itself would ignore SIGTERM and turn abort() into SIGSEGV. When it
 * ends, the kernel ends whatever is left of its PID namespace (pid_namespaces(7)).
 */
#include "launcher.h"

#include <asm/statfs.h>
#include <linux/fcntl.h>
#include <linux/magic.h>
#include <linux/poll.h>
#include <linux/prctl.h>
#include <linux/resource.h>
#include <linux/sched.h>
#include <linux/time_types.h>

enum { signal_hang_up = 1, signal_interrupt = 2, signal_quit = 3, signal_kill = 9, signal_terminate = 15 };
enum { signal_child = 17, signal_stop = 19, signals = 64, wait_no_hang = 1 };

static void must(const struct launch *launch, long result, int step, const char *subject)
{
    if (result < 0)
        fail_launch(launch, step, result, subject);
}

static void set_resource_limits(const struct launch *launch)
{
    const struct instruction *instruction = launch->instruction;
    for (size_t index = 0; index < instruction->resource_limit_count; index++) {
        const struct resource_limit *limit = &instruction->resource_limits[index];
        uint64_t values[2];
        must(launch, kernel_call(__NR_prlimit64, 0, limit->resource, NULL, values), step_resource_limit, "getrlimit");
        /* A limit that is lower already keeps the promise too, and only root may raise it. */
        values[1] = limit->hard < values[1] ? limit->hard : values[1];
        values[0] = limit->soft < values[1] ? limit->soft : values[1];
        must(launch, kernel_call(__NR_prlimit64, 0, limit->resource, values, NULL), step_resource_limit, "setrlimit");
    }
}

/* The namespaces and the root; true where the host's root stays below the new one. */
static bool enter_sandbox(const struct launch *launch)
{
    const struct instruction *instruction = launch->instruction;
    const uint64_t namespaces = instruction->namespaces;
    const bool fresh = has_option(instruction, option_fresh_identity);
    join_control_groups(launch);
    if ((namespaces & CLONE_NEWUSER) != 0 && !fresh)
        map_own_ids(launch, instruction->outside_uid, instruction->outside_gid);
    /* Only now is this process in its own cgroup, which becomes the root of what the job sees. */
    if ((namespaces & CLONE_NEWCGROUP) != 0)
        must(launch, kernel_call(__NR_unshare, CLONE_NEWCGROUP), step_cgroup_namespace, "");
    bool is_covering = false;
    if (launch->is_root_shared)
        build_own_part(launch);
    else if (instruction->root_count > 0)
        is_covering = build_root(launch);
    const uint64_t prepared = launch->prepared_namespaces;
    if (instruction->hostname != NULL && (prepared & CLONE_NEWUTS) == 0)
        must(launch, set_hostname(instruction), step_hostname, instruction->hostname);
    if (has_option(instruction, option_loopback_up) && (prepared & CLONE_NEWNET) == 0)
        must(launch, bring_loopback_up(), step_loopback, "lo");
    return is_covering;
}

static bool build_sandbox(const struct launch *launch)
{
    const struct instruction *instruction = launch->instruction;
    const bool is_covering = launch->is_made ? false : enter_sandbox(launch);
    if (instruction->listener_count > 0)
        must(launch, offer_listeners(launch), step_proxy, "127.0.0.1");
    struct courier *courier = launch->courier;
    if (instruction->published_count == 0)
        leave_listeners(courier);
    else
        must(launch, courier->channel[1] = leave_numbers_of_memory(courier->channel[1]), step_descriptor, "");
    /* While it may: a job that is the caller has them already. */
    if (has_option(instruction, option_fresh_identity) && !launch->is_made) {
        give_streams(launch->streams, instruction->outside_uid, instruction->outside_gid);
        take_fresh_identity(launch);
    }
    if (has_option(instruction, option_terminal))
        must(launch, make_terminal(launch->streams), step_terminal, "/dev/ptmx");
    /* As the job's user, so that a directory which that user may not enter is found out here. */
    must(launch, kernel_call(__NR_chdir, instruction->directory), step_working_directory, instruction->directory);
    kernel_call(__NR_umask, instruction->umask);
    /* Before the caps on open files, and before a filter that may not let any memory have a descriptor. */
    must(launch, make_contents(instruction), step_descriptor, "");
    set_resource_limits(launch);
    give_up_privileges(launch);
    return is_covering;
}

static uint64_t namespace_inode(const struct launch *launch, const char *name)
{
    char text[64];
    const long length = kernel_call(__NR_readlinkat, launch->own_process_descriptor, name, text, sizeof text - 1);
    uint64_t inode = 0;
    for (long index = 0; index < length; index++)
        if (text[index] >= '0' && text[index] <= '9')
            inode = inode * 10 + (uint64_t)(text[index] - '0');
    return inode;
}

__attribute__((noreturn)) static void report_rehearsal(const struct launch *launch, bool is_covering)
{
    static const char *const names[namespace_kinds] = {"ns/user", "ns/mnt",    "ns/pid", "ns/ipc",
                                                       "ns/uts",  "ns/cgroup", "ns/net"};
    struct report report = {.kind = report_ready, .is_covering = is_covering};
    for (int index = 0; index < namespace_kinds; index++)
        report.namespaces[index] = namespace_inode(launch, names[index]);
    send_report(launch, &report);
    leave(0);
}

static const char *find_variable(char **environment, const char *name)
{
    const size_t length = strlen(name);
    for (; *environment != NULL; environment++)
        if (strlen(*environment) > length && memcmp(*environment, name, length) == 0 && (*environment)[length] == '=')
            return *environment + length + 1;
    return NULL;
}

static bool has_slash(const char *name)
{
    while (*name != '\0')
        if (*name++ == '/')
            return true;
    return false;
}

/* Puts the next "DIRECTORY/NAME" of a PATH into `path`; an empty element is the current directory (exec(3)). */
static const char *next_candidate(const char *rest, const char *name, char path[4096])
{
    size_t length = 0;
    while (rest[length] != '\0' && rest[length] != ':')
        length++;
    const size_t tail = strlen(name);
    if (length + tail + 2 <= 4096) {
        memcpy(path, rest, length);
        if (length > 0)
            path[length++] = '/';
        memcpy(path + length, name, tail + 1);
    }
    while (*rest != '\0' && *rest != ':')
        rest++;
    return *rest == ':' ? rest + 1 : NULL;
}

/* By path, in the job's root: opened before that root was entered it would be a file of the host's, granted or not. */
static long execute_path(const struct instruction *instruction, char **arguments, const char *path)
{
    return kernel_call(__NR_execve, path, arguments, instruction->environment);
}

static void copy_path(char to[4096], const char *from)
{
    memcpy(to, from, strlen(from) + 1);
}

/*
 * Executes along PATH as a shell does: a denial is remembered, and said only if nothing better is found. `tried` is
 * what the errno is about: the program that was denied, or the name that was not found.
 */
static long execute(const struct instruction *instruction, char **arguments, char tried[4096])
{
    const char *name = arguments[0];
    if (strlen(name) >= 4096)
        return -ENAMETOOLONG;
    copy_path(tried, name);
    if (has_slash(name))
        return execute_path(instruction, arguments, name);
    const char *rest = find_variable(instruction->environment, "PATH");
    long denied = -ENOENT;
    char path[4096] = "";
    while (rest != NULL) {
        rest = next_candidate(rest, name, path);
        const long result = execute_path(instruction, arguments, path);
        if (result == -ENOENT || result == -ENOTDIR)
            continue;
        copy_path(tried, path);
        if (result != -EACCES)
            return result;
        denied = -EACCES;
    }
    return denied;
}

struct exec_failure {
    int32_t error;
    char path[subject_bytes];
};

struct signal_action {
    void *handler;
    unsigned long flags;
    void *restorer;
    uint64_t mask;
};

/* What was ignored or blocked outside must not be so inside: a shell in a pipeline leaves both behind. */
void leave_signals(void)
{
    const struct signal_action standard = {0};
    for (int number = 1; number <= signals; number++)
        if (number != signal_stop)
            kernel_call(__NR_rt_sigaction, number, &standard, NULL, sizeof standard.mask);
    const uint64_t none = 0;
    kernel_call(__NR_rt_sigprocmask, 2 /* SIG_SETMASK */, &none, NULL, sizeof none);
}

/* Whoever traces the launcher knows by the refusal for SIGSTOP that what fails from here on is the job's. */
static void tell_tracer(void)
{
    const struct signal_action standard = {0};
    kernel_call(__NR_rt_sigaction, signal_stop, &standard, NULL, sizeof standard.mask);
}

/* Standard streams to 0, 1, 2; first out of the way, since they may lie on each other's numbers. */
static void place_streams(const struct streams *streams)
{
    int moved[3];
    for (int index = 0; index < 3; index++)
        moved[index] = (int)kernel_call(__NR_fcntl, streams->job[index], F_DUPFD_CLOEXEC, 10);
    for (int index = 0; index < 3; index++)
        kernel_call(__NR_dup3, moved[index], index, 0);
}

__attribute__((noreturn)) static void become_job(const struct launch *launch, char **arguments)
{
    const int failure_descriptor = leave_numbers_to_contents(launch->instruction, launch->failure_descriptor);
    must(launch, failure_descriptor, step_descriptor, "");
    const bool alone = (launch->instruction->namespaces & CLONE_NEWPID) != 0;
    if (!alone)
        kernel_call(__NR_prctl, PR_SET_PDEATHSIG, signal_kill, 0, 0, 0);
    /* A session of its own has no controlling terminal, so there is none to push input into, but one of its own. */
    kernel_call(__NR_setsid);
    if (has_option(launch->instruction, option_terminal))
        must(launch, take_terminal(launch->streams), step_terminal, "controlling terminal");
    place_streams(launch->streams);
    enter_landlock(launch);
    must(launch, place_contents(launch->instruction), step_descriptor, "");
    /* All but those and the way to tell that it cannot be executed. */
    must(launch, close_all_but(launch->instruction, failure_descriptor), step_standard_streams, "close_range");
    leave_signals();
    tell_tracer();
    struct exec_failure failure = {0};
    char path[4096] = "";
    failure.error = (int32_t)-execute(launch->instruction, arguments, path);
    for (size_t index = 0; index < subject_bytes - 1 && path[index] != '\0'; index++)
        failure.path[index] = path[index];
    kernel_call(__NR_write, failure_descriptor, &failure, sizeof failure);
    leave(127);
}

static bool is_setup(const struct launch *launch, char **arguments)
{
    return arguments == launch->instruction->setup;
}

/* What comes in is for the job. In the child that becomes the set-up command. */
static void leave_input(const struct launch *launch)
{
    const long nothing = kernel_call(__NR_openat, AT_FDCWD, "/dev/null", O_RDONLY | O_CLOEXEC, 0);
    must(launch, nothing, step_standard_streams, "/dev/null");
    launch->streams->job[0] = (int)nothing;
}

static long start_job(const struct launch *launch, char **arguments)
{
    int ends[2];
    must(launch, kernel_call(__NR_pipe2, ends, O_CLOEXEC), step_fork, "pipe");
    const long pid = fork_process();
    must(launch, pid, step_fork, "clone");
    if (pid == 0) {
        close_descriptor(ends[0]);
        struct launch own = *launch;
        own.failure_descriptor = ends[1];
        if (is_setup(launch, arguments))
            leave_input(&own);
        become_job(&own, arguments);
    }
    close_descriptor(ends[1]);
    if (!is_setup(launch, arguments))
        close_job_ends(launch->streams);
    struct exec_failure failure;
    long count;
    do
        count = kernel_call(__NR_read, ends[0], &failure, sizeof failure);
    while (count == -EINTR);
    close_descriptor(ends[0]);
    /* It has told what failed before it came to the execution. */
    if (count == 1)
        leave(0);
    struct report report = {.kind = report_started, .pid = pid};
    if (count == (long)sizeof failure) {
        report.kind = report_exec_failed;
        report.error = failure.error;
        copy_subject(&report, failure.path);
    }
    const bool is_told = !launch->is_one_of_many && (launch->instruction->setup == NULL || is_setup(launch, arguments));
    if (is_told || report.kind == report_exec_failed)
        send_report(launch, &report);
    if (report.kind == report_exec_failed)
        leave(0);
    return pid;
}

/* Without a PID namespace: what the job left behind has come to us (PR_SET_CHILD_SUBREAPER), so end it by name. */
static bool kill_children(void)
{
    char text[4096];
    const long file = kernel_call(__NR_openat, AT_FDCWD, "/proc/thread-self/children", O_RDONLY | O_CLOEXEC, 0);
    const long length = file < 0 ? file : kernel_call(__NR_read, file, text, sizeof text);
    close_descriptor((int)file);
    long pid = 0;
    for (long index = 0; index < length; index++) {
        if (text[index] >= '0' && text[index] <= '9') {
            pid = pid * 10 + (text[index] - '0');
        } else if (pid > 0) {
            kernel_call(__NR_kill, pid, signal_kill);
            pid = 0;
        }
    }
    return kernel_call(__NR_wait4, -1, NULL, wait_no_hang, NULL) != -ECHILD;
}

static void sweep(void)
{
    /* Bounded: a child that forks faster than this loop kills is what `process` does not promise to end. */
    for (int round = 0; round < 2000 && kill_children(); round++) {
        const struct __kernel_timespec nap = {.tv_sec = 0, .tv_nsec = 1000000};
        kernel_call(__NR_nanosleep, &nap, NULL);
    }
}

/* An overlay's is what its layer's file system has left. */
static bool note_full(struct report *report, const char *path, long type)
{
    struct statfs status = {0};
    if (kernel_call(__NR_statfs, path, &status) < 0 || status.f_type != type ||
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
static void find_full_file_system(const struct instruction *instruction, struct report *report)
{
    for (size_t index = 0; index < instruction->root_count; index++) {
        const struct root_step *step = &instruction->root[index];
        const bool is_writable = step->kind == record_tmpfs && (step->bits & step_bit_writable) != 0;
        if (is_writable && note_full(report, step->destination, TMPFS_MAGIC))
            return;
        if (step->kind == record_devices && note_full(report, "/dev/shm", TMPFS_MAGIC))
            return;
        if (step->kind == record_overlay && step->size > 0 &&
            note_full(report, step->destination, OVERLAYFS_SUPER_MAGIC))
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
    find_full_file_system(launch->instruction, &report);
    send_report(launch, &report);
    leave(0);
}

static void kill_job(const struct launch *launch, long job)
{
    /*
     * -1 is everything in our PID namespace but ourselves; without one it would be everything we may signal. What was
     * asked for is not enough to go by: after a mistake elsewhere that would be every process of this machine.
     */
    const bool alone = (launch->instruction->namespaces & CLONE_NEWPID) != 0 && kernel_call(__NR_getpid) == 1;
    kernel_call(__NR_kill, alone ? -1 : -job, signal_kill);
    if (!alone)
        kernel_call(__NR_kill, job, signal_kill);
}

static void obey(const struct launch *launch, long job)
{
    unsigned char commands[64];
    const long count = kernel_call(__NR_read, launch->command_descriptor, commands, sizeof commands);
    if (count == -EINTR || count == -EAGAIN)
        return;
    if (count <= 0) {
        /* The launcher is gone, and nobody is left to tell. */
        kill_job(launch, job);
        if ((launch->instruction->namespaces & CLONE_NEWPID) == 0)
            sweep();
        leave(1);
    }
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
    struct pollfd watched[3] = {
        {.fd = launch->command_descriptor, .events = POLLIN},
        {.fd = notices, .events = POLLIN},
        {.fd = launch->courier->channel[1], .events = POLLIN},
    };
    int status;
    while (!reap(job, &status)) {
        kernel_call(__NR_ppoll, watched, 3, NULL, NULL, 0);
        if (watched[0].revents != 0)
            obey(launch, job);
        if (watched[2].revents != 0 && !offer_socket(watched[2].fd))
            watched[2].fd = -1;
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
    if ((launch->instruction->namespaces & CLONE_NEWPID) == 0 || kernel_call(__NR_getpid) != 1) {
        sweep();
        return;
    }
    kernel_call(__NR_kill, -1, signal_kill);
    while (kernel_call(__NR_wait4, -1, NULL, 0, NULL) != -ECHILD)
        continue;
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
    if (has_option(launch->instruction, option_rehearsal))
        report_rehearsal(launch, is_covering);
    /* What the set-up command takes is neither the sandbox's set-up nor the job. */
    if (launch->instruction->setup != NULL)
        launch->began_us += run_setup(launch);
    const int64_t started_us = monotonic_us();
    const int status = watch(launch, start_job(launch, launch->instruction->arguments));
    report_end(launch, status, started_us);
}
