/*
 * Where the things of a new root go. Mount points are made only on file systems that were mounted here, never in a
 * directory of the host, and no symlink is followed on the way to one.
 */
#include "builder.h"

#include <asm/stat.h>
#include <linux/fcntl.h>

void own_file_system(struct builder *builder, int mount, const char *subject)
{
    const struct stat status = status_of(builder, mount, subject);
    if (builder->own_device_count == own_file_systems_max)
        fail_build(builder, step_mount_point, -E2BIG, subject);
    builder->own_devices[builder->own_device_count++] = status.st_dev;
}

static bool is_own(const struct builder *builder, uint64_t device)
{
    for (size_t index = 0; index < builder->own_device_count; index++)
        if (builder->own_devices[index] == device)
            return true;
    return false;
}

/* Nothing is made in `directory` if it is not ours: an entry made in a bound host directory would outlive the job. */
void refuse_foreign(const struct builder *builder, int directory, int step, const char *subject)
{
    if (!is_own(builder, status_of(builder, directory, subject).st_dev))
        fail_build(builder, step, -EROFS, subject);
}

static long open_child(int parent, const char *name)
{
    return kernel_call(__NR_openat, parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
}

/* Makes `name` in `parent`, which must be ours. */
static void make_entry(const struct builder *builder, int parent, const char *name, uint32_t type, uint32_t mode,
                       const char *path)
{
    refuse_foreign(builder, parent, step_mount_point, path);
    const long result = type == type_directory ? kernel_call(__NR_mkdirat, parent, name, mode)
                                               : kernel_call(__NR_mknodat, parent, name, type_file | mode, 0);
    must_build(builder, result, step_mount_point, path);
}

/* Copies the next component of *path into `name`; false at the end. Refuses "." and "..". */
static bool next_component(const struct builder *builder, const char **path, char name[256])
{
    const char *at = skip_slashes(*path);
    size_t length = 0;
    while (at[length] != '\0' && at[length] != '/') {
        if (length == 255)
            fail_build(builder, step_mount_point, -ENAMETOOLONG, *path);
        name[length] = at[length];
        length++;
    }
    name[length] = '\0';
    *path = at + length;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        fail_build(builder, step_mount_point, -EINVAL, at);
    return length > 0;
}

static bool is_last(const char *rest)
{
    return *skip_slashes(rest) == '\0';
}

/* What is missing on the way to `path` is made: directories on the way, `type` at the end. */
int place(const struct builder *builder, const char *path, uint32_t type, uint32_t mode)
{
    const char *rest = path;
    char name[256];
    int at =
        must_build(builder, kernel_call(__NR_fcntl, builder->new_root, F_DUPFD_CLOEXEC, 3), step_mount_point, path);
    while (next_component(builder, &rest, name)) {
        const bool last = is_last(rest);
        long child = open_child(at, name);
        if (child == -ENOENT) {
            make_entry(builder, at, name, last ? type : type_directory, last ? mode : 0755, path);
            child = open_child(at, name);
        }
        const int next = must_build(builder, child, step_mount_point, path);
        close_descriptor(at);
        at = next;
        if (is_type(status_of(builder, at, path).st_mode, type_symlink))
            fail_build(builder, step_mount_point, -ELOOP, path);
    }
    return at;
}

int place_for(const struct builder *builder, const char *destination, uint32_t type)
{
    return place(builder, destination, type, type == type_directory ? 0755 : 0444);
}

/* A handle on the directory that holds the last component, whose name is copied out. */
int place_parent(const struct builder *builder, const char *path, char name[256])
{
    char parent[4096];
    const size_t length = strlen(path);
    size_t cut = length;
    while (cut > 0 && path[cut - 1] != '/')
        cut--;
    if (length >= sizeof parent || length - cut > 255 || cut == length)
        fail_build(builder, step_mount_point, -ENAMETOOLONG, path);
    memcpy(parent, path, cut);
    parent[cut] = '\0';
    memcpy(name, path + cut, length - cut + 1);
    return place(builder, parent, type_directory, 0755);
}
