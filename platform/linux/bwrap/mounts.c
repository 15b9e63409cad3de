/* Mounts of the new root, by mount(2): on any kernel, and each with the flags that it has already. */
#include "bwrap.h"
#include "../shared/mount-flags.h"

#include <asm/stat.h>
#include <linux/fcntl.h>

void mount_new(const char *type, const char *destination, unsigned long flags, const char *data)
{
    const long result = kernel_call(__NR_mount, type, destination, type, flags, data);
    if (result < 0)
        die_of(result, "Can't mount ", type, " on ", shown(destination), NULL);
}

static long add_flags(const char *path, unsigned long flags)
{
    struct statfs status;
    const long looked = kernel_call(__NR_statfs, path, &status);
    if (looked < 0)
        return looked;
    const unsigned long has = mount_flags_of(&status);
    if ((has | flags) == has)
        return 0;
    return kernel_call(__NR_mount, "none", path, NULL, MS_SILENT | MS_BIND | MS_REMOUNT | has | flags, NULL);
}

enum { field_of_path = 4 };

/* Undoes the table's \040 and its like, in place; gives what is behind the field. */
static char *take_field(char *at, char **field)
{
    char *to = *field = at;
    while (*at != ' ' && *at != '\n' && *at != '\0') {
        if (at[0] == '\\' && at[1] >= '0' && at[1] <= '3') {
            *to++ = (char)((at[1] - '0') * 64 + (at[2] - '0') * 8 + (at[3] - '0'));
            at += 4;
        } else {
            *to++ = *at++;
        }
    }
    char *const end = *at == ' ' ? at + 1 : at;
    if (to < end)
        *to = '\0';
    return end;
}

/* The path of each mount (proc_pid_mountinfo(5)); NULL at the table's end. */
static const char *next_mount(char **table)
{
    char *at = *table;
    char *path = NULL;
    if (*at == '\0')
        return NULL;
    for (int field = 0; field <= field_of_path; field++)
        at = take_field(at, &path);
    while (*at != '\n' && *at != '\0')
        at++;
    *table = *at == '\n' ? at + 1 : at;
    return path;
}

static bool is_below(const char *path, const char *parent)
{
    return starts_with(path, parent) && path[strlen(parent)] == '/';
}

/* What may not be looked into is left as it is, and what lies under another mount is out of reach. */
static void restrict_below(const struct sandbox *sandbox, const char *path, unsigned long flags)
{
    const long file = open_process_file(sandbox, "self/mountinfo", O_RDONLY);
    if (file < 0)
        die_of(file, "Can't open /proc/self/mountinfo", NULL);
    size_t length;
    char *table = read_whole((int)file, &length, "/proc/self/mountinfo");
    for (const char *mounted = next_mount(&table); mounted != NULL; mounted = next_mount(&table)) {
        if (!is_below(mounted, path))
            continue;
        const long result = add_flags(mounted, flags);
        if (result < 0 && result != -EACCES && result != -ENOENT)
            die_of(result, "Can't remount ", shown(mounted), NULL);
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
    const char *const path = real_path(sandbox, destination);
    result = add_flags(path, flags_for(how));
    if (result < 0)
        die_of(result, "Can't remount ", shown(path), NULL);
    restrict_below(sandbox, path, flags_for(how));
}

/* It alone, and nothing that is mounted below. */
void make_read_only(const struct sandbox *sandbox, const char *path)
{
    const long result = add_flags(real_path(sandbox, path), MS_RDONLY | MS_NOSUID | MS_NODEV);
    if (result < 0)
        die_of(result, "Can't remount readonly on ", shown(path), NULL);
}
