/* Mounts in namespaces of one's own: a tmpfs, a bind, and a read-only one whose denial is seen beside its control. */
#include "prober.h"

#include <linux/fcntl.h>
#include <linux/mount.h>
#include <linux/sched.h>

static long create(const char *path)
{
    const long descriptor = open_path(path, O_WRONLY | O_CREAT);
    if (descriptor >= 0)
        kernel_call(__NR_close, descriptor);
    return descriptor < 0 ? descriptor : 0;
}

static void exercise_read_only(void)
{
    const struct mount_attr read_only = {
        .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
        .attr_clr = 0,
        .propagation = 0,
        .userns_fd = 0,
    };
    kernel_call(__NR_mkdirat, AT_FDCWD, "open", 0700);
    kernel_call(__NR_mkdirat, AT_FDCWD, "shut", 0700);
    const long bind = kernel_call(__NR_mount, "open", "shut", 0, MS_BIND, 0);
    report("bind", bind);
    if (bind < 0)
        return;
    report("write-control", create("shut/before"));
    report("setattr", kernel_call(__NR_mount_setattr, AT_FDCWD, "shut", AT_RECURSIVE, &read_only, sizeof read_only));
    report("write-denied", create("shut/after"));
    report("write-beside", create("open/after"));
    report("mode-seen", kernel_call(__NR_faccessat, AT_FDCWD, "shut/before", 0));
}

static int exercise(void *argument)
{
    (void)argument;
    /* Root builds mounts as root; anyone else needs a user namespace whose mounts are theirs. */
    const unsigned long flags = kernel_call(__NR_geteuid) == 0 ? CLONE_NEWNS : CLONE_NEWUSER | CLONE_NEWNS;
    const long entered = enter_namespaces(flags);
    report("namespaces", entered);
    if (entered < 0)
        return 0;
    const long private_root = kernel_call(__NR_mount, 0, "/", 0, MS_REC | MS_PRIVATE, 0);
    report("private-root", private_root);
    if (private_root < 0)
        return 0;
    const long mounted = kernel_call(__NR_mount, "tmpfs", "/", "tmpfs", MS_NOSUID | MS_NODEV, "size=64k");
    report("tmpfs", mounted);
    /* The root itself stays under the new mount; ".." of the root steps onto what is mounted over it. */
    if (mounted < 0 || kernel_call(__NR_chdir, "/..") < 0)
        return 0;
    report("write-tmpfs", create("file"));
    exercise_read_only();
    return 0;
}

void probe_mounts(int count, char **arguments)
{
    (void)count;
    (void)arguments;
    report_child("mounts", exercise, 0, 3000);
}
