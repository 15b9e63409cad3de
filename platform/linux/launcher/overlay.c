/*
 * A directory of the host with a layer above it (overlayfs): what is changed in it lands in the layer, and the host's
 * own files stay as they are. The layer holds two directories: `upper`, which is what there is to read afterwards, and
 * `work`, which is the kernel's.
 */
#include "builder.h"
#include "../shared/append.h"
#include "mount-calls.h"

#include <linux/fcntl.h>
#include <linux/sched.h>

static int open_in_layer(const struct builder *builder, int layer, const char *name, const char *path)
{
    const int found = must_build(builder, open_path_in(layer, name), step_overlay, path);
    if (!is_type(status_of(builder, found, path).st_mode, type_directory))
        must_build(builder, -ENOTDIR, step_overlay, path);
    return found;
}

static void add_text(struct new_file_system *made, const char *name, const char *value)
{
    made->options[made->option_count].name = name;
    append_text(made->options[made->option_count].value, value);
    made->option_count++;
}

static void add_directory(struct new_file_system *made, const char *name, int directory)
{
    char path[32];
    name_descriptor(path, directory);
    add_text(made, name, path);
}

/*
 * By descriptors: a path may hold what separates options, and has been looked at already. Everything that would let
 * the layer speak of other places than its own is off. In a user namespace the marks are attributes that a user may
 * set (Linux 5.11); elsewhere they are the kernel's own, which every file system of root's takes.
 */
static void mount_overlay(struct builder *builder, const struct root_step *step, int layer, int lower, int at)
{
    const struct instruction *instruction = builder->launch->instruction;
    const bool is_mapped = (instruction->namespaces & CLONE_NEWUSER) != 0;
    const int upper = open_in_layer(builder, layer, "upper", step->layer);
    const int work = open_in_layer(builder, layer, "work", step->layer);
    struct new_file_system made = {.type = "overlay", .attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV};
    add_directory(&made, "lowerdir", lower);
    add_directory(&made, "upperdir", upper);
    add_directory(&made, "workdir", work);
    add_text(&made, "redirect_dir", "nofollow");
    add_text(&made, "metacopy", "off");
    add_text(&made, "index", "off");
    if (is_mapped && !has_option(instruction, option_fresh_identity))
        add_text(&made, "userxattr", "");
    must_build(builder, go_to_descriptors(builder), step_overlay, step->source);
    close_descriptor(must_build(builder, mount_new(builder, &made, at, step->destination), step_overlay, step->source));
    close_descriptor(work);
    close_descriptor(upper);
}

static void make_in_memory(const struct builder *builder, int tree, const char *name, const struct stat *like)
{
    const char *path = "a layer in memory";
    must_build(builder, kernel_call(__NR_mkdirat, tree, name, 0700), step_overlay, path);
    must_build(builder, kernel_call(__NR_fchownat, tree, name, like->st_uid, like->st_gid, AT_SYMLINK_NOFOLLOW),
               step_overlay, path);
    must_build(builder, kernel_call(__NR_fchmodat, tree, name, like->st_mode & 07777), step_overlay, path);
}

/*
 * The layer on a file system that is no larger than it may become, like the one on the disk. It is mounted in the
 * directory's own place, which the rest then covers: a layer must lie on a mount of this namespace, and the job shall
 * not come to it. What the launcher gets is a handle on it; see layer.c.
 */
static int make_layer(struct builder *builder, const struct root_step *step, int like)
{
    const int at = place(builder, step->destination, type_directory, 0755);
    const struct root_step sized = {.kind = record_tmpfs,
                                    .bits = step_bit_owned,
                                    .mode = 0700,
                                    .size = step->size,
                                    .files = step->files,
                                    .destination = step->destination};
    const int tree = new_tmpfs(builder, &sized, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, at);
    const int upper = open_in_layer(builder, like, "upper", step->layer);
    const int work = open_in_layer(builder, like, "work", step->layer);
    const struct stat upper_status = status_of(builder, upper, step->layer);
    const struct stat work_status = status_of(builder, work, step->layer);
    make_in_memory(builder, tree, "upper", &upper_status);
    make_in_memory(builder, tree, "work", &work_status);
    must_build(builder, offer_layer(builder->launch, tree), step_overlay, step->layer);
    close_descriptor(work);
    close_descriptor(upper);
    close_descriptor(at);
    return tree;
}

static int open_layer(struct builder *builder, const struct root_step *step)
{
    const int layer = must_build(builder, open_path_in(builder->host_root, step->layer), step_overlay, step->layer);
    if (step->size == 0)
        return layer;
    const int sized = make_layer(builder, step, layer);
    close_descriptor(layer);
    return sized;
}

static void add_number(struct new_file_system *made, const char *name, uint64_t value)
{
    made->options[made->option_count].name = name;
    append_number(made->options[made->option_count++].value, value, 10);
}

/*
 * In the first process, whose user namespace the mount belongs to. Everyone in it may use the mount, also in namespaces
 * that a job makes for itself (allow_other), and the kernel checks permissions as on any file system.
 */
static int mount_served(struct builder *builder, const struct root_step *step, int at)
{
    const struct instruction *instruction = builder->launch->instruction;
    const int device =
        must_build(builder, kernel_call(__NR_openat, builder->host_root, "dev/fuse", O_RDWR | O_CLOEXEC, 0),
                   step_overlay, "/dev/fuse");
    struct new_file_system made = {.type = "fuse", .attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV};
    add_number(&made, "fd", (uint64_t)device);
    /* S_IFDIR, in octal. */
    add_text(&made, "rootmode", "40000");
    add_number(&made, "user_id", instruction->inside_uid);
    add_number(&made, "group_id", instruction->inside_gid);
    add_text(&made, "allow_other", "");
    add_text(&made, "default_permissions", "");
    const int mount = must_build(builder, mount_new(builder, &made, at, step->destination), step_overlay, step->source);
    must_build(builder, offer_layer(builder->launch, device), step_overlay, step->source);
    close_descriptor(device);
    return mount;
}

static int open_source(const struct builder *builder, const struct root_step *step)
{
    const int source = must_build(builder, open_path_in(builder->host_root, step->source), step_overlay, step->source);
    refuse_symlink(builder, source, step_overlay, step->source);
    must_build(builder, check_pinned(builder->launch->instruction, source, step->source), step_overlay, step->source);
    return source;
}

/*
 * By the program that answers outside; see layer-server.c. It has opened the directory for itself, and has ended
 * without a word where that was another one: what is looked at here is why, in case it is there still.
 */
static void do_served_overlay(struct builder *builder, const struct root_step *step)
{
    close_descriptor(open_source(builder, step));
    const int at = place(builder, step->destination, type_directory, 0755);
    const int mount = mount_served(builder, step, at);
    /* Whether anybody answers: a server that could not start has let go of the device by now (ENOTCONN). */
    const int directory =
        must_build(builder, kernel_call(__NR_openat, mount, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0), step_overlay,
                   step->source);
    close_descriptor(directory);
    close_descriptor(mount);
    close_descriptor(at);
}

/*
 * The directory is bound into its place first, where the overlay then covers it: a layer must be a mount of this
 * namespace, and only as one can its owner appear as the job's user. What lies mounted below it is not in it.
 */
void do_overlay(struct builder *builder, const struct root_step *step)
{
    if (step->program != NULL) {
        do_served_overlay(builder, step);
        return;
    }
    const int source = open_source(builder, step);
    const int layer = open_layer(builder, step);
    const int covered = place(builder, step->destination, type_directory, 0755);
    const struct root_copy copy = {
        .source = source,
        .destination = covered,
        .path = step->destination,
        .owner_namespace = step->owner_namespace,
        .must_map_owner = (step->bits & step_bit_map_owner) != 0,
    };
    const int lower = must_build(builder, mount_copy(builder, &copy), step_overlay, step->source);
    const uint64_t attributes = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
    must_build(builder, restrict_mount(builder, lower, step->destination, attributes, false), step_overlay,
               step->source);
    const int at = place(builder, step->destination, type_directory, 0755);
    mount_overlay(builder, step, layer, lower, at);
    close_descriptor(layer);
    close_descriptor(at);
    close_descriptor(lower);
    close_descriptor(covered);
    close_descriptor(source);
}
