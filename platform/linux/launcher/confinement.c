/*
 * What stands in for a PID namespace where a job has none: a Landlock domain around the first process and all that it
 * starts, out of which no signal leads (landlock(7), LANDLOCK_SCOPE_SIGNAL, Linux 6.12). kill(2) of -1 is then
 * everything in the domain but the caller, and nothing outside of it, and nobody gets past it by forking: the kernel
 * goes through all processes while none can be made. The job is in a domain within this one, out of which it signals
 * nobody, and so not the first process either.
 */
#include "launcher.h"

#include <linux/fcntl.h>

enum { signal_kill = 9, scope_signal = 2 /* LANDLOCK_SCOPE_SIGNAL */ };

/* struct landlock_ruleset_attr (Linux 6.12). */
struct scope_attributes {
    uint64_t handled_access_fs;
    uint64_t handled_access_net;
    uint64_t scoped;
};

/* Of this process; it never becomes false again. */
static bool is_apart;

/* What the first process alone can write to: its end is the first process's. */
static int life = -1;
static long successor;

static void must(const struct launch *launch, long result, const char *subject)
{
    if (result < 0)
        fail_launch(launch, step_landlock, result, subject);
}

/* Whether kill(2) of -1 ends what the first process started, and nothing else of this machine. */
bool has_own_domain(void)
{
    return is_apart;
}

/*
 * After the launcher was left behind, and before anything is started. Nobody counts on what was only asked for: the
 * launcher, which has this process's own ids, must be out of reach by then, or -1 would be everything of the caller's.
 */
void enter_own_domain(const struct launch *launch)
{
    if (!is_confined(launch->instruction) || (launch->instruction->landlock_scopes & scope_signal) == 0)
        return;
    const struct scope_attributes attributes = {.scoped = scope_signal};
    const long ruleset = kernel_call(__NR_landlock_create_ruleset, &attributes, sizeof attributes, 0);
    must(launch, ruleset, "create_ruleset");
    must(launch, kernel_call(__NR_landlock_restrict_self, ruleset, 0), "restrict_self");
    close_descriptor((int)ruleset);
    if (kernel_call(__NR_kill, kernel_call(__NR_getppid), 0) >= 0)
        fail_launch(launch, step_landlock, -EOPNOTSUPP, "a signal leaves the domain");
    is_apart = true;
}

/*
 * Ends the domain when the first process is gone, whatever ended that: it is what the job's processes would otherwise
 * outlive. Nothing in the job's own domain can end either, and whoever can ends one of them at a time.
 */
static long make_successor(void)
{
    int ends[2];
    const long made = kernel_call(__NR_pipe2, ends, O_CLOEXEC);
    if (made < 0)
        return made;
    const long pid = fork_process();
    if (pid < 0) {
        close_descriptor(ends[0]);
        close_descriptor(ends[1]);
        return pid;
    }
    if (pid == 0) {
        /* All of the first process's descriptors but this one: some tell others of its end. */
        kernel_call(__NR_dup3, ends[0], 0, 0);
        kernel_call(__NR_close_range, 1, descriptors_end, 0);
        char byte;
        while (kernel_call(__NR_read, 0, &byte, 1) == -EINTR)
            continue;
        kernel_call(__NR_kill, -1, signal_kill);
        leave(0);
    }
    close_descriptor(ends[0]);
    close_descriptor(life);
    life = ends[1];
    successor = pid;
    return 0;
}

void start_successor(const struct launch *launch)
{
    if (is_apart)
        must(launch, make_successor(), "successor");
}

/* Somebody outside ended it: there is to be one, where there may be. The job goes on without, watched by one of two. */
void replace_successor(long ended)
{
    if (is_apart && ended == successor)
        make_successor();
}

/* Everything that was started, the successor too; none of it is left when this returns. */
void end_domain(void)
{
    kernel_call(__NR_kill, -1, signal_kill);
    while (kernel_call(__NR_wait4, -1, NULL, 0, NULL) != -ECHILD)
        continue;
}
