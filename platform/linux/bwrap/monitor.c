/* The process that stays outside: it makes the namespaces, tells of them, and ends as the command did. */
#include "bwrap.h"

#include <asm/signal.h>
#include <linux/fcntl.h>
#include <linux/prctl.h>
#include <linux/sched.h>

static void enter(const struct sandbox *sandbox)
{
    const struct options *const options = &sandbox->options;
    long result = 0;
    if (options->user_namespace != none)
        result = kernel_call(__NR_setns, options->user_namespace, CLONE_NEWUSER);
    if (result < 0)
        die_of(result, "Joining specified user namespace failed", NULL);
    /* For what is started from here on: nobody changes the PID namespace that he is in (setns(2)). */
    if (options->pid_namespace != none)
        result = kernel_call(__NR_setns, options->pid_namespace, CLONE_NEWPID);
    if (result < 0)
        die_of(result, "Setting pidns failed", NULL);
    close_descriptor(options->user_namespace);
    close_descriptor(options->pid_namespace);
}

__attribute__((noreturn)) static void explain(const struct sandbox *sandbox, long result)
{
    const bool has_user = (sandbox->options.namespaces & CLONE_NEWUSER) != 0;
    if (has_user && result == -EINVAL)
        die("Creating new namespace failed, likely because the kernel does not support user namespaces", NULL);
    if (result == -EPERM && sandbox->uid != 0)
        die("No permissions to create a new namespace, likely because the kernel does not allow non-privileged user "
            "namespaces. `cupel doctor` says why.",
            NULL);
    if (result == -ENOSPC)
        die("Creating new namespace failed: nesting depth or /proc/sys/user/max_*_namespaces exceeded (ENOSPC)", NULL);
    die_of(result, "Creating new namespace failed", NULL);
}

/* From the text of a pidfd (proc_pid_fdinfo(5)), in this process's own PID namespace. */
static long process_of(const struct sandbox *sandbox, int descriptor)
{
    const char *const name = join("self/fdinfo/", number_text((uint64_t)descriptor), NULL);
    const long file = open_process_file(sandbox, name, O_RDONLY);
    if (file < 0)
        die_of(file, "Can't open /proc/", name, NULL);
    size_t length;
    const char *at = read_whole((int)file, &length, name);
    while (*at != '\0' && !starts_with(at, "Pid:\t"))
        at++;
    long process = 0;
    for (at += *at == '\0' ? 0 : strlen("Pid:\t"); *at >= '0' && *at <= '9'; at++)
        process = process * 10 + (*at - '0');
    close_descriptor(descriptor);
    return process;
}

/*
 * Below a PID namespace that is entered, one can be made by nobody but a process that is in it (clone(2)). So there is
 * one for just that, whose child is this process's own; they share what is open, and so the handle that it gets.
 */
static long clone_from_within(const struct sandbox *sandbox, unsigned long flags)
{
    int descriptor = none;
    const long between = kernel_call(__NR_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
    if (between == 0) {
        const long child = kernel_call(__NR_clone, flags | CLONE_PARENT | CLONE_PIDFD, 0, &descriptor, 0, 0);
        if (child == 0)
            return 0;
        const struct message made = {.kind = message_made, .status = child < 0 ? (int32_t)child : descriptor};
        kernel_call(__NR_write, sandbox->told[1], &made, sizeof made);
        leave(0);
    }
    struct message made = {.status = -EAGAIN};
    if (between < 0)
        return between;
    while (kernel_call(__NR_read, sandbox->told[0], &made, sizeof made) == -EINTR)
        continue;
    wait_for(between);
    return made.status < 0 ? made.status : process_of(sandbox, made.status);
}

static long clone_sandbox(const struct sandbox *sandbox)
{
    const unsigned long flags = sandbox->options.namespaces | CLONE_NEWNS | SIGCHLD;
    if (sandbox->options.pid_namespace != none && (flags & CLONE_NEWPID) != 0)
        return clone_from_within(sandbox, flags);
    return kernel_call(__NR_clone, flags, 0, 0, 0, 0);
}

static long start(struct sandbox *sandbox)
{
    long result = kernel_call(__NR_pipe2, sandbox->go, O_CLOEXEC);
    if (result >= 0)
        result = kernel_call(__NR_pipe2, sandbox->told, O_CLOEXEC);
    if (result < 0)
        die_of(result, "pipe2() failed", NULL);
    const long child = clone_sandbox(sandbox);
    if (child < 0)
        explain(sandbox, child);
    if (child > 0)
        return child;
    close_descriptor(sandbox->go[1]);
    close_descriptor(sandbox->told[0]);
    enter_sandbox(sandbox);
}

/* The command may have ended while others of the sandbox go on: then the reaper says so. */
static int follow(const struct sandbox *sandbox, long child)
{
    bool is_started = false;
    struct message message;
    int code;
    for (;;) {
        const long count = kernel_call(__NR_read, sandbox->told[0], &message, sizeof message);
        if (count == -EINTR)
            continue;
        if (count != (long)sizeof message) {
            code = exit_code(wait_for(child));
            break;
        }
        code = message.status;
        if (message.kind == message_ended)
            break;
        is_started = message.kind == message_started;
    }
    /* Whoever reads it no more has no use for it. */
    if (is_started && sandbox->options.status != none)
        write_text(sandbox->options.status, join("{ \"exit-code\": ", number_text((uint64_t)code), " }\n", NULL));
    return code;
}

/* After each change of the user namespace, with which it is forgotten (prctl(2)). */
void die_with_parent(const struct options *options)
{
    if (options->dies_with_parent)
        kernel_call(__NR_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
}

/* --userns2: where the sandbox is made, all of it goes there, and so does whoever looks after it. */
void enter_last_namespace(const struct options *options)
{
    if (options->second_user_namespace == none)
        return;
    const long result = kernel_call(__NR_setns, options->second_user_namespace, CLONE_NEWUSER);
    if (result < 0)
        die_of(result, "Setting userns2 failed", NULL);
    close_descriptor(options->second_user_namespace);
}

int monitor(struct sandbox *sandbox)
{
    const struct options *const options = &sandbox->options;
    enter(sandbox);
    die_with_parent(options);
    const long child = start(sandbox);
    tell_of(sandbox, child);
    wait_at(options->user_namespace_block);
    enter_last_namespace(options);
    die_with_parent(options);
    drop_capabilities();
    write_text(sandbox->go[1], "1");
    const int kept[] = {sandbox->told[0], options->status};
    close_all_but(kept, 2);
    return follow(sandbox, child);
}
