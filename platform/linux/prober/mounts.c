/* Mounts in namespaces of one's own: a tmpfs, a bind, and a read-only one whose denial is seen beside its control. */
#include "prober.h"
#include "../shared/mount-flags.h"

#include <linux/fcntl.h>
#include <linux/mount.h>
#include <linux/sched.h>

/* As the launcher does it on kernels before 5.12. */
static long remount(const char *path, const struct mount_attr *attributes)
{
    struct statfs status = {0};
    const long result = kernel_call(__NR_statfs, path, &status);
    if (result < 0)
        return result;
    const unsigned long flags = (mount_flags_of(&status) | attributes->attr_set) & ~(unsigned long)attributes->attr_clr;
    return kernel_call(__NR_mount, 0, path, 0, MS_REMOUNT | MS_BIND | flags, 0);
}

static long set_attributes(const char *path, const struct mount_attr *attributes)
{
    const long result = kernel_call(__NR_mount_setattr, AT_FDCWD, path, AT_RECURSIVE, attributes, sizeof *attributes);
    return result == -ENOSYS ? remount(path, attributes) : result;
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
    report("write-control", create_file("shut/before"));
    const long set = kernel_call(__NR_mount_setattr, AT_FDCWD, "shut", AT_RECURSIVE, &read_only, sizeof read_only);
    report("setattr", set);
    if (set == -ENOSYS)
        report("remount", remount("shut", &read_only));
    report("write-denied", create_file("shut/after"));
    report("write-beside", create_file("open/after"));
    report("mode-seen", kernel_call(__NR_faccessat, AT_FDCWD, "shut/before", 0));
}

/* MNT_DETACH of sys/mount.h. */
enum { detach = 2 };

static const struct mount_attr without_program = {.attr_set = MOUNT_ATTR_NOEXEC};
static const struct mount_attr without_devices = {.attr_set = MOUNT_ATTR_NODEV};
static const struct mount_attr writable = {.attr_clr = MOUNT_ATTR_RDONLY};

/* What a mount was given before a lesser user namespace came to be, that one cannot take off (mount_namespaces(7)). */
static int unlock(void *argument)
{
    (void)argument;
    /* What covers "/" counts as a chroot, in which the kernel makes no user namespace: it becomes the root itself. */
    long entered = kernel_call(__NR_pivot_root, ".", ".");
    if (entered == 0)
        entered = kernel_call(__NR_umount2, ".", detach);
    if (entered == 0)
        entered = kernel_call(__NR_unshare, CLONE_NEWUSER | CLONE_NEWNS);
    report("nested-namespaces", entered);
    if (entered < 0)
        return 0;
    report("unlock-denied", set_attributes("shut", &writable));
    report("write-still-denied", create_file("shut/again"));
    return 0;
}

/* A file that is no program: the kernel says ENOEXEC once it may read it, and EACCES where it may not execute it. */
static long execute(const char *path)
{
    char *const none[] = {0};
    return kernel_call(__NR_execve, path, none, none);
}

static void exercise_flags(void)
{
    make_directory("bare");
    kernel_call(__NR_mount, "tmpfs", "bare", "tmpfs", 0, "size=64k");
    create_file("bare/program");
    kernel_call(__NR_fchmodat, AT_FDCWD, "bare/program", 0700);
    report("execute-control", execute("bare/program"));
    report("noexec", set_attributes("bare", &without_program));
    report("execute-denied", execute("bare/program"));
    create_file("null");
    report("bind-device", kernel_call(__NR_mount, "/dev/null", "null", 0, MS_BIND, 0));
    const long before = open_path("null", O_WRONLY);
    report("device-control", before < 0 ? before : 0);
    report("nodev", set_attributes("null", &without_devices));
    const long after = open_path("null", O_WRONLY);
    report("device-denied", after < 0 ? after : 0);
}

/* Linux 5.2: a mount that is nowhere until it is moved to its place, from a tree or made new. */
static void exercise_detached(void)
{
    make_directory("tree");
    make_directory("made");
    const long tree = kernel_call(__NR_open_tree, AT_FDCWD, "open", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    report("open-tree", tree < 0 ? tree : 0);
    if (tree >= 0)
        report("move-mount", kernel_call(__NR_move_mount, tree, "", AT_FDCWD, "tree", MOVE_MOUNT_F_EMPTY_PATH));
    if (tree >= 0)
        report("tree-there", file_exists("tree/before"));
    const long context = kernel_call(__NR_fsopen, "tmpfs", FSOPEN_CLOEXEC);
    report("fsopen", context < 0 ? context : 0);
    if (context < 0)
        return;
    report("fsconfig", kernel_call(__NR_fsconfig, context, FSCONFIG_CMD_CREATE, 0, 0, 0));
    const long made = kernel_call(__NR_fsmount, context, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
    report("fsmount", made < 0 ? made : 0);
    if (made >= 0)
        report("move-made", kernel_call(__NR_move_mount, made, "", AT_FDCWD, "made", MOVE_MOUNT_F_EMPTY_PATH));
}

static long mount_on(const char *path)
{
    return kernel_call(__NR_mount, "tmpfs", path, "tmpfs", MS_NOSUID | MS_NODEV, "size=4k");
}

/* In a second mount namespace: a mount below what is shared is seen by the first, one below what is private is not. */
static int mount_elsewhere(void *argument)
{
    (void)argument;
    const long entered = kernel_call(__NR_unshare, CLONE_NEWNS);
    report("second-namespace", entered);
    if (entered < 0 || mount_on("shared/leaks") < 0 || create_file("shared/leaks/seen") < 0)
        return 0;
    report("make-private", kernel_call(__NR_mount, 0, "shared", 0, MS_REC | MS_PRIVATE, 0));
    if (mount_on("shared/stays") == 0)
        create_file("shared/stays/seen");
    return 0;
}

static void exercise_propagation(void)
{
    make_directory("shared");
    if (mount_on("shared") < 0)
        return;
    report("make-shared", kernel_call(__NR_mount, 0, "shared", 0, MS_SHARED, 0));
    make_directory("shared/leaks");
    make_directory("shared/stays");
    report_child("elsewhere", mount_elsewhere, 0, 1000);
    report("propagates", file_exists("shared/leaks/seen"));
    report("stays-away", file_exists("shared/stays/seen"));
}

static int exercise(void *argument)
{
    (void)argument;
    if (!enter_scratch(0))
        return 0;
    report("write-tmpfs", create_file("file"));
    exercise_read_only();
    exercise_flags();
    exercise_detached();
    exercise_propagation();
    report_child("unlock", unlock, 0, 1000);
    return 0;
}

void probe_mounts(int count, char **arguments)
{
    (void)count;
    (void)arguments;
    report_child("mounts", exercise, 0, 3000);
}
