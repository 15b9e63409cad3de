/* What a root holds of its own, in memory: file systems, the one that it starts as among them, and what is made there.
 */
#include "builder.h"
#include "../shared/append.h"
#include "mount-calls.h"

static void add_option(struct new_file_system *made, const char *name, uint64_t number, unsigned base)
{
    made->options[made->option_count].name = name;
    append_number(made->options[made->option_count].value, number, base);
    made->option_count++;
}

struct ids {
    uint32_t user, group;
};

/* The job's, in the user namespace of whoever builds the root: inside's for a user, the host's for root. */
static struct ids owner_ids(const struct launch *launch)
{
    const struct instruction *instruction = launch->instruction;
    const bool is_mapped = (instruction->namespaces & 0x10000000 /* CLONE_NEWUSER */) != 0;
    if (has_option(instruction, option_fresh_identity) || !is_mapped)
        return (struct ids){instruction->outside_uid, instruction->outside_gid};
    return (struct ids){mapped_uid(launch), mapped_gid(launch)};
}

/* tmpfs reads its ids in the user namespace of whoever mounts. */
static void add_owner(const struct launch *launch, struct new_file_system *made)
{
    const struct ids owner = owner_ids(launch);
    add_option(made, "uid", owner.user, 10);
    add_option(made, "gid", owner.group, 10);
}

int new_tmpfs(struct builder *builder, const struct root_step *step, uint64_t attributes, int destination)
{
    struct new_file_system made = {.type = "tmpfs", .attributes = attributes};
    add_option(&made, "mode", step->mode, 8);
    if (step->size > 0)
        add_option(&made, "size", step->size, 10);
    if (step->files > 0)
        add_option(&made, "nr_inodes", step->files, 10);
    if ((step->bits & step_bit_owned) != 0)
        add_owner(builder->launch, &made);
    if ((step->bits & step_bit_no_swap) != 0) {
        struct new_file_system kept = made;
        kept.options[kept.option_count++].name = "noswap";
        /* Of Linux 6.4, and nobody's in a user namespace (tmpfs(5)). */
        const long mount = mount_new(builder, &kept, destination, step->destination);
        if (mount >= 0)
            return (int)mount;
    }
    return must_build(builder, mount_new(builder, &made, destination, step->destination), step_mount_tmpfs,
                      step->destination);
}

/* pivot_root wants a mount point: `covered` becomes one. */
void mount_new_root(struct builder *builder, int covered)
{
    const struct root_step root = {.destination = "/", .mode = 0755, .size = 16 << 20};
    builder->new_root = new_tmpfs(builder, &root, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, covered);
    own_file_system(builder, builder->new_root, "/");
}

/* In the root that is there already; gives a handle on that one, which the job's is made in from now on. */
int mount_guest_root(struct builder *builder)
{
    const struct root_step root = {.destination = GUEST_ROOT, .mode = 0755, .size = 16 << 20};
    const int around = builder->new_root;
    const int at = place_for(builder, GUEST_ROOT, type_directory);
    builder->new_root = new_tmpfs(builder, &root, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, at);
    builder->place = "/proc" GUEST_ROOT;
    own_file_system(builder, builder->new_root, GUEST_ROOT);
    close_descriptor(at);
    return around;
}

/* A copy: the file that this process was started from may have no name any more. */
void place_own_program(const struct builder *builder)
{
    static const char path[] = GUEST_LAUNCHER;
    char name[256];
    const int parent = place_parent(builder, path, name);
    const int from = must_build(
        builder, kernel_call(__NR_openat, builder->launch->own_process_descriptor, "exe", O_RDONLY | O_CLOEXEC, 0),
        step_guest, "/proc/self/exe");
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    const int to = must_build(builder, kernel_call(__NR_openat, parent, name, flags, 0555), step_guest, path);
    while (must_build(builder, kernel_call(__NR_sendfile, to, from, NULL, 1 << 20), step_guest, path) > 0)
        continue;
    close_descriptor(from);
    close_descriptor(to);
    close_descriptor(parent);
}

void do_tmpfs(struct builder *builder, const struct root_step *step)
{
    const int at = place_for(builder, step->destination, type_directory);
    const int mount = new_tmpfs(builder, step, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, at);
    own_file_system(builder, mount, step->destination);
    if ((step->bits & step_bit_writable) == 0)
        must_build(builder, restrict_mount(builder, mount, step->destination, MOUNT_ATTR_RDONLY, false),
                   step_mount_tmpfs, step->destination);
    close_descriptor(mount);
    close_descriptor(at);
}

void do_file(const struct builder *builder, const struct root_step *step)
{
    char name[256];
    const int parent = place_parent(builder, step->destination, name);
    refuse_foreign(builder, parent, step_write_file, step->destination);
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    const int file = must_build(builder, kernel_call(__NR_openat, parent, name, flags, step->mode), step_write_file,
                                step->destination);
    const struct ids owner = owner_ids(builder->launch);
    if ((step->bits & step_bit_owned) != 0)
        must_build(builder, kernel_call(__NR_fchown, file, owner.user, owner.group), step_write_file,
                   step->destination);
    for (uint32_t done = 0; done < step->content_length;)
        done += (uint32_t)must_build(builder,
                                     kernel_call(__NR_write, file, step->content + done, step->content_length - done),
                                     step_write_file, step->destination);
    close_descriptor(file);
    close_descriptor(parent);
}

void make_link(const struct builder *builder, const char *target, const char *destination)
{
    char name[256];
    const int parent = place_parent(builder, destination, name);
    refuse_foreign(builder, parent, step_make_symlink, destination);
    must_build(builder, kernel_call(__NR_symlinkat, target, parent, name), step_make_symlink, destination);
    close_descriptor(parent);
}
