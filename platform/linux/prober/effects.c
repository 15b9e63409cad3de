/*
 * What each kind of namespace is for, seen: another host name, process 1, nobody else's System V segments, a network
 * that leads nowhere, mounts that nobody else sees, a group that is the root, a clock that was moved. Beside each
 * denial stands the same act outside, which works.
 */
#include "prober.h"

#include <linux/fcntl.h>
#include <linux/in.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <linux/stat.h>
#include <linux/un.h>
#include <linux/utsname.h>

/* shmctl(2): struct shmid64_ds is 112 bytes on both architectures. */
enum { shm_stat = 2, shm_private = 0, shm_bytes = 4096 };
/* time_namespaces(7). */
enum { clock_offset_seconds = 1000000 };
enum { family_inet = 2 };
/* TEST-NET-1 (RFC 5737): nobody's. */
enum { nowhere = (int)0xc0000201 };

static bool is_named(const char *name)
{
    struct new_utsname names;
    return kernel_call(__NR_uname, &names) == 0 && strcmp(names.nodename, name) == 0;
}

static long as_expected(bool is)
{
    return is ? 0 : -EIO;
}

static int change_hostname(void *argument)
{
    (void)argument;
    const long entered = enter_namespaces(with_own_user(CLONE_NEWUTS));
    report("uts-enter", entered);
    if (entered < 0)
        return 0;
    report("uts-set", kernel_call(__NR_sethostname, "cupel-inside", 12));
    report("uts-inside", as_expected(is_named("cupel-inside")));
    return 0;
}

static void show_hostname(void)
{
    struct new_utsname before;
    if (kernel_call(__NR_uname, &before) < 0)
        return;
    report_child("uts", change_hostname, 0, 1000);
    report("uts-outside", as_expected(is_named(before.nodename)));
}

static int look_for_process(void *argument)
{
    report("pid-inside", as_expected(kernel_call(__NR_getpid) == 1));
    report("pid-denied", kernel_call(__NR_kill, *(const long *)argument, 0));
    return 0;
}

static int become_first_process(void *argument)
{
    /* Signal 0 asks for permission only (kill(2)). */
    report("pid-control", kernel_call(__NR_kill, *(const long *)argument, 0));
    const long entered = enter_namespaces(with_own_user(CLONE_NEWPID));
    report("pid-enter", entered);
    if (entered == 0)
        report_child("pid", look_for_process, argument, 1000);
    return 0;
}

static long stat_segment(long segment)
{
    _Alignas(8) char status[256];
    const long result = kernel_call(__NR_shmctl, segment, shm_stat, status);
    return result < 0 ? result : 0;
}

static int share_no_memory(void *argument)
{
    (void)argument;
    /* The segment lies in a namespace of our own, too: it goes with the last process, whatever ends that. */
    const long entered = enter_namespaces(with_own_user(CLONE_NEWIPC));
    report("ipc-enter", entered);
    if (entered < 0)
        return 0;
    const long segment = kernel_call(__NR_shmget, shm_private, shm_bytes, 0600);
    report("ipc-control", segment < 0 ? segment : stat_segment(segment));
    const long again = kernel_call(__NR_unshare, CLONE_NEWIPC);
    if (segment >= 0 && again == 0)
        report("ipc-denied", stat_segment(segment));
    return 0;
}

static int enter_network(void *argument)
{
    const long entered = enter_namespaces(with_own_user(CLONE_NEWNET));
    report("network-enter", entered);
    if (entered < 0)
        return 0;
    struct sockaddr_in own;
    report("network-up", bring_loopback_up());
    report("network-denied", connect_to(family_inet, argument, sizeof own));
    report("network-nowhere", find_route((unsigned)nowhere));
    const long listening = listen_on_loopback(&own);
    report("network-loopback", listening < 0 ? listening : connect_to(family_inet, &own, sizeof own));
    return 0;
}

static void show_network(void)
{
    struct sockaddr_in outside;
    const long listening = listen_on_loopback(&outside);
    report("network-control", listening < 0 ? listening : connect_to(family_inet, &outside, sizeof outside));
    if (listening == 0)
        report_child("network", enter_network, &outside, 1000);
}

/* What "/.." steps onto: the root, or what is mounted over it. */
static unsigned long long device_of_root(void)
{
    struct statx status;
    if (kernel_call(__NR_statx, AT_FDCWD, "/..", 0, STATX_INO, &status) < 0)
        return 0;
    return (unsigned long long)status.stx_dev_major << 32 | status.stx_dev_minor;
}

static int cover_root(void *argument)
{
    const unsigned long long before = *(const unsigned long long *)argument;
    const long entered = enter_namespaces(with_own_user(CLONE_NEWNS));
    report("mount-enter", entered);
    if (entered < 0 || kernel_call(__NR_mount, 0, "/", 0, MS_REC | MS_PRIVATE, 0) < 0)
        return 0;
    report("mount-set", kernel_call(__NR_mount, "tmpfs", "/", "tmpfs", MS_NOSUID | MS_NODEV, "size=4k"));
    report("mount-inside", as_expected(device_of_root() != before));
    return 0;
}

static void show_mount(void)
{
    unsigned long long before = device_of_root();
    report_child("mount", cover_root, &before, 1000);
    report("mount-outside", as_expected(device_of_root() == before));
}

/* "0::/path", one line for each hierarchy (cgroups(7)). */
static long all_groups_are_roots(void)
{
    char text[4096];
    const long result = read_file("/proc/self/cgroup", text, sizeof text);
    if (result <= 0)
        return result < 0 ? result : -ENODATA;
    for (const char *at = text; *at != '\0'; at += 2) {
        for (int colons = 0; *at != '\0' && *at != '\n' && colons < 2; at++)
            colons += *at == ':';
        if (at[0] != '/' || at[1] != '\n')
            return -EIO;
    }
    return 0;
}

static int become_root_of_groups(void *argument)
{
    (void)argument;
    report("cgroup-before", all_groups_are_roots());
    const long entered = enter_namespaces(with_own_user(CLONE_NEWCGROUP));
    report("cgroup-enter", entered);
    if (entered == 0)
        report("cgroup-inside", all_groups_are_roots());
    return 0;
}

static bool is_moved(long long since)
{
    return now_microseconds() - since > clock_offset_seconds / 2 * 1000000LL;
}

static int read_clock(void *argument)
{
    report("time-inside", as_expected(is_moved(*(const long long *)argument)));
    return 0;
}

/* time_namespaces(7), Linux 5.6: offsets are written before the first child, which is the first process inside. */
static int move_clock(void *argument)
{
    (void)argument;
    long long before = now_microseconds();
    const long entered = enter_namespaces(with_own_user(CLONE_NEWTIME));
    report("time-enter", entered);
    if (entered < 0)
        return 0;
    report("time-set", write_file("/proc/self/timens_offsets", "monotonic 1000000 0\n"));
    report_child("time", read_clock, &before, 1000);
    report("time-outside", as_expected(!is_moved(before)));
    return 0;
}

void probe_effects(int count, char **arguments)
{
    (void)count;
    (void)arguments;
    long own_process = kernel_call(__NR_getpid);
    show_hostname();
    report_child("pid", become_first_process, &own_process, 1000);
    report_child("ipc", share_no_memory, 0, 1000);
    show_network();
    show_mount();
    report_child("cgroup", become_root_of_groups, 0, 1000);
    report_child("time", move_clock, 0, 1000);
}
