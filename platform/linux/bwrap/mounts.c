/* Mounts of the new root, by mount(2): on any kernel, and each with the flags that it has already. */
#include "bwrap.h"

#include <asm/stat.h>
#include <linux/fcntl.h>
#include <linux/mount.h>

void mount_new(const char *type, const char *destination, unsigned long flags, const char *data)
{
    const long result = kernel_call(__NR_mount, type, destination, type, flags, data);
    if (result < 0)
        die_of(result, "Can't mount ", type, " on ", shown(destination), NULL);
}

static bool is_below(const char *path, const char *parent)
{
    return starts_with(path, parent) && path[strlen(parent)] == '/';
}

enum { none_found = -1 };

/* A path is mounted over at times: what is below is out of reach, and the last in the table is in sight. */
static long list_mounts(const struct sandbox *sandbox, const char *path, struct mount **list)
{
    size_t count = 0, found = 0;
    char *at = read_mount_table(sandbox);
    for (const char *byte = at; *byte != '\0'; byte++)
        count += *byte == '\n';
    struct mount *const mounts = *list = take_scratch(count * sizeof *mounts);
    struct mount mount;
    long own = none_found;
    while (next_mount(&at, &mount)) {
        const bool is_own = strcmp(mount.path, path) == 0;
        if (!is_own && !is_below(mount.path, path))
            continue;
        /* Nothing that was below it before is in sight any more. */
        if (is_own)
            found = 0;
        own = is_own ? 0 : own;
        mounts[found++] = mount;
    }
    return own == none_found ? none_found : (long)found;
}

/* By what was mounted at its own path later, or above. */
static bool is_covered(const struct mount *mounts, long count, long index)
{
    const char *const path = mounts[index].path;
    for (long later = index + 1; later < count; later++)
        if (strcmp(mounts[later].path, path) == 0 || is_below(path, mounts[later].path))
            return true;
    return false;
}

static long add_flags(const struct mount *mount, unsigned long flags)
{
    if ((mount->flags | flags) == mount->flags)
        return 0;
    const unsigned long all = MS_SILENT | MS_BIND | MS_REMOUNT | mount->flags | flags;
    return kernel_call(__NR_mount, "none", mount->path, NULL, all, NULL);
}

/* What is mounted at the path itself, and, where that is wanted, all that is mounted below. */
static void restrict_mounts(const struct sandbox *sandbox, const char *path, unsigned long flags, bool is_recursive)
{
    struct mount *mounts;
    const long count = list_mounts(sandbox, path, &mounts);
    if (count == none_found)
        die("Unable to find ", shown(path), " in mount table", NULL);
    long result = add_flags(&mounts[0], flags);
    if (result < 0)
        die_of(result, "Can't remount ", shown(path), NULL);
    for (long index = 1; is_recursive && index < count; index++) {
        if (is_covered(mounts, count, index))
            continue;
        result = add_flags(&mounts[index], flags);
        /* What may not be looked into, or was removed, is nobody's to use. */
        if (result < 0 && result != -EACCES && result != -ENOENT)
            die_of(result, "Can't remount ", shown(mounts[index].path), NULL);
    }
}

/* A mount point may have been reached through links. */
static const char *real_path(const struct sandbox *sandbox, const char *path)
{
    const long found = kernel_call(__NR_openat, AT_FDCWD, path, O_PATH | O_CLOEXEC, 0);
    if (found < 0)
        die_of(found, "Can't find ", shown(path), NULL);
    const char *const real = path_of(sandbox, (int)found);
    close_descriptor((int)found);
    return real;
}

static unsigned long flags_for(const struct operation *how)
{
    return MS_NOSUID | (how->has_devices ? 0 : MS_NODEV) | (how->is_read_only ? MS_RDONLY : 0);
}

static long find(int directory, const char *path, int flags, struct stat *status)
{
    return kernel_call(__NR_newfstatat, directory, path, status, flags);
}

/* Its path was looked up once, and mounted from later: what lay there by then must be what was given. */
static void check_descriptor(const char *destination, int descriptor)
{
    struct stat given, mounted;
    if (descriptor == none)
        return;
    long result = find(descriptor, "", AT_EMPTY_PATH, &given);
    if (result >= 0)
        result = find(AT_FDCWD, destination, 0, &mounted);
    if (result < 0)
        die_of(result, "Can't compare what is bound on ", shown(destination), NULL);
    if (given.st_dev != mounted.st_dev || given.st_ino != mounted.st_ino)
        die("Race condition binding dirfd", NULL);
    close_descriptor(descriptor);
}

void bind_mount(const struct sandbox *sandbox, const char *source, const char *destination, const struct operation *how)
{
    long result = kernel_call(__NR_mount, source, destination, NULL, MS_SILENT | MS_BIND | MS_REC, NULL);
    if (result < 0)
        die_of(result, "Can't bind mount ", shown(source), " on ", shown(destination), NULL);
    check_descriptor(destination, how->descriptor);
    restrict_mounts(sandbox, real_path(sandbox, destination), flags_for(how), true);
}

/* It alone, and nothing that is mounted below. */
void make_read_only(const struct sandbox *sandbox, const char *path)
{
    restrict_mounts(sandbox, real_path(sandbox, path), MS_RDONLY | MS_NOSUID | MS_NODEV, false);
}
