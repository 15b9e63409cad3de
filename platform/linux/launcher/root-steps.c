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

static struct stat status_of(const struct builder *builder, int descriptor, const char *subject)
{
    struct stat status;
    must_build(builder, kernel_call(__NR_fstat, descriptor, &status), step_mount_point, subject);
    return status;
}

/* A handle may stand for a symlink itself. What is done to the link is not done to what it leads to, now or later. */
static void refuse_symlink(const struct builder *builder, int descriptor, int step, const char *subject)
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

/* Copies the next component of *path into `name`; false at the end. Refuses "." and "..". */
static bool next_component(const struct builder *builder, const char **path, char name[256])
{
    const char *at = *path;
    while (*at == '/')
        at++;
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
    while (*rest == '/')
        rest++;
    return *rest == '\0';
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

static long set_number(int context, const char *name, uint64_t number, unsigned base)
{
    char text[number_capacity];
    append_number(text, number, base);
    return set_option(context, name, text);
}

static int new_tmpfs(const struct builder *builder, const struct root_step *step, uint64_t attributes)
{
    const struct instruction *instruction = builder->launch->instruction;
    const int context =
        must_build(builder, kernel_call(__NR_fsopen, "tmpfs", FSOPEN_CLOEXEC), step_mount_tmpfs, step->destination);
    long result = set_number(context, "mode", step->mode, 8);
    if (result >= 0 && step->size > 0)
        result = set_number(context, "size", step->size, 10);
    if (result >= 0 && (step->bits & step_bit_owned) != 0) {
        /* tmpfs reads its ids in the user namespace of whoever mounts: inside's for a user, the host's for root. */
        const bool fresh = has_option(instruction, option_fresh_identity);
        const bool mapped = (instruction->namespaces & 0x10000000 /* CLONE_NEWUSER */) != 0;
        result = set_number(context, "uid", fresh || !mapped ? instruction->outside_uid : instruction->inside_uid, 10);
        if (result >= 0)
            result =
                set_number(context, "gid", fresh || !mapped ? instruction->outside_gid : instruction->inside_gid, 10);
    }
    if (result >= 0)
        result = finish_mount(context, attributes);
    return must_build(builder, result, step_mount_tmpfs, step->destination);
}

static void attach_at(const struct builder *builder, int mount, const char *destination, uint32_t type, int step)
{
    const int at = place(builder, destination, type, type == type_directory ? 0755 : 0444);
    must_build(builder, attach_mount(mount, at), step, destination);
    close_descriptor(at);
    close_descriptor(mount);
}

/* A copy of what `source` stands for, with at least read-only, nosuid and nodev as told; never fewer than it has. */
static int bound_copy(const struct builder *builder, const struct root_step *step, int source, uint64_t attributes)
{
    const int mount = must_build(builder, clone_mount(source, true), step_bind, step->source);
    if (step->owner_namespace >= 0) {
        struct mount_attr attr = {.attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (unsigned)step->owner_namespace};
        /* Not recursive: a file system mounted below may not support it, and is then shown with its own ids. */
        const long result = kernel_call(__NR_mount_setattr, mount, "", AT_EMPTY_PATH, &attr, sizeof attr);
        if (result < 0 && (step->bits & step_bit_map_owner) != 0)
            fail(builder, step_idmap, result, step->source);
    }
    must_build(builder, set_mount_attributes(mount, attributes, true), step_bind, step->source);
    return mount;
}

static uint32_t file_type(uint32_t mode)
{
    return is_type(mode, type_directory) ? type_directory : type_file;
}

static void do_bind(const struct builder *builder, const struct root_step *step)
{
    const long source = open_path_in(builder->host_root, step->source);
    if (source == -ENOENT && (step->bits & step_bit_optional) != 0)
        return;
    must_build(builder, source, step_bind_source, step->source);
    refuse_symlink(builder, (int)source, step_bind_source, step->source);
    const struct stat status = status_of(builder, (int)source, step->source);
    const bool writable = (step->bits & step_bit_writable) != 0;
    const uint64_t attributes = (uint64_t)(MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV) | (writable ? 0 : MOUNT_ATTR_RDONLY);
    const int mount = bound_copy(builder, step, (int)source, attributes);
    attach_at(builder, mount, step->destination, file_type(status.st_mode), step_bind);
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

/* A system path as the host has it: a symlink stays one, anything else is bound read-only, what is absent stays so. */
static void do_mirror(const struct builder *builder, const struct root_step *step)
{
    const long source = open_path_in(builder->host_root, step->source);
    if (source == -ENOENT || source == -EACCES)
        return;
    must_build(builder, source, step_mirror, step->source);
    const struct stat status = status_of(builder, (int)source, step->source);
    if (is_type(status.st_mode, type_symlink)) {
        char target[4096];
        const int length = must_build(builder, kernel_call(__NR_readlinkat, source, "", target, sizeof target - 1),
                                      step_mirror, step->source);
        target[length] = '\0';
        make_link(builder, target, step->destination);
    } else {
        const int mount =
            bound_copy(builder, step, (int)source, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
        attach_at(builder, mount, step->destination, file_type(status.st_mode), step_mirror);
    }
    close_descriptor((int)source);
}

static void do_tmpfs(struct builder *builder, const struct root_step *step)
{
    const int mount = new_tmpfs(builder, step, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
    const int copy =
        must_build(builder, kernel_call(__NR_fcntl, mount, F_DUPFD_CLOEXEC, 3), step_mount_tmpfs, step->destination);
    attach_at(builder, mount, step->destination, type_directory, step_mount_tmpfs);
    own_file_system(builder, copy, step->destination);
    if ((step->bits & step_bit_writable) == 0)
        must_build(builder, set_mount_attributes(copy, MOUNT_ATTR_RDONLY, false), step_mount_tmpfs, step->destination);
    close_descriptor(copy);
}

static void do_file(const struct builder *builder, const struct root_step *step)
{
    char name[256];
    const int parent = place_parent(builder, step->destination, name);
    if (!is_own(builder, status_of(builder, parent, step->destination).st_dev))
        fail(builder, step_write_file, -EROFS, step->destination);
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    const int file =
        must_build(builder, kernel_call(__NR_openat, parent, name, flags, 0444), step_write_file, step->destination);
    for (uint32_t done = 0; done < step->content_length;)
        done += (uint32_t)must_build(builder,
                                     kernel_call(__NR_write, file, step->content + done, step->content_length - done),
                                     step_write_file, step->destination);
    close_descriptor(file);
    close_descriptor(parent);
}

static void do_proc(const struct builder *builder, const struct root_step *step)
{
    const int context =
        must_build(builder, kernel_call(__NR_fsopen, "proc", FSOPEN_CLOEXEC), step_mount_proc, step->destination);
    const int mount =
        must_build(builder, finish_mount(context, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC),
                   step_mount_proc, step->destination);
    attach_at(builder, mount, step->destination, type_directory, step_mount_proc);
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

static void do_read_only(const struct builder *builder, const struct root_step *step)
{
    if (strcmp(step->destination, "/") == 0) {
        must_build(builder, set_mount_attributes(builder->new_root, MOUNT_ATTR_RDONLY, false), step_read_only, "/");
        return;
    }
    const int at = existing(builder, step->destination, step_read_only);
    if (at < 0)
        return;
    const int mount = must_build(builder, clone_mount(at, true), step_read_only, step->destination);
    must_build(builder, set_mount_attributes(mount, MOUNT_ATTR_RDONLY, true), step_read_only, step->destination);
    must_build(builder, attach_mount(mount, at), step_read_only, step->destination);
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

static int device_mount(const struct builder *builder, int source, uint64_t attributes, const char *path, int step)
{
    const int mount = must_build(builder, clone_mount(source, false), step, path);
    const uint64_t all = attributes | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC;
    must_build(builder, set_mount_attributes(mount, all, false), step, path);
    return mount;
}

static int masking_file(struct builder *builder, const char *path)
{
    if (builder->null_device < 0)
        builder->null_device = host_device(builder, "/dev/null", null_number, step_mask);
    return device_mount(builder, builder->null_device, MOUNT_ATTR_RDONLY, path, step_mask);
}

static int masking_directory(const struct builder *builder, const char *path)
{
    if (builder->empty_directory >= 0)
        return must_build(builder, clone_mount(builder->empty_directory, false), step_mask, path);
    const struct root_step empty = {.destination = path, .mode = 0555, .size = 4096};
    return new_tmpfs(builder, &empty, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
}

static void do_mask(struct builder *builder, const struct root_step *step)
{
    const char *path = step->destination;
    const int at = existing(builder, path, step_mask);
    if (at < 0)
        return;
    const bool is_directory = is_type(status_of(builder, at, path).st_mode, type_directory);
    const int mount = is_directory ? masking_directory(builder, path) : masking_file(builder, path);
    must_build(builder, attach_mount(mount, at), step_mask, path);
    close_descriptor(at);
    /* The next ones are copies of it. Not looked up again: by now the path may lead to something else. */
    if (is_directory && builder->empty_directory < 0)
        builder->empty_directory = mount;
    else
        close_descriptor(mount);
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

static void do_pseudo_terminals(const struct builder *builder, const char *directory)
{
    char path[4096];
    join_path(builder, path, directory, "pts");
    const int context = must_build(builder, kernel_call(__NR_fsopen, "devpts", FSOPEN_CLOEXEC), step_devices, path);
    /* Every mount of devpts is an instance of its own since Linux 4.7. */
    must_build(builder, set_option(context, "ptmxmode", "0666"), step_devices, path);
    must_build(builder, set_option(context, "mode", "0620"), step_devices, path);
    const int mount =
        must_build(builder, finish_mount(context, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC), step_devices, path);
    attach_at(builder, mount, path, type_directory, step_devices);
}

void do_shared_devices(struct builder *builder, const struct root_step *step)
{
    struct root_step own = {.destination = step->destination, .mode = 0755, .size = 1 << 20};
    const int mount = new_tmpfs(builder, &own, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
    const int copy =
        must_build(builder, kernel_call(__NR_fcntl, mount, F_DUPFD_CLOEXEC, 3), step_devices, step->destination);
    attach_at(builder, mount, step->destination, type_directory, step_devices);
    own_file_system(builder, copy, step->destination);
    char path[4096];
    for (size_t index = 0; index < sizeof devices / sizeof devices[0]; index++) {
        const int source = host_device(builder, devices[index].host, devices[index].number, step_devices);
        const int device = device_mount(builder, source, 0, devices[index].host, step_devices);
        join_path(builder, path, step->destination, devices[index].name);
        attach_at(builder, device, path, type_file, step_devices);
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
    must_build(builder, set_mount_attributes(copy, MOUNT_ATTR_RDONLY, false), step_devices, step->destination);
    close_descriptor(copy);
}

void do_own_devices(struct builder *builder, const struct root_step *step)
{
    do_pseudo_terminals(builder, step->destination);
    char path[4096];
    join_path(builder, path, step->destination, "shm");
    const struct root_step shared = {
        .destination = path, .mode = 01777, .size = step->size, .bits = step_bit_owned | step_bit_writable};
    do_tmpfs(builder, &shared);
}

void do_step(struct builder *builder, const struct root_step *step)
{
    switch (step->kind) {
    case record_mirror:
        return do_mirror(builder, step);
    case record_bind:
        return do_bind(builder, step);
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

void mount_new_root(struct builder *builder)
{
    const struct root_step root = {.destination = "/", .mode = 0755, .size = 16 << 20};
    builder->new_root = new_tmpfs(builder, &root, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
    own_file_system(builder, builder->new_root, "/");
}
