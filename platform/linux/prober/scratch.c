/* A place to try mounts in: namespaces of one's own, and in them an empty tmpfs as the current directory. */
#include "prober.h"

#include <linux/fcntl.h>
#include <linux/mount.h>
#include <linux/sched.h>

unsigned long with_own_user(unsigned long flags)
{
    return kernel_call(__NR_geteuid) == 0 ? flags : flags | CLONE_NEWUSER;
}

static long mount_scratch(void)
{
    return kernel_call(__NR_mount, "tmpfs", "/", "tmpfs", MS_NOSUID | MS_NODEV, "size=1m");
}

/* The root itself stays under the new mount; ".." of the root steps onto what is mounted over it. */
static long step_onto_scratch(void)
{
    return kernel_call(__NR_chdir, "/..");
}

static long make_root_private(void)
{
    return kernel_call(__NR_mount, 0, "/", 0, MS_REC | MS_PRIVATE, 0);
}

bool enter_scratch(unsigned long flags)
{
    const long entered = enter_namespaces(with_own_user(flags | CLONE_NEWNS));
    report("namespaces", entered);
    if (entered < 0)
        return false;
    const long private_root = make_root_private();
    report("private-root", private_root);
    if (private_root < 0)
        return false;
    const long mounted = mount_scratch();
    report("tmpfs", mounted);
    return mounted >= 0 && step_onto_scratch() >= 0;
}

long try_scratch(unsigned long flags, const char **step)
{
    *step = "namespaces";
    long result = enter_namespaces(with_own_user(flags | CLONE_NEWNS));
    if (result < 0)
        return result;
    *step = "private-root";
    result = make_root_private();
    if (result < 0)
        return result;
    *step = "tmpfs";
    result = mount_scratch();
    return result < 0 ? result : step_onto_scratch();
}

long create_file(const char *path)
{
    const long descriptor = open_path(path, O_WRONLY | O_CREAT);
    if (descriptor >= 0)
        kernel_call(__NR_close, descriptor);
    return descriptor < 0 ? descriptor : 0;
}

long make_directory(const char *path)
{
    return kernel_call(__NR_mkdirat, AT_FDCWD, path, 0755);
}

long file_exists(const char *path)
{
    return kernel_call(__NR_faccessat, AT_FDCWD, path, 0);
}
