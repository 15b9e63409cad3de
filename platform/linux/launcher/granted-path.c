/* A path that was granted is meant as it was then: through no link, and where the caller stands, that directory. */
#include "builder.h"
#include "mount-calls.h"

#include <asm/stat.h>
#include <linux/fcntl.h>

/* 0, or -ELOOP for a symlink. */
static long refuse_link(int file)
{
    struct stat status = {0};
    const long looked = kernel_call(__NR_fstat, file, &status);
    if (looked < 0)
        return looked;
    return is_type(status.st_mode, type_symlink) ? -ELOOP : 0;
}

/* The next name of *path, copied out; false at the end. One that is too long is none that there is. */
static bool next_name(const char **path, char name[256])
{
    const char *at = skip_slashes(*path);
    size_t length = 0;
    while (at[length] != '\0' && at[length] != '/' && length < 255) {
        name[length] = at[length];
        length++;
    }
    name[length] = '\0';
    *path = at + length;
    return length > 0;
}

/* Name by name: filters of container engines, and cupel's own, have no openat2(2). */
static long open_by_steps(int root, const char *path)
{
    char name[256];
    long at = kernel_call(__NR_fcntl, root, F_DUPFD_CLOEXEC, 3);
    while (at >= 0 && next_name(&path, name)) {
        const long next = kernel_call(__NR_openat, at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
        close_descriptor((int)at);
        if (next < 0)
            return next;
        const long result = refuse_link((int)next);
        if (result < 0) {
            close_descriptor((int)next);
            return result;
        }
        at = next;
    }
    return at;
}

/* A handle, or a negative errno. */
long open_granted(const struct launch *launch, const char *path)
{
    const long root = kernel_call(__NR_openat, AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
    long file = root < 0 ? root : open_path_in((int)root, path);
    if (file == -ENOSYS)
        file = open_by_steps((int)root, path);
    close_descriptor((int)root);
    if (file < 0)
        return file;
    long result = refuse_link((int)file);
    if (result >= 0)
        result = check_pinned(launch->instruction, (int)file, path);
    if (result >= 0)
        return file;
    close_descriptor((int)file);
    return result;
}
