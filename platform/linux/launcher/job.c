/*
 * The job's own process, a child of the first one: it takes its streams, its terminal and its descriptors, leaves all
 * else, and executes the command as a shell would find it.
 */
#include "maker.h"

#include <linux/fcntl.h>
#include <linux/prctl.h>
#include <linux/sched.h>

enum { signal_kill = 9, signal_stop = 19, signals = 64 };

static void must(const struct launch *launch, long result, int step, const char *subject)
{
    if (result < 0)
        fail_launch(launch, step, result, subject);
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

/* The filters of a confined job, while the way to whoever answers for it is open. */
static void load_own_filters(const struct launch *launch, int channel)
{
    ask_about_changes(launch, channel);
    load_filter(launch, &launch->instruction->seccomp);
}

__attribute__((noreturn)) static void become_job(const struct launch *launch, char **arguments, int channel)
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
    if (launch->is_guest)
        leave_first_identity(launch);
    enter_landlock(launch);
    if (is_confined(launch->instruction))
        load_own_filters(launch, channel);
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

bool is_setup(const struct launch *launch, char **arguments)
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

long start_job(const struct launch *launch, char **arguments)
{
    int ends[2];
    must(launch, kernel_call(__NR_pipe2, ends, O_CLOEXEC), step_fork, "pipe");
    int channel[2] = {-1, -1};
    if (is_confined(launch->instruction))
        must(launch, offer_questions(channel), step_fork, "socketpair");
    const long pid = fork_process();
    must(launch, pid, step_fork, "clone");
    if (pid == 0) {
        close_descriptor(ends[0]);
        struct launch own = *launch;
        own.failure_descriptor = ends[1];
        if (is_setup(launch, arguments))
            leave_input(&own);
        become_job(&own, arguments, channel[0]);
    }
    close_descriptor(ends[1]);
    close_descriptor(channel[0]);
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
    if (is_confined(launch->instruction))
        take_questions(channel[1]);
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
