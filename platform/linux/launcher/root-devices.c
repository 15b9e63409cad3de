/* A root's /dev: a file system with the host's harmless devices, and with terminals and shared memory of its own. */
#include "builder.h"
#include "mount-calls.h"

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
        fail_build(builder, step_devices, -ENAMETOOLONG, directory);
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
