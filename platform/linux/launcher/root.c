/*
 * The job's root: a tmpfs of our own with what was granted bound into it, entered by pivot_root. A resident launcher
 * builds and enters what all its jobs see alike, once; a job's own copy of that mount namespace then lacks only what
 * each must have for itself, and that is mounted on top.
 */
#include "builder.h"
#include "mount-calls.h"

#include <linux/stat.h>

enum {
    mount_private = 0x40000 /* MS_PRIVATE */,
    mount_recursive = 0x4000 /* MS_REC */,
    mount_move = 0x2000 /* MS_MOVE */
};

/* First of all: nothing that is mounted from here on may appear in the mount namespace that this one was copied from.
 */
static void leave_propagation(const struct builder *builder)
{
    must_build(builder, kernel_call(__NR_mount, NULL, "/", NULL, mount_recursive | mount_private, NULL),
               step_mount_private, "/");
}

static int open_root(const struct builder *builder)
{
    return must_build(builder, kernel_call(__NR_openat, AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC, 0),
                      step_mount_root, "/");
}

static void begin(struct builder *builder)
{
    leave_propagation(builder);
    builder->host_root = open_root(builder);
    /*
     * /proc is a directory that must exist anyway, and one under which no source lies, so covering it for a moment
     * hides nothing that is still needed.
     */
    const int covered = must_build(builder, open_path_in(builder->host_root, "/proc"), step_mount_root, "/proc");
    mount_new_root(builder, covered);
    close_descriptor(covered);
}

/*
 * The kernel's first root, an initramfs, cannot be pivoted away from (pivot_root(2), EINVAL): the new root is moved
 * onto it. Nothing below a root can be named from it, and a job may neither unmount nor change its root.
 */
static bool cover(const struct builder *builder)
{
    must_build(builder, kernel_call(__NR_mount, ".", "/", NULL, mount_move, NULL), step_pivot_root, "/");
    must_build(builder, kernel_call(__NR_chroot, "."), step_pivot_root, "/");
    must_build(builder, kernel_call(__NR_chdir, "/"), step_pivot_root, "/");
    return true;
}

/* In a chroot into a plain directory pivot_root says EINVAL, too, and what lies above would stay above (statx(2), 5.8).
 */
static bool is_mount_root(int directory)
{
    struct statx status = {0};
    return kernel_call(__NR_statx, directory, "", AT_EMPTY_PATH, 0, &status) >= 0 &&
           (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

/*
 * pivot_root(".", "."): the old root ends up on top of the new one, and is then taken off (pivot_root(2), NOTES). True
 * where the old one stays below.
 */
static bool enter(const struct builder *builder)
{
    must_build(builder, kernel_call(__NR_fchdir, builder->new_root), step_pivot_root, "/");
    const long result = kernel_call(__NR_pivot_root, ".", ".");
    if (result == -EINVAL && is_mount_root(builder->host_root))
        return cover(builder);
    must_build(builder, result, step_pivot_root, "/");
    must_build(builder, kernel_call(__NR_umount2, ".", 2 /* MNT_DETACH */), step_pivot_root, "/");
    must_build(builder, kernel_call(__NR_chdir, "/"), step_pivot_root, "/");
    return false;
}

static void end(const struct builder *builder)
{
    close_descriptor(builder->host_root);
    close_descriptor(builder->new_root);
    close_descriptor(builder->null_device);
    close_descriptor(builder->empty_directory);
}

static struct builder new_builder(const struct launch *launch)
{
    return (struct builder){.launch = launch, .place = "/proc", .null_device = -1, .empty_directory = -1};
}

static void do_steps(struct builder *builder, size_t from, size_t to)
{
    for (size_t index = from; index < to; index++)
        do_step(builder, &builder->launch->instruction->root[index]);
}

/* The job's root, and around it the one where the program that is the job's kernel has what it takes. */
static void build_guest_root(struct builder *builder)
{
    const struct instruction *instruction = builder->launch->instruction;
    const int around = mount_guest_root(builder);
    do_steps(builder, 0, instruction->around_from);
    close_descriptor(builder->new_root);
    builder->new_root = around;
    builder->place = "/proc";
    place_own_program(builder);
    do_steps(builder, instruction->around_from, instruction->root_count);
}

bool build_root(const struct launch *launch)
{
    struct builder builder = new_builder(launch);
    begin(&builder);
    if (starts_guest(launch))
        build_guest_root(&builder);
    else
        do_steps(&builder, 0, launch->instruction->root_count);
    const bool is_covering = enter(&builder);
    end(&builder);
    return is_covering;
}

static bool is_within(const char *path, const char *directory)
{
    const size_t length = strlen(directory);
    return strlen(path) >= length && memcmp(path, directory, length) == 0 &&
           (path[length] == '\0' || path[length] == '/');
}

/* A file system that no two jobs may share, or something that is done to one. */
static bool is_own_step(const struct instruction *instruction, size_t index)
{
    const struct root_step *step = &instruction->root[index];
    if (step->kind == record_tmpfs || step->kind == record_proc)
        return true;
    for (size_t before = 0; before < index; before++) {
        const struct root_step *other = &instruction->root[before];
        if ((other->kind == record_tmpfs || other->kind == record_proc) &&
            is_within(step->destination, other->destination))
            return true;
    }
    return false;
}

/* Own steps need only their mount points here, which cannot be made once the root is read-only. */
static void do_shared_step(struct builder *builder, const struct instruction *instruction, size_t index)
{
    const struct root_step *step = &instruction->root[index];
    if (step->kind == record_devices)
        do_shared_devices(builder, step);
    else if (!is_own_step(instruction, index))
        do_step(builder, step);
    else if (step->kind == record_tmpfs || step->kind == record_proc)
        close_descriptor(place(builder, step->destination, type_directory, 0755));
}

/* What all jobs see alike, and a /proc of the resident's own namespace, unmasked: without one the kernel lets nobody
 * mount another (mount_namespaces(7), "Restrictions on mount namespaces"). */
void build_shared_root(const struct launch *launch)
{
    const struct instruction *instruction = launch->instruction;
    const struct root_step proc = {.kind = record_proc, .destination = "/proc"};
    struct builder builder = new_builder(launch);
    begin(&builder);
    do_step(&builder, &proc);
    for (size_t index = 0; index < instruction->root_count; index++)
        do_shared_step(&builder, instruction, index);
    enter(&builder);
    end(&builder);
}

void build_own_part(const struct launch *launch)
{
    const struct instruction *instruction = launch->instruction;
    struct builder builder = new_builder(launch);
    leave_propagation(&builder);
    builder.host_root = open_root(&builder);
    builder.new_root = open_root(&builder);
    builder.is_entered = true;
    for (size_t index = 0; index < instruction->root_count; index++)
        if (instruction->root[index].kind == record_devices)
            do_own_devices(&builder, &instruction->root[index]);
        else if (is_own_step(instruction, index))
            do_step(&builder, &instruction->root[index]);
    must_build(&builder, kernel_call(__NR_chdir, "/"), step_pivot_root, "/");
    end(&builder);
}
