/*
 * Copies a tree that a job made from the file system in memory where it lies to a directory on the disk. Every entry is
 * opened by its name alone, in a directory that is open, and nothing in it is followed. Nobody changes it meanwhile:
 * the job's processes are gone. Set-id bits are left behind: on the way out they would be the launcher's caller's.
 */
#include "layer.h"
#include "../shared/append.h"

#include <asm/stat.h>
#include <linux/fcntl.h>

/* Two descriptors each, of which a process has a thousand. */
enum { depth_max = 250, names_bytes = 4096, limit_open_files = 7 /* RLIMIT_NOFILE */ };

/* By the overlay's name for a directory that shows nothing of what lies below it: as root, and in a user namespace. */
static const char *const opaque_marks[] = {"trusted.overlay.opaque", "user.overlay.opaque"};

struct directory_entry {
    uint64_t inode;
    int64_t offset;
    uint16_t length;
    uint8_t type;
    char name[];
};

struct copying {
    /* Where a file that has several names has one more, by its number, until all are copied. */
    int links;
};

static long copy_directory(const struct copying *copying, int from, int to, int depth);

static long copy_times(int to, const char *name, const struct stat *status)
{
    const struct {
        long long seconds, nanoseconds;
    } times[2] = {{(long long)status->st_atime, (long long)status->st_atime_nsec},
                  {(long long)status->st_mtime, (long long)status->st_mtime_nsec}};
    return kernel_call(__NR_utimensat, to, name, times, AT_SYMLINK_NOFOLLOW);
}

/* Only what there is: a file of a terabyte may hold nothing. */
static long copy_data(int from, int to, int64_t size)
{
    int64_t at = 0;
    long result = kernel_call(__NR_ftruncate, to, size);
    while (result >= 0 && at < size) {
        at = kernel_call(__NR_lseek, from, at, 3 /* SEEK_DATA */);
        if (at < 0)
            return at == -ENXIO ? 0 : at;
        const int64_t end = kernel_call(__NR_lseek, from, at, 4 /* SEEK_HOLE */);
        result = end < 0 ? end : kernel_call(__NR_lseek, to, at, 0 /* SEEK_SET */);
        while (result >= 0 && at < end) {
            result = kernel_call(__NR_sendfile, to, from, &at, end - at);
            if (result == 0)
                return -EIO;
        }
    }
    return result;
}

/*
 * The job may have taken the right to read from what is its own. Root needs none, and whoever is not follows no link to
 * something else of the caller's: a descriptor of the tree may have been passed out, and the name be another's by now.
 */
static void allow_to_read(int in, const char *name, uint32_t mode)
{
    struct stat status;
    char path[32 + number_capacity];
    if (kernel_call(__NR_geteuid) == 0)
        return;
    const long handle = kernel_call(__NR_openat, in, name, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
    if (handle < 0)
        return;
    append_number(append_text(path, "/proc/self/fd/"), (uint64_t)handle, 10);
    if (kernel_call(__NR_fstat, handle, &status) >= 0 && !is_type(status.st_mode, type_symlink))
        kernel_call(__NR_fchmodat, AT_FDCWD, path, mode);
    close_descriptor((int)handle);
}

static long copy_file(int from, int to, const char *name, const struct stat *status)
{
    if ((status->st_mode & 0400) == 0)
        allow_to_read(from, name, 0600);
    const long source = kernel_call(__NR_openat, from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0);
    if (source < 0)
        return source;
    const long file = kernel_call(__NR_openat, to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    long result = file < 0 ? file : copy_data((int)source, (int)file, (int64_t)status->st_size);
    if (result >= 0)
        result = kernel_call(__NR_fchmod, file, status->st_mode & 0777);
    close_descriptor((int)file);
    close_descriptor((int)source);
    return result;
}

/* A file with several names is copied once, and the others are names of the copy: else it could be larger than all. */
static long copy_linked(const struct copying *copying, int from, int to, const char *name, const struct stat *status)
{
    char number[number_capacity];
    append_number(number, status->st_ino, 10);
    const long found = kernel_call(__NR_linkat, copying->links, number, to, name, 0);
    if (found != -ENOENT)
        return found;
    const long copied = copy_file(from, to, name, status);
    return copied < 0 ? copied : kernel_call(__NR_linkat, to, name, copying->links, number, 0);
}

static long copy_symlink(int from, int to, const char *name)
{
    static char target[4096];
    const long length = kernel_call(__NR_readlinkat, from, name, target, sizeof target - 1);
    if (length < 0)
        return length;
    target[length] = '\0';
    return kernel_call(__NR_symlinkat, target, to, name);
}

static long copy_mark(int from, int to)
{
    for (size_t index = 0; index < sizeof opaque_marks / sizeof *opaque_marks; index++) {
        char value[2];
        const char *name = opaque_marks[index];
        const long length = kernel_call(__NR_fgetxattr, from, name, value, sizeof value);
        const long result = length <= 0 ? 0 : kernel_call(__NR_fsetxattr, to, name, value, length, 0);
        if (result < 0)
            return result;
    }
    return 0;
}

static long open_directory(int in, const char *name)
{
    return kernel_call(__NR_openat, in, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
}

static long open_jobs_directory(int in, const char *name, const struct stat *status)
{
    if ((status->st_mode & 0700) != 0700)
        allow_to_read(in, name, 0700);
    return open_directory(in, name);
}

/* What it is to have is set last: it may be no right to write to it. */
static long copy_open_directory(const struct copying *copying, int from, int to, const struct stat *status, int depth)
{
    long result = copy_mark(from, to);
    if (result >= 0)
        result = copy_directory(copying, from, to, depth);
    return result < 0 ? result : kernel_call(__NR_fchmod, to, status->st_mode & 01777);
}

static long copy_subdirectory(const struct copying *copying, int from, int to, const char *name,
                              const struct stat *status, int depth)
{
    if (depth == depth_max)
        return -ELOOP;
    const long source = open_jobs_directory(from, name, status);
    long result = source < 0 ? source : kernel_call(__NR_mkdirat, to, name, 0700);
    const long made = result < 0 ? result : open_directory(to, name);
    result = made < 0 ? made : copy_open_directory(copying, (int)source, (int)made, status, depth + 1);
    close_descriptor((int)made);
    close_descriptor((int)source);
    return result;
}

/* What marks a removal is a device 0:0, which everybody may make (Linux 5.8); no other device can be made in a job. */
static long copy_special(int to, const char *name, const struct stat *status)
{
    if (is_type(status->st_mode, type_device) && status->st_rdev != 0)
        return -ENODEV;
    return kernel_call(__NR_mknodat, to, name, status->st_mode & (type_mask | 0777), 0);
}

static long copy_entry(const struct copying *copying, int from, int to, const char *name, int depth)
{
    struct stat status;
    long result = kernel_call(__NR_newfstatat, from, name, &status, AT_SYMLINK_NOFOLLOW);
    if (result < 0)
        return result;
    if (is_type(status.st_mode, type_directory))
        result = copy_subdirectory(copying, from, to, name, &status, depth);
    else if (is_type(status.st_mode, type_symlink))
        result = copy_symlink(from, to, name);
    else if (!is_type(status.st_mode, type_file))
        result = copy_special(to, name, &status);
    else if (status.st_nlink > 1)
        result = copy_linked(copying, from, to, name, &status);
    else
        result = copy_file(from, to, name, &status);
    return result < 0 ? result : copy_times(to, name, &status);
}

static bool is_dot(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static long copy_directory(const struct copying *copying, int from, int to, int depth)
{
    _Alignas(8) char names[names_bytes];
    for (;;) {
        const long length = kernel_call(__NR_getdents64, from, names, sizeof names);
        if (length <= 0)
            return length;
        for (long at = 0; at < length;) {
            const struct directory_entry *entry = (const void *)(names + at);
            at += entry->length;
            const long result = is_dot(entry->name) ? 0 : copy_entry(copying, from, to, entry->name, depth);
            if (result < 0)
                return result;
        }
    }
}

static void remove_links(int layer, int links)
{
    _Alignas(8) char names[names_bytes];
    /* What is removed while it is read may be read or not, so from the start again until nothing is left. */
    for (bool is_empty = false; !is_empty;) {
        is_empty = true;
        kernel_call(__NR_lseek, links, 0, 0 /* SEEK_SET */);
        for (long length; (length = kernel_call(__NR_getdents64, links, names, sizeof names)) > 0;)
            for (long at = 0; at < length;) {
                const struct directory_entry *entry = (const void *)(names + at);
                at += entry->length;
                if (!is_dot(entry->name) && kernel_call(__NR_unlinkat, links, entry->name, 0) >= 0)
                    is_empty = false;
            }
    }
    kernel_call(__NR_unlinkat, layer, "links", 0x200 /* AT_REMOVEDIR */);
}

/* Two descriptors a level: the job is over, so its caps on them are nobody's any more. */
static void raise_open_files(void)
{
    uint64_t limit[2];
    if (kernel_call(__NR_prlimit64, 0, limit_open_files, NULL, limit) < 0)
        return;
    limit[0] = limit[1];
    kernel_call(__NR_prlimit64, 0, limit_open_files, limit, NULL);
}

long copy_layer(int from, int to)
{
    struct stat status;
    raise_open_files();
    long result = kernel_call(__NR_newfstatat, from, "upper", &status, AT_SYMLINK_NOFOLLOW);
    const long source = result < 0 ? result : open_jobs_directory(from, "upper", &status);
    const long upper = source < 0 ? source : open_directory(to, "upper");
    result = upper < 0 ? upper : 0;
    if (result >= 0)
        result = kernel_call(__NR_mkdirat, to, "links", 0700);
    if (result >= 0) {
        const struct copying copying = {.links = (int)open_directory(to, "links")};
        result = copy_open_directory(&copying, (int)source, (int)upper, &status, 0);
        remove_links(to, copying.links);
        close_descriptor(copying.links);
    }
    close_descriptor((int)upper);
    close_descriptor((int)source);
    return result;
}
