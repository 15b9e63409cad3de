/* Privileges: what the capability sets say and what they are good for, and the promise never to gain more. */
#include "prober.h"

#include <linux/capability.h>
#include <linux/prctl.h>
#include <linux/resource.h>
#include <linux/sched.h>

static long long collect(int option, long argument)
{
    long long mask = 0;
    for (long capability = 0; capability < 63; capability++) {
        const long held = option == PR_CAP_AMBIENT ? kernel_call(__NR_prctl, option, argument, capability, 0, 0)
                                                   : kernel_call(__NR_prctl, option, capability, 0, 0, 0);
        if (held < 0)
            break;
        if (held == 1)
            mask |= 1LL << capability;
    }
    return mask;
}

static long use_setpcap(void)
{
    return kernel_call(__NR_prctl, PR_CAPBSET_DROP, CAP_LAST_CAP, 0, 0, 0);
}

static long use_sys_admin(void)
{
    return kernel_call(__NR_unshare, CLONE_NEWUTS);
}

static long use_setuid(void)
{
    return kernel_call(__NR_setresuid, foreign_id, foreign_id, foreign_id);
}

static long use_setgid(void)
{
    const long dropped = kernel_call(__NR_setgroups, 0, 0);
    return dropped < 0 ? dropped : kernel_call(__NR_setresgid, foreign_id, foreign_id, foreign_id);
}

static long use_sys_resource(void)
{
    struct rlimit64 limit;
    const long read = kernel_call(__NR_prlimit64, 0, RLIMIT_CORE, 0, &limit);
    if (read < 0)
        return read;
    /* Down first, which anyone may: then up again is a raise, also where the limit was infinite. */
    limit.rlim_cur = 0;
    limit.rlim_max = 0;
    kernel_call(__NR_prlimit64, 0, RLIMIT_CORE, &limit, 0);
    limit.rlim_max = 1;
    return kernel_call(__NR_prlimit64, 0, RLIMIT_CORE, &limit, 0);
}

static long use_net_admin(void)
{
    enum { family_inet = 2, datagram = 2, socket_level = 1, receive_buffer_force = 33 };
    const int size = 4096;
    const long socket = kernel_call(__NR_socket, family_inet, datagram, 0);
    return socket < 0 ? socket
                      : kernel_call(__NR_setsockopt, socket, socket_level, receive_buffer_force, &size, sizeof size);
}

static long use_sys_chroot(void)
{
    return kernel_call(__NR_chroot, "/");
}

static const struct use {
    const char *step;
    long (*act)(void);
} uses[] = {
    {"use-setpcap", use_setpcap},
    {"use-sys-admin", use_sys_admin},
    {"use-setuid", use_setuid},
    {"use-setgid", use_setgid},
    {"use-net-admin", use_net_admin},
    {"use-sys-chroot", use_sys_chroot},
    {"use-sys-resource", use_sys_resource},
};

static int exercise(void *argument)
{
    const struct use *use = argument;
    report(use->step, use->act());
    return 0;
}

void probe_capabilities(int count, char **arguments)
{
    (void)count;
    (void)arguments;
    report("effective", capability_set(0));
    report("permitted", capability_set(1));
    report("inheritable", capability_set(2));
    report("bounding", collect(PR_CAPBSET_READ, 0));
    report("ambient", collect(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET));
    for (size_t index = 0; index < sizeof uses / sizeof *uses; index++)
        report_child(uses[index].step, exercise, (void *)&uses[index], 1000);
}

static int ask(void *argument)
{
    report(argument, kernel_call(__NR_prctl, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    return 0;
}

static int renounce(void *argument)
{
    (void)argument;
    report("set", kernel_call(__NR_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    report("after", kernel_call(__NR_prctl, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    /* EINVAL: there is no way back (prctl(2)). */
    report("clear", kernel_call(__NR_prctl, PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0));
    report_child("inherited", ask, "inherited", 1000);
    return 0;
}

void probe_no_new_privileges(int count, char **arguments)
{
    (void)count;
    (void)arguments;
    report("before", kernel_call(__NR_prctl, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    report_child("renounce", renounce, 0, 1000);
}
