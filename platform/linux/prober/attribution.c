/*
 * What tells the causes of a denied namespace apart. Most steps are calls whose arguments no kernel accepts: without a
 * filter in the way the kernel says EINVAL, EBADF or EFAULT before it looks at privileges, and with one the filter
 * answers first. Nothing is changed, whoever calls.
 */
#include "prober.h"

#include <asm/signal.h>
#include <linux/fcntl.h>
#include <linux/mount.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/stat.h>

/* No kernel knows this flag of unshare(2) and clone(2): bit 0 lies in the signal mask of clone and is unused here. */
enum { unknown_flag = 0x1, bad_umount_flag = 0x40000000 };

/* Outside the masks of mount_setattr(2), open_tree(2), fsopen(2) and move_mount(2) (include/uapi/linux/mount.h). */
enum { bad_mount_flag = 0x40000000 };

static const struct {
    const char *step;
    unsigned long flag;
} kinds[] = {
    {"unshare-bad-user", CLONE_NEWUSER},   {"unshare-bad-mount", CLONE_NEWNS}, {"unshare-bad-pid", CLONE_NEWPID},
    {"unshare-bad-ipc", CLONE_NEWIPC},     {"unshare-bad-uts", CLONE_NEWUTS},  {"unshare-bad-cgroup", CLONE_NEWCGROUP},
    {"unshare-bad-network", CLONE_NEWNET},
};

static void report_filters(void)
{
    report("unshare-zero", kernel_call(__NR_unshare, 0));
    report("unshare-bad-flag", kernel_call(__NR_unshare, unknown_flag));
    /* Filters that look at flags (systemd's RestrictNamespaces=) let unshare(0) pass; an unknown bit makes these safe.
     */
    for (size_t index = 0; index < sizeof kinds / sizeof *kinds; index++)
        report(kinds[index].step, kernel_call(__NR_unshare, kinds[index].flag | unknown_flag));
    report("clone3-null", kernel_call(__NR_clone3, 0, 0));
    /* copy_process() refuses both combinations: a thread without shared signals, a user namespace with a shared cwd. */
    report("clone-bad-thread", kernel_call(__NR_clone, CLONE_THREAD | SIGCHLD, 0, 0, 0, 0));
    report("clone-bad-user", kernel_call(__NR_clone, CLONE_NEWUSER | CLONE_FS | SIGCHLD, 0, 0, 0, 0));
    report("setns-bad", kernel_call(__NR_setns, -1, 0));
    report("mount-bad", kernel_call(__NR_mount, 0, 0, 0, 0, 0));
    report("umount-bad", kernel_call(__NR_umount2, 0, bad_umount_flag));
    report("mount-setattr-bad", kernel_call(__NR_mount_setattr, -1, 0, bad_mount_flag, 0, 0));
    report("open-tree-bad", kernel_call(__NR_open_tree, -1, 0, bad_mount_flag));
}

/* These ask for CAP_SYS_ADMIN before they look at their arguments: they tell only where that is held. */
static void report_privileged_filters(const char *const steps[3])
{
    report(steps[0], kernel_call(__NR_fsopen, 0, bad_mount_flag));
    report(steps[1], kernel_call(__NR_move_mount, -1, 0, -1, 0, bad_mount_flag));
    report(steps[2], kernel_call(__NR_pivot_root, 0, 0));
}

static void report_label(const char *step, const char *path)
{
    char label[512];
    const long result = read_file(path, label, sizeof label);
    if (result > 0 && label[result - 1] == '\n')
        label[result - 1] = '\0';
    report_text(step, result, label);
}

static void report_labels(const char *general, const char *apparmor)
{
    report_label(general, "/proc/self/attr/current");
    report_label(apparmor, "/proc/self/attr/apparmor/current");
}

static void report_file_identity(const char *step, const char *path)
{
    struct statx status;
    const long result = kernel_call(__NR_statx, AT_FDCWD, path, 0, STATX_INO, &status);
    char device[24];
    format_number(device, (long long)status.stx_dev_major << 20 | status.stx_dev_minor);
    report_text(step, result < 0 ? result : (long long)status.stx_ino, result < 0 ? 0 : device);
}

/* chroot(2) leaves a root that is no mount's root, unless its target was a mount point; statx tells since Linux 5.8. */
static void report_root(void)
{
    struct statx status;
    const long result = kernel_call(__NR_statx, AT_FDCWD, "/", 0, STATX_INO, &status);
    if (result < 0)
        report("root-is-mount-root", result);
    else if ((status.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) == 0)
        report("root-is-mount-root", -EOPNOTSUPP);
    else
        report("root-is-mount-root", (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0);
    report_file_identity("root", "/");
    /* Readable by root only (ptrace access), and the same directory only outside a chroot. */
    report_file_identity("first-process-root", "/proc/1/root/.");
}

static void report_identity(void)
{
    char map[512];
    report("effective-uid", kernel_call(__NR_geteuid));
    report("effective-gid", kernel_call(__NR_getegid));
    const long result = read_file("/proc/self/uid_map", map, sizeof map);
    report_text("uid-map", result, map);
    report("no-new-privs", kernel_call(__NR_prctl, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    report("seccomp-mode", kernel_call(__NR_prctl, PR_GET_SECCOMP, 0, 0, 0, 0));
    report("dumpable", kernel_call(__NR_prctl, PR_GET_DUMPABLE, 0, 0, 0, 0));
    report("dumpable-set", kernel_call(__NR_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0));
    report("capabilities", capability_set(0));
}

static int do_nothing(void *argument)
{
    (void)argument;
    return 0;
}

/* A fresh procfs shows only what the old one showed: in a namespace of its own, EPERM means that /proc is masked. */
static int mount_proc(void *argument)
{
    report(argument, kernel_call(__NR_mount, "proc", "/", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, 0));
    return 0;
}

static int nest_user_namespace(void *argument)
{
    report(argument, kernel_call(__NR_unshare, CLONE_NEWUSER));
    return 0;
}

static int use_loopback(void *argument)
{
    report(argument, bring_loopback_up());
    return 0;
}

/* What capabilities in one's own namespaces are good for; each step needs those before it. */
static void exercise_capabilities(void)
{
    report("capabilities-inside", capability_set(0));
    report("mount-namespace", kernel_call(__NR_unshare, CLONE_NEWNS));
    const long private_root = kernel_call(__NR_mount, 0, "/", 0, MS_REC | MS_PRIVATE, 0);
    report("private-root", private_root);
    report_privileged_filters((const char *const[3]){"fsopen-bad", "move-mount-bad", "pivot-root-bad"});
    if (private_root == 0)
        report("tmpfs", kernel_call(__NR_mount, "tmpfs", "/", "tmpfs", MS_NOSUID | MS_NODEV, 0));
    const long uts = kernel_call(__NR_unshare, CLONE_NEWUTS);
    report("uts-namespace", uts);
    if (uts == 0)
        report("set-hostname", kernel_call(__NR_sethostname, "cupel", 5));
    const long network = kernel_call(__NR_unshare, CLONE_NEWNET);
    report("network-namespace", network);
    if (network == 0)
        report_child("loopback", use_loopback, "loopback", 1000);
    const long pids = kernel_call(__NR_unshare, CLONE_NEWPID);
    report("pid-namespace", pids);
    if (pids == 0 && private_root == 0)
        report_child("proc", mount_proc, "proc", 1000);
}

static int unshare_user_namespace(void *argument)
{
    (void)argument;
    /*
     * Root's jobs make their user namespace under ids of their own, and a security module may deny to these what it
     * allows to root. Where such ids cannot be had, root tries as root.
     */
    if (kernel_call(__NR_geteuid) == 0)
        report("drop-identity", become_foreign());
    const long user = kernel_call(__NR_geteuid);
    const long group = kernel_call(__NR_getegid);
    const long result = kernel_call(__NR_unshare, CLONE_NEWUSER);
    report("unshare-user", result);
    if (result < 0)
        return 0;
    report("setgroups-deny", write_file("/proc/self/setgroups", "deny"));
    report("write-uid-map", write_id_map("/proc/self/uid_map", user));
    report("write-gid-map", write_id_map("/proc/self/gid_map", group));
    report_labels("label-inside", "apparmor-label-inside");
    run_child(nest_user_namespace, "nested-user", 1000);
    exercise_capabilities();
    return 0;
}

/* Real root needs no user namespace for the rest: this tells what is denied to root itself. */
static int exercise_as_root(void *argument)
{
    (void)argument;
    const long result = kernel_call(__NR_unshare, CLONE_NEWNS);
    report("root-mount-namespace", result);
    if (result < 0)
        return 0;
    const long private_root = kernel_call(__NR_mount, 0, "/", 0, MS_REC | MS_PRIVATE, 0);
    report("root-private-root", private_root);
    report_privileged_filters((const char *const[3]){"root-fsopen-bad", "root-move-mount-bad", "root-pivot-root-bad"});
    if (private_root < 0)
        return 0;
    report("root-tmpfs", kernel_call(__NR_mount, "tmpfs", "/", "tmpfs", MS_NOSUID | MS_NODEV, 0));
    const long pids = kernel_call(__NR_unshare, CLONE_NEWPID);
    report("root-pid-namespace", pids);
    if (pids == 0)
        report_child("root-proc", mount_proc, "root-proc", 1000);
    return 0;
}

void probe_attribution(int count, char **arguments)
{
    (void)count;
    (void)arguments;
    report_identity();
    report_filters();
    report_root();
    report_labels("label", "apparmor-label");
    report_landlock_layers("landlock-layers");
    /* As the launcher does it for a user: the namespace made by clone(2) itself. */
    const long process = kernel_call(__NR_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);
    if (process == 0)
        leave(do_nothing(0));
    report("clone-user", process < 0 ? process : 0);
    if (process > 0)
        wait_for(process);
    report_child("unshare-user", unshare_user_namespace, 0, 3000);
    if (kernel_call(__NR_geteuid) == 0)
        report_child("root", exercise_as_root, 0, 3000);
}
