/* What is taken away again of what a root shows: the right to change it, or, by a mask on it, the sight of it. */
#include "builder.h"
#include "mount-calls.h"

#include <asm/stat.h>

/* An existing path of the new root, or -1 where there is none. */
static int existing(const struct builder *builder, const char *path, int step)
{
    const long at = open_path_in(builder->new_root, path);
    /* What cannot be looked up with the caller's ids cannot be reached by a job that has them. */
    if (at == -ENOENT || at == -EACCES)
        return -1;
    refuse_symlink(builder, must_build(builder, at, step, path), step, path);
    return (int)at;
}

void do_read_only(struct builder *builder, const struct root_step *step)
{
    const char *path = step->destination;
    if (strcmp(path, "/") == 0) {
        must_build(builder, restrict_mount(builder, builder->new_root, "", MOUNT_ATTR_RDONLY, false), step_read_only,
                   "/");
        return;
    }
    const int at = existing(builder, path, step_read_only);
    if (at < 0)
        return;
    const struct root_copy copy = {
        .source = at, .destination = at, .path = path, .is_recursive = true, .owner_namespace = -1};
    const int mount = must_build(builder, mount_copy(builder, &copy), step_read_only, path);
    must_build(builder, restrict_mount(builder, mount, path, MOUNT_ATTR_RDONLY, true), step_read_only, path);
    close_descriptor(mount);
    close_descriptor(at);
}

static void mask_file(struct builder *builder, int at, const char *path)
{
    if (builder->null_device < 0)
        builder->null_device = host_device(builder, "/dev/null", null_number, step_mask);
    show_device(builder, builder->null_device, at, path, MOUNT_ATTR_RDONLY, step_mask);
}

/* The first is made, the others are copies of it. */
static void mask_directory(struct builder *builder, int at, const char *path)
{
    if (builder->empty_directory >= 0) {
        close_descriptor(show_one(builder, builder->empty_directory, at, path, step_mask));
        return;
    }
    const struct root_step empty = {.destination = path, .mode = 0555, .size = 4096};
    /* The next ones are copies of it. Not looked up again: by now the path may lead to something else. */
    builder->empty_directory = new_tmpfs(builder, &empty, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, at);
}

void do_mask(struct builder *builder, const struct root_step *step)
{
    const int at = existing(builder, step->destination, step_mask);
    if (at < 0)
        return;
    if (is_type(status_of(builder, at, step->destination).st_mode, type_directory))
        mask_directory(builder, at, step->destination);
    else
        mask_file(builder, at, step->destination);
    close_descriptor(at);
}
