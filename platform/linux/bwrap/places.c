/* Files and directories that are made in the new root, where nothing is there yet. */
#include "bwrap.h"

#include <asm/stat.h>
#include <linux/fcntl.h>

const char *shown(const char *path)
{
    if (starts_with(path, old_root))
        return path + sizeof old_root - 1;
    if (!starts_with(path, new_root))
        return path;
    path += sizeof new_root - 1;
    return path[0] == '/' && path[1] == '/' ? path + 1 : path;
}

enum { type_mask = 0170000, type_directory = 0040000 };

static long type_of(const char *path)
{
    struct stat status;
    const long result = kernel_call(__NR_newfstatat, AT_FDCWD, path, &status, 0);
    return result < 0 ? result : (long)(status.st_mode & type_mask);
}

bool is_directory(const char *path)
{
    return type_of(path) == type_directory;
}

static long ensure_directory(const char *path, int mode)
{
    const long type = type_of(path);
    if (type >= 0)
        return type == type_directory ? 0 : -ENOTDIR;
    const long made = kernel_call(__NR_mkdirat, AT_FDCWD, path, mode);
    return made == -EEXIST ? 0 : made;
}

/* All that lead there, but not `path` itself. */
void make_parents(const char *path, int mode)
{
    const size_t length = strlen(path);
    char *const part = allocate(length + 1);
    memcpy(part, path, length + 1);
    for (size_t at = 1; at < length; at++) {
        if (part[at] != '/' || part[at - 1] == '/')
            continue;
        part[at] = '\0';
        const long result = ensure_directory(part, mode);
        if (result < 0)
            die_of(result, "Can't mkdir parents for ", shown(path), NULL);
        part[at] = '/';
    }
}

void make_directory(const char *path, int mode)
{
    const long result = ensure_directory(path, mode);
    if (result < 0)
        die_of(result, "Can't mkdir ", shown(path), NULL);
}

/* Looked for first: on a file system that is read-only it could not be made, though it is there. A link that leads
 * nowhere yet is followed. */
void make_file(const char *path, int mode)
{
    const long type = type_of(path);
    if (type == type_directory)
        die_of(-EISDIR, "Can't create file at ", shown(path), NULL);
    if (type >= 0)
        return;
    const long file = kernel_call(__NR_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_CLOEXEC, mode);
    if (file < 0)
        die_of(file, "Can't create file at ", shown(path), NULL);
    close_descriptor((int)file);
}
