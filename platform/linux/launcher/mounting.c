/*
 * Mounting, in two ways. The newer one (open_tree, fsmount and move_mount of Linux 5.2, mount_setattr of 5.12) works on
 * mounts that are nowhere yet; mount(2) works on paths. Older kernels have only the latter in whole, and AppArmor
 * refuses to move a detached mount into place for a profile that allows every mount. The first way that is denied is
 * given up for the rest of the launch.
 */
#include "builder.h"
#include "../shared/append.h"
#include "../shared/mount-flags.h"
#include "mount-calls.h"

static bool is_denied(long result)
{
    return result == -ENOSYS || result == -EACCES || result == -EPERM;
}

/* "fd/N", from the process's own directory of the host's /proc, which is the working directory while this goes on. */
void name_descriptor(char name[32], int descriptor)
{
    append_number(append_text(name, "fd/"), (uint64_t)descriptor, 10);
}

long go_to_descriptors(const struct builder *builder)
{
    return kernel_call(__NR_fchdir, builder->launch->own_process_descriptor);
}

/* The root of what was mounted last at `path` below the new root; at "/", the new root itself as the host sees it. */
static long look_up(const struct builder *builder, const char *path)
{
    return strcmp(path, "/") == 0 ? open_path_in(builder->host_root, "/proc") : open_path_in(builder->new_root, path);
}

static long copy_detached(const struct root_copy *copy)
{
    const long mount = clone_mount(copy->source, copy->is_recursive);
    if (mount < 0)
        return mount;
    long result = 0;
    if (copy->owner_namespace >= 0) {
        struct mount_attr attr = {.attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (unsigned)copy->owner_namespace};
        /* Not recursive: a file system mounted below may not support it, and is then shown with its own ids. */
        result = kernel_call(__NR_mount_setattr, mount, "", AT_EMPTY_PATH, &attr, sizeof attr);
        if (result < 0 && copy->must_map_owner)
            return result;
    }
    result = attach_mount((int)mount, copy->destination);
    if (result >= 0)
        return mount;
    close_descriptor((int)mount);
    return result;
}

static long copy_by_path(const struct builder *builder, const struct root_copy *copy)
{
    char source[32], destination[32];
    name_descriptor(source, copy->source);
    name_descriptor(destination, copy->destination);
    if (copy->must_map_owner && copy->owner_namespace >= 0)
        return -ENOSYS;
    long result = go_to_descriptors(builder);
    if (result >= 0)
        result = kernel_call(__NR_mount, source, destination, NULL, MS_BIND | (copy->is_recursive ? MS_REC : 0), NULL);
    return result < 0 ? result : look_up(builder, copy->path);
}

/* Shows at `destination` what `source` stands for; gives a handle on its root there. */
long mount_copy(struct builder *builder, const struct root_copy *copy)
{
    /* Only in this way can owners be mapped, whatever became of other mounts. */
    if (!builder->is_by_path || copy->owner_namespace >= 0) {
        const long mount = copy_detached(copy);
        if (!is_denied(mount) || (copy->must_map_owner && copy->owner_namespace >= 0))
            return mount;
        builder->is_by_path = true;
    }
    return copy_by_path(builder, copy);
}

static long make_detached(const struct new_file_system *made, int destination)
{
    const long context = kernel_call(__NR_fsopen, made->type, FSOPEN_CLOEXEC);
    if (context < 0)
        return context;
    long result = 0;
    for (size_t index = 0; index < made->option_count && result >= 0; index++)
        result = set_option((int)context, made->options[index].name, made->options[index].value);
    if (result < 0)
        close_descriptor((int)context);
    else
        result = finish_mount((int)context, made->attributes);
    if (result < 0)
        return result;
    const long attached = attach_mount((int)result, destination);
    if (attached >= 0)
        return result;
    close_descriptor((int)result);
    return attached;
}

static long make_by_path(const struct builder *builder, const struct new_file_system *made, int destination,
                         const char *path)
{
    char options[file_system_options_max * 48], name[32];
    char *end = options;
    for (size_t index = 0; index < made->option_count; index++) {
        end = append_text(end, index == 0 ? "" : ",");
        end = append_text(end, made->options[index].name);
        if (made->options[index].value[0] != '\0')
            end = append_text(append_text(end, "="), made->options[index].value);
    }
    *end = '\0';
    name_descriptor(name, destination);
    long result = go_to_descriptors(builder);
    /* The bits of MOUNT_ATTR_RDONLY, NOSUID, NODEV and NOEXEC are those of mount(2). */
    if (result >= 0)
        result = kernel_call(__NR_mount, made->type, name, made->type, made->attributes, options);
    return result < 0 ? result : look_up(builder, path);
}

/* A new file system at `destination`; gives a handle on its root there. */
long mount_new(struct builder *builder, const struct new_file_system *made, int destination, const char *path)
{
    if (!builder->is_by_path) {
        const long mount = make_detached(made, destination);
        if (!is_denied(mount))
            return mount;
        /* A /proc that may not be mounted (EPERM) may not be mounted in another way either, but only that one says so.
         */
        const long other = make_by_path(builder, made, destination, path);
        builder->is_by_path = other >= 0;
        return other >= 0 ? other : mount;
    }
    return make_by_path(builder, made, destination, path);
}

/* mount(2) replaces all flags of a mount, and a user namespace may not take off those that it inherited. */
static long remount(const struct builder *builder, int mount, uint64_t attributes)
{
    struct statfs status = {0};
    char name[32];
    name_descriptor(name, mount);
    long result = kernel_call(__NR_fstatfs, mount, &status);
    if (result >= 0)
        result = go_to_descriptors(builder);
    if (result < 0)
        return result;
    const unsigned long kept = mount_flags_of(&status);
    return kernel_call(__NR_mount, NULL, name, NULL, MS_REMOUNT | MS_BIND | kept | attributes, NULL);
}

/* At least these attributes, never fewer than a mount has; below it too where that is wanted. */
long restrict_mount(struct builder *builder, int mount, const char *path, uint64_t attributes, bool is_recursive)
{
    if (!builder->has_no_setattr) {
        const long result = set_mount_attributes(mount, attributes, is_recursive);
        if (!is_denied(result))
            return result;
        builder->has_no_setattr = true;
    }
    const long result = remount(builder, mount, attributes);
    if (result < 0 || !is_recursive)
        return result;
    return restrict_below(builder, path, attributes);
}
