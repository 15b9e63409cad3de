/* User namespaces in user namespaces: one by a process that has given up every capability, and how many fit. */
#include "prober.h"

#include <linux/capability.h>
#include <linux/sched.h>

/* user_namespaces(7): 32 nested levels; more than any kernel lets one make. */
enum { most_levels = 40 };

static long drop_capabilities(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    const struct __user_cap_data_struct none[2] = {{0, 0, 0}, {0, 0, 0}};
    return kernel_call(__NR_capset, &header, none);
}

/* As browsers do it: the sandbox within is made by a process without privileges. */
static int nest_without_capabilities(void *argument)
{
    (void)argument;
    const long entered = enter_namespaces(CLONE_NEWUSER);
    report("enter", entered);
    if (entered < 0)
        return 0;
    report("drop-capabilities", drop_capabilities());
    report("capabilities-left", capability_set(0));
    const long nested = enter_namespaces(CLONE_NEWUSER);
    report("nested", nested);
    if (nested == 0)
        report("capabilities-nested", capability_set(0));
    return 0;
}

static int count_levels(void *argument)
{
    (void)argument;
    long levels = 0;
    long result = 0;
    while (levels < most_levels && (result = enter_namespaces(CLONE_NEWUSER)) == 0)
        levels++;
    report_both("levels", -result, levels, 0);
    return 0;
}

static int nest(void *argument)
{
    (void)argument;
    if (kernel_call(__NR_geteuid) == 0)
        report("drop-identity", become_foreign());
    report_child("nested", nest_without_capabilities, 0, 1000);
    report_child("levels", count_levels, 0, 2000);
    return 0;
}

void probe_nesting(int count, char **arguments)
{
    (void)count;
    (void)arguments;
    report_child("nesting", nest, 0, 3000);
}
