/* The flags that something is mounted with, as statfs(2) tells them and as mount(2) takes them. */
#ifndef CUPEL_MOUNT_FLAGS_H
#define CUPEL_MOUNT_FLAGS_H

#include "kernel.h"

#include <asm/statfs.h>
#include <linux/mount.h>

/* Two bits of statfs(2) are others than those of mount(2), of which Debian 12's header lacks MS_NOSYMFOLLOW. */
enum {
    status_relatime = 0x1000,
    status_nosymfollow = 0x2000,
    mount_nosymfollow = 0x100,
    mount_same_flags = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME | MS_NODIRATIME
};

/* Flags for mount(2), which replaces all of them at a remount, so those that are there have to be said again. */
static inline unsigned long mount_flags_of(const struct statfs *status)
{
    unsigned long flags = (unsigned long)status->f_flags & mount_same_flags;
    flags |= (status->f_flags & status_relatime) != 0 ? MS_RELATIME : 0;
    return flags | ((status->f_flags & status_nosymfollow) != 0 ? mount_nosymfollow : 0);
}

#endif
