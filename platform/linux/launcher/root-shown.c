/*
 * What a root shows of the host: grants, system paths, single devices. Their sources are looked up from the host's root
 * without following symlinks.
 */
#include "builder.h"
#include "mount-calls.h"

#include <asm/stat.h>

static uint32_t file_type(uint32_t mode)
{
    return is_type(mode, type_directory) ? type_directory : type_file;
}

/* What `source` stands for, with at least read-only, nosuid and nodev as told; never fewer than it has. */
static void show(struct builder *builder, const struct root_step *step, int source, uint64_t attributes, int name)
{
    const struct stat status = status_of(builder, source, step->source);
    const int at = place_for(builder, step->destination, file_type(status.st_mode));
    const bool must_map_owner = (step->bits & step_bit_map_owner) != 0;
    const struct root_copy copy = {
        .source = source,
        .destination = at,
        .path = step->destination,
        .is_recursive = true,
        .owner_namespace = step->owner_namespace,
        .must_map_owner = must_map_owner,
    };
    const bool is_mapping = must_map_owner && step->owner_namespace >= 0;
    const int mount = must_build(builder, mount_copy(builder, &copy), is_mapping ? step_idmap : name, step->source);
    must_build(builder, restrict_mount(builder, mount, step->destination, attributes, true), name, step->source);
    close_descriptor(mount);
    close_descriptor(at);
}

void do_bind(struct builder *builder, const struct root_step *step)
{
    const long source = open_path_in(builder->host_root, step->source);
    if (source == -ENOENT && (step->bits & step_bit_optional) != 0)
        return;
    must_build(builder, source, step_bind_source, step->source);
    refuse_symlink(builder, (int)source, step_bind_source, step->source);
    must_build(builder, check_pinned(builder->launch->instruction, (int)source, step->source), step_bind_source,
               step->source);
    const bool writable = (step->bits & step_bit_writable) != 0;
    const uint64_t attributes = (uint64_t)(MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV) | (writable ? 0 : MOUNT_ATTR_RDONLY);
    show(builder, step, (int)source, attributes, step_bind);
    close_descriptor((int)source);
}

enum { copied_bytes_max = 1 << 18, read_by_others = 0004 };

/* No more than was looked at: the file may grow meanwhile. */
static void copy_content(const struct builder *builder, int from, int to, long length, const char *path)
{
    static unsigned char bytes[1 << 14];
    while (length > 0) {
        const size_t wanted = (size_t)length < sizeof bytes ? (size_t)length : sizeof bytes;
        const int count = must_build(builder, kernel_call(__NR_read, from, bytes, wanted), step_mirror, path);
        if (count == 0)
            return;
        for (int done = 0; done < count;)
            done += must_build(builder, kernel_call(__NR_write, to, bytes + done, (size_t)(count - done)), step_mirror,
                               path);
        length -= count;
    }
}

/*
 * A small file that everyone may read is copied: a mount of its own would cost every copy of this mount namespace, and
 * show where on the host it lies. False where it is none, or may not be read after all.
 */
static bool copy_small_file(const struct builder *builder, const struct root_step *step, int source)
{
    const struct stat status = status_of(builder, source, step->source);
    const bool is_small = is_type(status.st_mode, type_file) && status.st_size <= copied_bytes_max;
    if (!is_small || (status.st_mode & read_by_others) == 0)
        return false;
    const long from = kernel_call(__NR_openat, builder->host_root, skip_slashes(step->source),
                                  O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);
    if (from < 0)
        return false;
    const struct stat opened = status_of(builder, (int)from, step->source);
    if (opened.st_dev != status.st_dev || opened.st_ino != status.st_ino || opened.st_size > copied_bytes_max) {
        close_descriptor((int)from);
        return false;
    }
    char name[256];
    const int parent = place_parent(builder, step->destination, name);
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    const long mode = status.st_mode & 0555;
    const int to =
        must_build(builder, kernel_call(__NR_openat, parent, name, flags, mode), step_mirror, step->destination);
    copy_content(builder, (int)from, to, opened.st_size, step->source);
    close_descriptor(to);
    close_descriptor(parent);
    close_descriptor((int)from);
    return true;
}

/* A system path as the host has it: a symlink stays one, what is absent stays so, all else is read-only. */
void do_mirror(struct builder *builder, const struct root_step *step)
{
    const long source = open_path_in(builder->host_root, step->source);
    if (source == -ENOENT || source == -EACCES)
        return;
    must_build(builder, source, step_mirror, step->source);
    if (is_type(status_of(builder, (int)source, step->source).st_mode, type_symlink)) {
        char target[4096];
        const int length = must_build(builder, kernel_call(__NR_readlinkat, source, "", target, sizeof target - 1),
                                      step_mirror, step->source);
        target[length] = '\0';
        make_link(builder, target, step->destination);
    } else if (!copy_small_file(builder, step, (int)source)) {
        show(builder, step, (int)source, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, step_mirror);
    }
    close_descriptor((int)source);
}

/* A device of the host by its well-known number: a file that only has the name must not stand in for it. */
int host_device(const struct builder *builder, const char *path, uint32_t number, int step)
{
    const int source = must_build(builder, open_path_in(builder->host_root, path), step, path);
    const struct stat status = status_of(builder, source, path);
    if (!is_type(status.st_mode, type_device) || status.st_rdev != number)
        fail_build(builder, step, -ENODEV, path);
    return source;
}

int show_one(struct builder *builder, int source, int at, const char *path, int step)
{
    const struct root_copy copy = {.source = source, .destination = at, .path = path, .owner_namespace = -1};
    return must_build(builder, mount_copy(builder, &copy), step, path);
}

void show_device(struct builder *builder, int source, int at, const char *path, uint64_t attributes, int step)
{
    const int mount = show_one(builder, source, at, path, step);
    const uint64_t all = attributes | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC;
    must_build(builder, restrict_mount(builder, mount, path, all, false), step, path);
    close_descriptor(mount);
}
