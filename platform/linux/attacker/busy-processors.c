/*
 * D07: as much processor time as there is to be had, and how much that was. What a kernel counts as a process's time is
 * its own affair: gVisor's goes on to count while the host holds it back, and a look at the clock is a call that others
 * run in meanwhile. So what is looked at is the processor's own counter, for which nobody is asked.
 */
#include "attacker.h"

/* RDTSC (Intel SDM, volume 2B); CNTVCT_EL0 (Arm Architecture Reference Manual, "The Generic Timer"). */
static long long now_ticks(void)
{
#if defined(__x86_64__)
    unsigned int low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (long long)((unsigned long long)high << 32 | low);
#else
    long long ticks;
    __asm__ volatile("isb; mrs %0, cntvct_el0" : "=r"(ticks));
    return ticks;
#endif
}

/* Roughly: whoever is held back between the clock and the counter has it wrong. */
static long long ticks_per_millisecond(void)
{
    enum { sample_ms = 20, ns_per_us = 1000, us_per_ms = 1000 };
    const long long from_ns = now_nanoseconds(), from = now_ticks();
    sleep_milliseconds(sample_ms);
    const long long ticks = now_ticks() - from, passed_us = (now_nanoseconds() - from_ns) / ns_per_us;
    return ticks * us_per_ms / passed_us;
}

/* Until it is told to stop: from look to look, but for what took so long that it was somebody else's turn. */
static long long run_until(const volatile long *stop, long long turn)
{
    long long ran = 0, last = now_ticks();
    while (*stop == 0) {
        const long long now = now_ticks(), gap = now - last;
        last = now;
        if (gap > 0 && gap < turn)
            ran += gap;
    }
    return ran;
}

enum ending attack_processors(void)
{
    enum { default_ms = 1000, most_ms = 5000, default_cpus = 4, most_cpus = 64, page = 4096, turns_per_ms = 20 };
    const long milliseconds = key_number("spin-ms", default_ms, most_ms);
    const long count = key_number("cpu-count", default_cpus, most_cpus);
    volatile long *stop = shared_memory(page), *ran = stop + 1;
    long processes[most_cpus];
    if (stop == 0)
        return attempted;
    const long long rate = ticks_per_millisecond(), started = now_ticks();
    for (long index = 0; index < count; index++) {
        processes[index] = fork_child(2 * most_ms);
        if (processes[index] == 0) {
            ran[index] = run_until(stop, rate / turns_per_ms);
            leave(0);
        }
    }
    sleep_milliseconds(milliseconds);
    *stop = 1;
    long long all = 0;
    for (long index = 0; index < count; index++) {
        if (processes[index] > 0)
            wait_for(processes[index]);
        all += ran[index];
    }
    /* Both by the counter, so that their ratio is right whatever the rate. */
    fact("cpu-ms", all / rate);
    fact("wall-ms", (now_ticks() - started) / rate);
    return attempted;
}
