/*
 * Calls on files that sandboxes rest on: `file-calls DIRECTORY`. Lookups are tried in /proc, where links and mounts are
 * found without making any; names are exchanged on a tmpfs of this process's own; what DIRECTORY's file system can do
 * is tried on files without a name. Nothing is left, whenever this ends.
 */
#include "prober.h"

#include <asm/statfs.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <linux/stat.h>

/* Of flock(2), which no kernel header exports for programs. */
enum { lock_exclusive_now = 2 | 4, page = 4096, odd_mode = 0641 };

static long lookup(long directory, const char *path, uint64_t rules)
{
    struct open_how how = {.flags = O_PATH | O_CLOEXEC, .mode = 0, .resolve = rules};
    const long opened = kernel_call(__NR_openat2, directory, path, &how, sizeof how);
    if (opened >= 0)
        kernel_call(__NR_close, opened);
    return opened < 0 ? opened : 0;
}

/* /proc/mounts is a symlink, /proc/self/root a magic one that leads out, and ".." of /proc the directory above. */
static int look_up(void *argument)
{
    (void)argument;
    const long proc = open_path("/proc", O_PATH | O_DIRECTORY);
    const long top = open_path("/", O_PATH | O_DIRECTORY);
    report("lookup-proc", proc < 0 ? proc : 0);
    if (proc < 0)
        return 0;
    report("link-control", lookup(proc, "mounts", 0));
    report("link-denied", lookup(proc, "mounts", RESOLVE_NO_SYMLINKS));
    report("magic-control", lookup(proc, "self/root", 0));
    report("magic-denied", lookup(proc, "self/root", RESOLVE_NO_MAGICLINKS));
    report("above-control", lookup(proc, "../.", 0));
    report("above-denied", lookup(proc, "../.", RESOLVE_BENEATH));
    report("escape-denied", lookup(proc, "self/root", RESOLVE_BENEATH));
    report("beneath-allowed", lookup(proc, "mounts", RESOLVE_BENEATH));
    report("in-root-allowed", lookup(proc, "/../mounts", RESOLVE_IN_ROOT));
    report("mount-denied", lookup(top, "proc/version", RESOLVE_NO_XDEV));
    return 0;
}

static long create(const char *path)
{
    const long file = open_path(path, O_WRONLY | O_CREAT | O_EXCL);
    if (file >= 0)
        kernel_call(__NR_close, file);
    return file < 0 ? file : 0;
}

static long rename_with(const char *from, const char *to, unsigned flags)
{
    return kernel_call(__NR_renameat2, AT_FDCWD, from, AT_FDCWD, to, flags);
}

static int exchange_names(void *argument)
{
    (void)argument;
    enum { bad_flag = 0x40000000 };
    report("rename-bad", rename_with("a", "b", bad_flag));
    long entered = enter_namespaces(CLONE_NEWNS);
    if (entered < 0)
        entered = enter_namespaces(CLONE_NEWUSER | CLONE_NEWNS);
    if (entered >= 0)
        entered = kernel_call(__NR_mount, 0, "/", 0, MS_REC | MS_PRIVATE, 0);
    if (entered >= 0)
        entered = kernel_call(__NR_mount, "tmpfs", "/", "tmpfs", MS_NOSUID | MS_NODEV, "size=64k");
    /* ".." of the root steps onto what is mounted over it. */
    if (entered >= 0)
        entered = kernel_call(__NR_chdir, "/..");
    report("rename-place", entered);
    if (entered < 0)
        return 0;
    create("one");
    create("two");
    report("rename-onto", rename_with("one", "two", RENAME_NOREPLACE));
    report("rename-free", rename_with("one", "three", RENAME_NOREPLACE));
    report("rename-exchange", rename_with("two", "three", RENAME_EXCHANGE));
    report("rename-missing", rename_with("two", "nowhere", RENAME_EXCHANGE));
    return 0;
}

static long reopen(long descriptor)
{
    char path[64];
    format_number(path + copy_text(path, sizeof path, "/proc/self/fd/"), descriptor);
    return open_path(path, O_RDWR);
}

static long keep_mode(long file)
{
    struct statx status;
    const long changed = kernel_call(__NR_fchmod, file, odd_mode);
    const long asked = kernel_call(__NR_statx, file, "", AT_EMPTY_PATH, STATX_MODE, &status);
    if (changed < 0 || asked < 0)
        return changed < 0 ? changed : asked;
    return (status.stx_mode & 0777) == odd_mode ? 0 : -EIO;
}

static void use_files(const char *directory)
{
    const long flags = O_TMPFILE | O_RDWR | O_CLOEXEC;
    const long one = kernel_call(__NR_openat, AT_FDCWD, directory, flags, 0600);
    report("unnamed", one < 0 ? one : 0);
    if (one < 0)
        return;
    static const char data[page] = {1};
    const long written = kernel_call(__NR_write, one, data, sizeof data);
    report("write", written < 0 ? written : 0);
    report("mode", keep_mode(one));
    report("attribute", kernel_call(__NR_fsetxattr, one, "user.cupel", "1", 1, 0));
    report("allocate", kernel_call(__NR_fallocate, one, 0, 0, page));
    const long two = kernel_call(__NR_openat, AT_FDCWD, directory, flags, 0600);
    report("clone", two < 0 ? two : kernel_call(__NR_ioctl, two, FICLONE, one));
    report("lock", kernel_call(__NR_flock, one, lock_exclusive_now));
    const long again = reopen(one);
    report("lock-denied", again < 0 ? -ENOENT : kernel_call(__NR_flock, again, lock_exclusive_now));
}

static int look_around(void *directory)
{
    struct statfs system;
    const long asked = kernel_call(__NR_statfs, directory, &system);
    report("type", asked < 0 ? asked : (long long)system.f_type);
    struct statx status;
    const long looked = kernel_call(__NR_statx, AT_FDCWD, directory, 0, STATX_BASIC_STATS | STATX_BTIME, &status);
    report("birth", looked < 0 ? looked : (status.stx_mask & STATX_BTIME) != 0);
    use_files(directory);
    return 0;
}

void probe_file_calls(int count, char **arguments)
{
    report_child("lookup", look_up, 0, 1000);
    report_child("rename", exchange_names, 0, 1000);
    report_child("files", look_around, count > 0 ? arguments[0] : ".", 3000);
}
