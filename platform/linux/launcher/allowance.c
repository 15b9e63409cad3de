/*
 * What a job may use up while it runs: wall time, CPU time, time without output. Each is looked at when it may have
 * come to its end, and none where it has no cap: a job without caps is waited for without a clock.
 */
#include "launcher.h"

/* A job on so many processors uses up what is left in that part of the time, so the next look comes no later. */
enum { processors_reckoned_with = 64, look_ms_min = 10, look_ms_max = 250 };

static int64_t earlier(int64_t one, int64_t other)
{
    return one == 0 || other < one ? other : one;
}

/* A job whose reader is slow has output enough, and may be waiting for it to go away. */
static int64_t idle_since_ms(const struct allowance *allowance)
{
    const struct traffic *traffic = allowance->streams->traffic;
    if (traffic != NULL && is_output_waiting(traffic))
        return monotonic_ms();
    const int64_t last = traffic == NULL ? 0 : __atomic_load_n(&traffic->last_ms, __ATOMIC_RELAXED);
    return last > allowance->began_ms ? last : allowance->began_ms;
}

/* When to look next, in monotonic milliseconds; 0 is never. */
int64_t next_look_ms(const struct allowance *allowance)
{
    const struct instruction *instruction = allowance->instruction;
    int64_t next = 0;
    if (instruction->timeout_ms > 0)
        next = earlier(next, allowance->began_ms + (int64_t)instruction->timeout_ms);
    if (instruction->idle_ms > 0)
        next = earlier(next, idle_since_ms(allowance) + (int64_t)instruction->idle_ms);
    if (instruction->cpu_ms > 0)
        next = earlier(next, allowance->cpu_look_ms);
    return next;
}

static bool is_cpu_used_up(struct allowance *allowance, const struct channel *channel, int64_t now)
{
    const int64_t cap = (int64_t)allowance->instruction->cpu_ms;
    if (cap == 0 || now < allowance->cpu_look_ms)
        return false;
    const int64_t used = read_cpu_time_ms(allowance->cpu_descriptor);
    if (used >= cap) {
        tell_numbers(channel, "timeout-cpu", "limitMs", cap, "usedMs", used);
        return true;
    }
    int64_t pause = (cap - used) / processors_reckoned_with;
    if (pause > look_ms_max)
        pause = look_ms_max;
    allowance->cpu_look_ms = now + (pause < look_ms_min ? look_ms_min : pause);
    return false;
}

/* Whether one of them is used up; the first that is found so is told. */
bool is_used_up(struct allowance *allowance, const struct channel *channel)
{
    const struct instruction *instruction = allowance->instruction;
    const int64_t now = monotonic_ms();
    if (instruction->timeout_ms > 0 && now >= allowance->began_ms + (int64_t)instruction->timeout_ms) {
        tell_number(channel, "timeout", "timeoutMs", (long long)instruction->timeout_ms);
        return true;
    }
    if (is_cpu_used_up(allowance, channel, now))
        return true;
    if (instruction->idle_ms == 0)
        return false;
    const int64_t idle = now - idle_since_ms(allowance);
    if (idle < (int64_t)instruction->idle_ms)
        return false;
    tell_numbers(channel, "timeout-idle", "limitMs", (long long)instruction->idle_ms, "idleMs", idle);
    return true;
}
