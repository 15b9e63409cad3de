/* The new mount API (Linux 5.2: fsopen(2) and family; 5.12: mount_setattr(2)), as thin as it comes. */
#ifndef CUPEL_MOUNT_CALLS_H
#define CUPEL_MOUNT_CALLS_H

#include "../shared/kernel.h"

#include <linux/fcntl.h>
#include <linux/mount.h>
#include <linux/openat2.h>

/*
 * Opens a path of the host without following a symlink anywhere in it: what the caller resolved to a canonical path
 * must still be that path. The result is a handle, not an open file (O_PATH), so no device is opened by looking.
 */
static inline long open_path_in(int directory, const char *path)
{
    while (*path == '/')
        path++;
    struct open_how how = {
        .flags = O_PATH | O_CLOEXEC | O_NOFOLLOW,
        .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
    };
    return kernel_call(__NR_openat2, directory, *path == '\0' ? "." : path, &how, sizeof how);
}

/* A detached copy of the mount (and the mounts below it) that an O_PATH descriptor stands for. */
static inline long clone_mount(int descriptor, bool recursive)
{
    const unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH;
    return kernel_call(__NR_open_tree, descriptor, "", flags | (recursive ? AT_RECURSIVE : 0));
}

static inline long set_mount_attributes(int descriptor, uint64_t attributes, bool recursive)
{
    struct mount_attr attr = {.attr_set = attributes};
    return kernel_call(__NR_mount_setattr, descriptor, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &attr,
                       sizeof attr);
}

static inline long attach_mount(int mount, int destination)
{
    return kernel_call(__NR_move_mount, mount, "", destination, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

static inline long set_option(int context, const char *name, const char *value)
{
    if (value[0] == '\0')
        return kernel_call(__NR_fsconfig, context, FSCONFIG_SET_FLAG, name, NULL, 0);
    return kernel_call(__NR_fsconfig, context, FSCONFIG_SET_STRING, name, value, 0);
}

/* Creates the superblock and a detached mount of it; closes the context either way. */
static inline long finish_mount(int context, uint64_t attributes)
{
    long result = kernel_call(__NR_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
    if (result >= 0)
        result = kernel_call(__NR_fsmount, context, FSMOUNT_CLOEXEC, attributes);
    kernel_call(__NR_close, context);
    return result;
}

#endif
