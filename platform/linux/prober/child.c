/* Throw-away children. */
#include "prober.h"
#include "../shared/child.h"

#include <linux/time_types.h>

long fork_child(void)
{
    return fork_with_parent(child_vanished);
}

struct ending wait_for(long process)
{
    int status = 0;
    long result;
    do
        result = kernel_call(__NR_wait4, process, &status, 0, 0);
    while (result == -EINTR);
    if (result < 0)
        return (struct ending){.error = -result, .signal = 0, .status = 0};
    /* wait(2): the low seven bits are the signal, the next byte the exit status. */
    return (struct ending){.error = 0, .signal = status & 0x7f, .status = (status >> 8) & 0xff};
}

struct ending run_child(act *action, void *argument, long milliseconds)
{
    const long process = fork_child();
    if (process == 0) {
        if (milliseconds != no_deadline)
            die_after(milliseconds);
        leave(action(argument));
    }
    if (process < 0)
        return (struct ending){.error = -process, .signal = 0, .status = 0};
    return wait_for(process);
}

struct ending report_child(const char *name, act *action, void *argument, long milliseconds)
{
    const struct ending ending = run_child(action, argument, milliseconds);
    if (ending.error == 0 && ending.signal == 0)
        return ending;
    char step[64];
    const size_t length = copy_text(step, sizeof step - sizeof "-died", name);
    copy_text(step + length, sizeof "-died", "-died");
    report_both(step, ending.error, ending.signal, 0);
    return ending;
}

void sleep_milliseconds(long milliseconds)
{
    const struct __kernel_timespec time = {milliseconds / 1000, (milliseconds % 1000) * 1000000};
    kernel_call(__NR_nanosleep, &time, 0);
}

long long now_microseconds(void)
{
    struct __kernel_timespec time = {0, 0};
    kernel_call(__NR_clock_gettime, CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000LL + time.tv_nsec / 1000;
}
