/* Who may look into whose memory: a child that asks for it, a descendant, and a process beside this one. */
#include "prober.h"

#include <asm/signal.h>
#include <linux/prctl.h>
#include <linux/ptrace.h>

/* wait(2): WUNTRACED shows a stop, whose status has 0x7f in the low byte. */
enum { wait_untraced = 2, stopped = 0x7f, told = 42, traced_exit = 7, no_request = 9999 };

struct piece {
    void *base;
    size_t length;
};

static volatile long secret;

static long read_by_trace(long process)
{
    long word = 0;
    const long result = kernel_call(__NR_ptrace, PTRACE_PEEKDATA, process, &secret, &word);
    return result < 0 ? result : word == told ? 0 : -EIO;
}

/* process_vm_readv(2) asks for the same right as an attach, and attaches to nothing. */
static long read_by_copy(long process)
{
    long word = 0;
    const struct piece here = {&word, sizeof word}, there = {(void *)&secret, sizeof secret};
    const long result = kernel_call(__NR_process_vm_readv, process, &here, 1, &there, 1, 0);
    return result < 0 ? result : word == told ? 0 : -EIO;
}

static int trace_child(void *argument)
{
    (void)argument;
    const long child = fork_child();
    if (child == 0) {
        const long asked = kernel_call(__NR_ptrace, PTRACE_TRACEME, 0, 0, 0);
        report("child-asks", asked);
        if (asked < 0)
            leave(0);
        secret = told;
        kernel_call(__NR_kill, kernel_call(__NR_getpid), SIGSTOP);
        leave(traced_exit);
    }
    int status = 0;
    const long seen = child < 0 ? child : kernel_call(__NR_wait4, child, &status, wait_untraced, 0);
    if (seen < 0 || (status & 0xff) != stopped) {
        report("child-stopped", seen < 0 ? seen : -ESRCH);
        return 0;
    }
    report("child-stopped", 0);
    report("child-peek", read_by_trace(child));
    report("child-continue", kernel_call(__NR_ptrace, PTRACE_CONT, child, 0, 0));
    const struct ending ending = wait_for(child);
    report("child-ended", ending.signal == 0 && ending.status == traced_exit ? 0 : -EIO);
    return 0;
}

/* PTRACE_SEIZE does not stop its target, and death of the tracer lets go of it. */
static int trace_from_beside(void *target)
{
    report("beside-copy", read_by_copy(*(long *)target));
    report("beside-seize", kernel_call(__NR_ptrace, PTRACE_SEIZE, *(long *)target, 0, 0));
    return 0;
}

static int trace_others(void *argument)
{
    (void)argument;
    secret = told;
    long target = fork_child();
    if (target == 0) {
        sleep_milliseconds(5000);
        leave(0);
    }
    if (target < 0)
        return 1;
    report_child("beside", trace_from_beside, &target, 1000);
    report("descendant-copy", read_by_copy(target));
    report("descendant-seize", kernel_call(__NR_ptrace, PTRACE_SEIZE, target, 0, 0));
    kernel_call(__NR_kill, target, SIGKILL);
    wait_for(target);
    return 0;
}

void probe_tracing(int count, char **arguments)
{
    (void)count;
    (void)arguments;
    report("seccomp-mode", kernel_call(__NR_prctl, PR_GET_SECCOMP, 0, 0, 0, 0));
    report("capabilities", capability_set(0));
    /* Who cannot read the program it executed is not dumpable, and then nobody may trace it (ptrace(2)). */
    report("dumpable-set", kernel_call(__NR_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0));
    report("ptrace-bad", kernel_call(__NR_ptrace, no_request, -1, 0, 0));
    report("copy-bad", kernel_call(__NR_process_vm_readv, -1, 0, 0, 0, 0, 1));
    report_child("child", trace_child, 0, 1000);
    report_child("others", trace_others, 0, 2000);
}
