/* What the kernel says of itself: its security modules, its clocks, its random numbers. */
#include "../shared/append.h"
#include "prober.h"

#include <linux/random.h>
#include <linux/time.h>
#include <linux/time_types.h>

/* Linux 6.8 (include/uapi/linux/lsm.h); the same number on every architecture. */
enum { lsm_list_modules = 461, most_modules = 32, drawn_bytes = 16 };

/* As text, the LSM_ID_… numbers in the order in which the modules are asked. */
static void report_modules(void)
{
    uint64_t modules[most_modules];
    uint32_t size = sizeof modules;
    char text[most_modules * number_capacity] = "";
    const long count = kernel_call(lsm_list_modules, modules, &size, 0);
    char *at = text;
    for (long index = 0; index < count && index < most_modules; index++)
        at = append_number(index == 0 ? at : append_text(at, " "), modules[index], 10);
    report_text("modules", count, text);
}

static long long nanoseconds(const struct __kernel_timespec *time)
{
    return time->tv_sec * 1000000000LL + time->tv_nsec;
}

static void report_clocks(void)
{
    struct __kernel_timespec first = {0, 0}, second = {0, 0}, resolution = {0, 0}, real = {0, 0};
    const long asked = kernel_call(__NR_clock_gettime, CLOCK_MONOTONIC, &first);
    kernel_call(__NR_clock_gettime, CLOCK_MONOTONIC, &second);
    report("monotonic", asked < 0 ? asked : nanoseconds(&second) >= nanoseconds(&first) ? 0 : -EIO);
    const long resolved = kernel_call(__NR_clock_getres, CLOCK_MONOTONIC, &resolution);
    report("resolution", resolved < 0 ? resolved : nanoseconds(&resolution));
    const long told = kernel_call(__NR_clock_gettime, CLOCK_REALTIME, &real);
    report("real", told < 0 ? told : (long long)real.tv_sec);
}

void probe_kernel_facts(int count, char **arguments)
{
    (void)count;
    (void)arguments;
    unsigned char first[drawn_bytes] = {0}, second[drawn_bytes] = {0};
    report_modules();
    report_clocks();
    /* EAGAIN: the kernel has not gathered enough yet; without the flag the call would wait for it (getrandom(2)). */
    report("random", kernel_call(__NR_getrandom, first, sizeof first, GRND_NONBLOCK));
    report("random-again", kernel_call(__NR_getrandom, second, sizeof second, GRND_NONBLOCK));
    report("random-differs", memcmp(first, second, sizeof first) != 0 ? 0 : -EIO);
}
