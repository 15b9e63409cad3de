/* Throw-away children, and the signals by which they are waited for and ended. */
#ifndef CUPEL_CHILD_H
#define CUPEL_CHILD_H

#include "kernel.h"

#include <asm/signal.h>
#include <linux/prctl.h>
#include <linux/time.h>

/* 0 in the child, which dies with its parent: with the status `vanished` where that has ended already. */
static inline long fork_with_parent(int vanished)
{
    const long parent = kernel_call(__NR_getpid);
    const long process = kernel_call(__NR_clone, SIGCHLD, 0, 0, 0, 0);
    if (process != 0)
        return process;
    kernel_call(__NR_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    /* The parent may have died before the line above; one in another PID namespace is seen as 0. */
    const long seen = kernel_call(__NR_getppid);
    if (seen != parent && seen != 0)
        leave(vanished);
    return 0;
}

/* Nobody handles SIGALRM: its default action kills, also in the middle of a KVM_RUN. 0: never. */
static inline void die_after(long milliseconds)
{
    const struct __kernel_old_itimerval timer = {
        .it_interval = {0, 0},
        .it_value = {milliseconds / 1000, (milliseconds % 1000) * 1000},
    };
    kernel_call(__NR_setitimer, ITIMER_REAL, &timer, 0);
}

/*
 * Gives these their default actions, and blocks none: a caller may hand down others. With SIGALRM ignored no deadline
 * would bite, with SIGCHLD ignored no child could be waited for.
 */
static inline void restore_signals(const int *signals, size_t count)
{
    const unsigned long default_action[8] = {0};
    const unsigned long empty_mask = 0;
    for (size_t index = 0; index < count; index++)
        kernel_call(__NR_rt_sigaction, signals[index], default_action, 0, sizeof empty_mask);
    kernel_call(__NR_rt_sigprocmask, SIG_SETMASK, &empty_mask, 0, sizeof empty_mask);
}

#endif
