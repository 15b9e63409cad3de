/* Caps on the number of processes, reached. */
#include "prober.h"

#include <asm/signal.h>
#include <linux/resource.h>
#include <linux/sched.h>

enum { most_processes = 4096, limit_inside = 8, outsiders = 12 };

struct sleepers {
    int processes[most_processes];
    long count;
    long error;
};

/* Forks sleepers until the kernel refuses or there are MOST. */
static void start_sleepers(struct sleepers *sleepers, long most)
{
    sleepers->count = 0;
    sleepers->error = 0;
    while (sleepers->count < most && sleepers->count < most_processes) {
        const long process = fork_child();
        if (process == 0) {
            sleep_milliseconds(10000);
            leave(0);
        }
        if (process < 0) {
            sleepers->error = -process;
            return;
        }
        sleepers->processes[sleepers->count++] = (int)process;
    }
}

static void end_sleepers(const struct sleepers *sleepers)
{
    for (long index = 0; index < sleepers->count; index++)
        kernel_call(__NR_kill, sleepers->processes[index], SIGKILL);
    for (long index = 0; index < sleepers->count; index++)
        wait_for(sleepers->processes[index]);
}

static void report_forks(const char *step, long most)
{
    static struct sleepers sleepers;
    start_sleepers(&sleepers, most);
    end_sleepers(&sleepers);
    report_both(step, sleepers.error, sleepers.count, 0);
}

void probe_fork_limit(int count, char **arguments)
{
    report_forks("forked", count > 0 ? (long)parse_number(arguments[0]) : most_processes);
}

static int fill_own_namespace(void *argument)
{
    (void)argument;
    const long entered = enter_namespaces(CLONE_NEWUSER);
    report("user-namespace", entered);
    if (entered < 0)
        return 0;
    report_forks("control", limit_inside + 4);
    const struct rlimit64 limit = {.rlim_cur = limit_inside, .rlim_max = limit_inside};
    report("set-limit", kernel_call(__NR_prlimit64, 0, RLIMIT_NPROC, &limit, 0));
    report_forks("forked", limit_inside + 4);
    return 0;
}

/*
 * Since Linux 5.14 RLIMIT_NPROC counts, in a user namespace, that namespace's processes (commit 21d1c5e386bc). Sleepers
 * of the same user outside, more than the limit, tell this from the older count per user over the whole machine.
 */
static int among_outsiders(void *argument)
{
    (void)argument;
    /* The kernel exempts its own root from the limit, whatever the namespace: root must be someone else first. */
    if (kernel_call(__NR_geteuid) == 0) {
        kernel_call(__NR_setgroups, 0, 0);
        kernel_call(__NR_setresgid, foreign_id, foreign_id, foreign_id);
        const long dropped = kernel_call(__NR_setresuid, foreign_id, foreign_id, foreign_id);
        report("drop-identity", dropped);
    }
    static struct sleepers others;
    start_sleepers(&others, outsiders);
    report_both("outsiders", others.error, others.count, 0);
    report_child("inside", fill_own_namespace, 0, 3000);
    end_sleepers(&others);
    return 0;
}

void probe_process_limit(int count, char **arguments)
{
    (void)count;
    (void)arguments;
    report("value-inside", limit_inside);
    report_child("limit", among_outsiders, 0, 5000);
}
