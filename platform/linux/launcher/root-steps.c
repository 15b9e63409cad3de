/*
 * The steps of building a root. Mount points are made only on file systems that were mounted here, never in a directory
 * of the host, and no symlink is followed on the way to one. Sources are looked up from the host's root without
 * following symlinks either.
 */
#include "root.h"
#include "../shared/append.h"
#include "mount-calls.h"

#include <asm/stat.h>

__attribute__((noreturn)) static void fail(const struct builder *builder, int step, long error, const char *subject)
{
    fail_launch(builder->launch, step, error, subject);
}

int must_build(const struct builder *builder, long result, int step, const char *subject)
{
    if (result < 0)
        fail(builder, step, result, subject);
    return (int)result;
}

struct stat status_of(const struct builder *builder, int descriptor, const char *subject)
{
    struct stat status;
    must_build(builder, kernel_call(__NR_fstat, descriptor, &status), step_mount_point, subject);
    return status;
}

/* A handle may stand for a symlink itself. What is done to the link is not done to what it leads to, now or later. */
void refuse_symlink(const struct builder *builder, int descriptor, int step, const char *subject)
{
    if (is_type(status_of(builder, descriptor, subject).st_mode, type_symlink))
        fail(builder, step, -ELOOP, subject);
}

void own_file_system(struct builder *builder, int mount, const char *subject)
{
    const struct stat status = status_of(builder, mount, subject);
    if (builder->own_device_count == own_file_systems_max)
        fail(builder, step_mount_point, -E2BIG, subject);
    builder->own_devices[builder->own_device_count++] = status.st_dev;
}

static bool is_own(const struct builder *builder, uint64_t device)
{
    for (size_t index = 0; index < builder->own_device_count; index++)
        if (builder->own_devices[index] == device)
            return true;
    return false;
}

static long open_child(int parent, const char *name)
{
    return kernel_call(__NR_openat, parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
}

/* Makes `name` in `parent`, which must be ours: an entry made in a bound host directory would outlive the job. */
static void make_entry(const struct builder *builder, int parent, const char *name, uint32_t type, uint32_t mode,
                       const char *path)
{
    if (!is_own(builder, status_of(builder, parent, path).st_dev))
        fail(builder, step_mount_point, -EROFS, path);
    const long result = type == type_directory ? kernel_call(__NR_mkdirat, parent, name, mode)
                                               : kernel_call(__NR_mknodat, parent, name, type_file | mode, 0);
    must_build(builder, result, step_mount_point, path);
}

static const char *skip_slashes(const char *path)
{
    while (*path == '/')
        path++;
    return path;
}

/* Copies the next component of *path into `name`; false at the end. Refuses "." and "..". */
static bool next_component(const struct builder *builder, const char **path, char name[256])
{
    const char *at = skip_slashes(*path);
    size_t length = 0;
    while (at[length] != '\0' && at[length] != '/') {
        if (length == 255)
            fail(builder, step_mount_point, -ENAMETOOLONG, *path);
        name[length] = at[length];
        length++;
    }
    name[length] = '\0';
    *path = at + length;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        fail(builder, step_mount_point, -EINVAL, at);
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
            fail(builder, step_mount_point, -ELOOP, path);
    }
    return at;
}

/* A handle on the directory that holds the last component, whose name is copied out. */
static int place_parent(const struct builder *builder, const char *path, char name[256])
{
    char parent[4096];
    const size_t length = strlen(path);
    size_t cut = length;
    while (cut > 0 && path[cut - 1] != '/')
        cut--;
    if (length >= sizeof parent || length - cut > 255 || cut == length)
        fail(builder, step_mount_point, -ENAMETOOLONG, path);
    memcpy(parent, path, cut);
    parent[cut] = '\0';
    memcpy(name, path + cut, length - cut + 1);
    return place(builder, parent, type_directory, 0755);
}

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
static struct ids owner_ids(const struct instruction *instruction)
{
    const bool is_mapped = (instruction->namespaces & 0x10000000 /* CLONE_NEWUSER */) != 0;
    if (has_option(instruction, option_fresh_identity) || !is_mapped)
        return (struct ids){instruction->outside_uid, instruction->outside_gid};
    return (struct ids){instruction->inside_uid, instruction->inside_gid};
}

/* tmpfs reads its ids in the user namespace of whoever mounts. */
static void add_owner(const struct instruction *instruction, struct new_file_system *made)
{
    const struct ids owner = owner_ids(instruction);
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
        add_owner(builder->launch->instruction, &made);
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

static int place_for(const struct builder *builder, const char *destination, uint32_t type)
{
    return place(builder, destination, type, type == type_directory ? 0755 : 0444);
}

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

static void do_bind(struct builder *builder, const struct root_step *step)
{
    const long source = open_path_in(builder->host_root, step->source);
    if (source == -ENOENT && (step->bits & step_bit_optional) != 0)
        return;
    must_build(builder, source, step_bind_source, step->source);
    refuse_symlink(builder, (int)source, step_bind_source, step->source);
    const bool writable = (step->bits & step_bit_writable) != 0;
    const uint64_t attributes = (uint64_t)(MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV) | (writable ? 0 : MOUNT_ATTR_RDONLY);
    show(builder, step, (int)source, attributes, step_bind);
    close_descriptor((int)source);
}

static void make_link(const struct builder *builder, const char *target, const char *destination)
{
    char name[256];
    const int parent = place_parent(builder, destination, name);
    if (!is_own(builder, status_of(builder, parent, destination).st_dev))
        fail(builder, step_make_symlink, -EROFS, destination);
    must_build(builder, kernel_call(__NR_symlinkat, target, parent, name), step_make_symlink, destination);
    close_descriptor(parent);
}

static void do_tmpfs(struct builder *builder, const struct root_step *step)
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

static void do_file(const struct builder *builder, const struct root_step *step)
{
    char name[256];
    const int parent = place_parent(builder, step->destination, name);
    if (!is_own(builder, status_of(builder, parent, step->destination).st_dev))
        fail(builder, step_write_file, -EROFS, step->destination);
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    const int file = must_build(builder, kernel_call(__NR_openat, parent, name, flags, step->mode), step_write_file,
                                step->destination);
    const struct ids owner = owner_ids(builder->launch->instruction);
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
static void do_mirror(struct builder *builder, const struct root_step *step)
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

/* Without hidepid: every process that this /proc can show is the job's own, and has the job's one id. */
static void do_proc(struct builder *builder, const struct root_step *step)
{
    const int at = place_for(builder, step->destination, type_directory);
    const struct new_file_system made = {.type = "proc",
                                         .attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC};
    close_descriptor(
        must_build(builder, mount_new(builder, &made, at, step->destination), step_mount_proc, step->destination));
    close_descriptor(at);
}

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

static void do_read_only(struct builder *builder, const struct root_step *step)
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

enum { null_number = 0x103 };

/* A device of the host by its well-known number: a file that only has the name must not stand in for it. */
static int host_device(const struct builder *builder, const char *path, uint32_t number, int step)
{
    const int source = must_build(builder, open_path_in(builder->host_root, path), step, path);
    const struct stat status = status_of(builder, source, path);
    if (!is_type(status.st_mode, type_device) || status.st_rdev != number)
        fail(builder, step, -ENODEV, path);
    return source;
}

static int show_one(struct builder *builder, int source, int at, const char *path, int step)
{
    const struct root_copy copy = {.source = source, .destination = at, .path = path, .owner_namespace = -1};
    return must_build(builder, mount_copy(builder, &copy), step, path);
}

static void show_device(struct builder *builder, int source, int at, const char *path, uint64_t attributes, int step)
{
    const int mount = show_one(builder, source, at, path, step);
    const uint64_t all = attributes | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC;
    must_build(builder, restrict_mount(builder, mount, path, all, false), step, path);
    close_descriptor(mount);
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

static void do_mask(struct builder *builder, const struct root_step *step)
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

static const struct {
    const char *host;
    const char *name;
    uint32_t number;
} devices[] = {
    /* Numbers: Documentation/admin-guide/devices.txt; 1:x memory devices, 5:0 the current terminal. */
    {"/dev/null", "null", null_number}, {"/dev/zero", "zero", 0x105},       {"/dev/full", "full", 0x107},
    {"/dev/random", "random", 0x108},   {"/dev/urandom", "urandom", 0x109}, {"/dev/tty", "tty", 0x500},
};

static const struct {
    const char *name;
    const char *target;
} device_links[] = {
    {"fd", "/proc/self/fd"},       {"stdin", "/proc/self/fd/0"}, {"stdout", "/proc/self/fd/1"},
    {"stderr", "/proc/self/fd/2"}, {"ptmx", "pts/ptmx"},
};

static const char *const own_device_directories[] = {"pts", "shm"};

static void join_path(const struct builder *builder, char path[4096], const char *directory, const char *name)
{
    const size_t head = strlen(directory);
    const size_t tail = strlen(name);
    if (head + tail + 2 > 4096)
        fail(builder, step_devices, -ENAMETOOLONG, directory);
    memcpy(path, directory, head);
    path[head] = '/';
    memcpy(path + head + 1, name, tail + 1);
}

static void do_pseudo_terminals(struct builder *builder, const char *directory)
{
    char path[4096];
    join_path(builder, path, directory, "pts");
    const int at = place_for(builder, path, type_directory);
    /* Every mount of devpts is an instance of its own since Linux 4.7. */
    const struct new_file_system made = {
        .type = "devpts",
        .attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC,
        .options = {{"ptmxmode", "0666"}, {"mode", "0620"}},
        .option_count = 2,
    };
    close_descriptor(must_build(builder, mount_new(builder, &made, at, path), step_devices, path));
    close_descriptor(at);
}

void do_shared_devices(struct builder *builder, const struct root_step *step)
{
    const struct root_step own = {.destination = step->destination, .mode = 0755, .size = 1 << 20};
    const int directory = place_for(builder, step->destination, type_directory);
    const int mount = new_tmpfs(builder, &own, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, directory);
    own_file_system(builder, mount, step->destination);
    char path[4096];
    for (size_t index = 0; index < sizeof devices / sizeof devices[0]; index++) {
        const int source = host_device(builder, devices[index].host, devices[index].number, step_devices);
        join_path(builder, path, step->destination, devices[index].name);
        const int at = place_for(builder, path, type_file);
        show_device(builder, source, at, path, 0, step_devices);
        close_descriptor(at);
        close_descriptor(source);
    }
    for (size_t index = 0; index < sizeof device_links / sizeof device_links[0]; index++) {
        join_path(builder, path, step->destination, device_links[index].name);
        make_link(builder, device_links[index].target, path);
    }
    /* Mount points for what is each job's own, made while this can still be written. */
    for (size_t index = 0; index < sizeof own_device_directories / sizeof own_device_directories[0]; index++) {
        join_path(builder, path, step->destination, own_device_directories[index]);
        close_descriptor(place(builder, path, type_directory, 0755));
    }
    must_build(builder, restrict_mount(builder, mount, step->destination, MOUNT_ATTR_RDONLY, false), step_devices,
               step->destination);
    close_descriptor(mount);
    close_descriptor(directory);
}

void do_own_devices(struct builder *builder, const struct root_step *step)
{
    do_pseudo_terminals(builder, step->destination);
    char path[4096];
    join_path(builder, path, step->destination, "shm");
    const struct root_step shared = {
        .destination = path,
        .mode = 01777,
        .size = step->size,
        .files = step->files,
        .bits = step_bit_owned | step_bit_writable,
    };
    do_tmpfs(builder, &shared);
}

void do_step(struct builder *builder, const struct root_step *step)
{
    switch (step->kind) {
    case record_mirror:
        return do_mirror(builder, step);
    case record_bind:
        return do_bind(builder, step);
    case record_overlay:
        return do_overlay(builder, step);
    case record_tmpfs:
        return do_tmpfs(builder, step);
    case record_make_directory:
        close_descriptor(place(builder, step->destination, type_directory, step->mode));
        return;
    case record_file:
        return do_file(builder, step);
    case record_symlink:
        return make_link(builder, step->source, step->destination);
    case record_proc:
        return do_proc(builder, step);
    case record_read_only:
        return do_read_only(builder, step);
    case record_mask:
        return do_mask(builder, step);
    case record_devices:
        do_shared_devices(builder, step);
        return do_own_devices(builder, step);
    default:
        fail(builder, step_instruction, -EBADMSG, step->destination);
    }
}

/* pivot_root wants a mount point: `covered` becomes one. */
void mount_new_root(struct builder *builder, int covered)
{
    const struct root_step root = {.destination = "/", .mode = 0755, .size = 16 << 20};
    builder->new_root = new_tmpfs(builder, &root, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, covered);
    own_file_system(builder, builder->new_root, "/");
}
