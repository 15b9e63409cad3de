/*
 * Landlock (landlock(7)): what the mounts say once more, by another part of the kernel. Everything below the root may
 * be read and executed, and only what the root's own steps made writable may be changed. It comes after the mounts,
 * which a Landlock domain may not touch, and only the job enters: the first process must still be able to signal it.
 * A confined job has no mounts, and what its rules say is all that there is.
 */
#include "launcher.h"

#include <linux/fcntl.h>

/* LANDLOCK_ACCESS_FS_*; Debian 12's header ends with the ABI of Linux 6.1. */
enum {
    access_execute = 1 << 0,
    access_write_file = 1 << 1,
    access_read_file = 1 << 2,
    access_read_directory = 1 << 3,
    access_make_character_device = 1 << 6,
    access_make_block_device = 1 << 11,
    access_truncate = 1 << 14,
    access_device_ioctl = 1 << 15,
    access_to_read = access_execute | access_read_file | access_read_directory,
    /* No job makes devices, or asks one for what is its driver's own. */
    never_granted = access_make_character_device | access_make_block_device | access_device_ioctl,
    /* What a rule about something that is no directory may speak of. */
    access_of_files = access_execute | access_write_file | access_read_file | access_truncate | access_device_ioctl,
    access_to_devices =
        access_read_file | access_read_directory | access_write_file | access_truncate | access_device_ioctl,
};

enum { version_query = 1 /* LANDLOCK_CREATE_RULESET_VERSION */, rule_path_beneath = 1 };

/* struct landlock_ruleset_attr as of Linux 6.12 (ABI 6). */
struct ruleset_attributes {
    uint64_t handled_access_fs;
    uint64_t handled_access_net;
    uint64_t scoped;
};

/* struct landlock_path_beneath_attr; packed, as the kernel has it. */
struct path_beneath {
    uint64_t allowed_access;
    int32_t parent;
} __attribute__((packed));

/* Rights on files that a version of the interface knows: 13 at first, then REFER, TRUNCATE and IOCTL_DEV. */
static uint64_t rights_of(long version)
{
    const unsigned count = version >= 5 ? 16 : version >= 3 ? 15 : version == 2 ? 14 : 13;
    return (1ULL << count) - 1;
}

static void must(const struct launch *launch, long result, const char *subject)
{
    if (result < 0)
        fail_launch(launch, step_landlock, result, subject);
}

struct ruleset {
    const struct launch *launch;
    int descriptor;
    uint64_t handled;
};

/* Takes the descriptor. */
static void allow_opened(const struct ruleset *ruleset, int file, const char *path, uint64_t rights)
{
    struct path_beneath rule = {.allowed_access = rights & ruleset->handled, .parent = file};
    long result = kernel_call(__NR_landlock_add_rule, ruleset->descriptor, rule_path_beneath, &rule, 0);
    if (result == -EINVAL) {
        /* Not a directory: only a file's own rights can be given. */
        rule.allowed_access &= access_of_files;
        result = kernel_call(__NR_landlock_add_rule, ruleset->descriptor, rule_path_beneath, &rule, 0);
    }
    must(ruleset->launch, result, path);
    close_descriptor(file);
}

static void allow_in(const struct ruleset *ruleset, int directory, const char *path, uint64_t rights)
{
    const long file = kernel_call(__NR_openat, directory, path, O_PATH | O_CLOEXEC, 0);
    /* What the job cannot get to by its path needs no right. */
    if (file == -ENOENT || file == -EACCES)
        return;
    must(ruleset->launch, file, path);
    allow_opened(ruleset, (int)file, path, rights);
}

static void allow(const struct ruleset *ruleset, const char *path, uint64_t rights)
{
    allow_in(ruleset, AT_FDCWD, path, rights);
}

/* Shared memory is the one place in /dev where files are made. */
static void allow_devices(const struct ruleset *ruleset, const char *path, uint64_t to_change)
{
    const long directory = kernel_call(__NR_openat, AT_FDCWD, path, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
    must(ruleset->launch, directory, path);
    allow_in(ruleset, (int)directory, ".", access_to_devices);
    allow_in(ruleset, (int)directory, "shm", to_change);
    close_descriptor((int)directory);
}

static void allow_step(const struct ruleset *ruleset, const struct root_step *step)
{
    const uint64_t to_change = ruleset->handled & ~(uint64_t)never_granted;
    if (step->kind == record_devices) {
        allow_devices(ruleset, step->destination, to_change);
    } else if (step->kind == record_proc) {
        /* A process may set its own name and score, which a shell opens as a file to be cut; the host's is read-only by
         * mount. */
        allow(ruleset, step->destination, access_to_read | access_write_file | access_truncate);
    } else if (step->kind == record_overlay) {
        allow(ruleset, step->destination, to_change);
    } else if ((step->kind == record_tmpfs || step->kind == record_bind) && (step->bits & step_bit_writable) != 0) {
        allow(ruleset, step->destination, to_change);
    }
}

static void allow_steps(const struct ruleset *ruleset)
{
    const struct instruction *instruction = ruleset->launch->instruction;
    allow(ruleset, "/", access_to_read);
    for (size_t index = 0; index < instruction->root_count; index++)
        allow_step(ruleset, &instruction->root[index]);
}

static void allow_path(const struct ruleset *ruleset, const struct path_rule *rule)
{
    const uint64_t to_change = ruleset->handled & ~(uint64_t)never_granted;
    const uint64_t rights = (rule->bits & path_bit_write) != 0    ? to_change
                            : (rule->bits & path_bit_device) != 0 ? access_to_devices
                                                                  : access_to_read;
    if ((rule->bits & path_bit_optional) != 0) {
        allow(ruleset, rule->path, rights);
        return;
    }
    const long file = open_granted(ruleset->launch, rule->path);
    if (file < 0)
        fail_launch(ruleset->launch, step_bind_source, file, rule->path);
    allow_opened(ruleset, (int)file, rule->path, rights);
}

static void confine_files(const struct ruleset *ruleset)
{
    const struct instruction *instruction = ruleset->launch->instruction;
    if (!is_confined(instruction)) {
        allow_steps(ruleset);
        return;
    }
    for (size_t index = 0; index < instruction->path_rule_count; index++)
        allow_path(ruleset, &instruction->path_rules[index]);
}

/* The domain that is to be entered, of the first process's making; -1 where the job makes it. */
static int prepared = -1;

/* -1 where there is to be none. */
static int make_ruleset(const struct launch *launch)
{
    const struct instruction *instruction = launch->instruction;
    const uint64_t scopes = instruction->landlock_scopes, network = instruction->landlock_network;
    if (scopes == 0 && network == 0 && instruction->landlock_version == 0)
        return -1;
    const long version = kernel_call(__NR_landlock_create_ruleset, NULL, 0, version_query);
    must(launch, version, "version");
    /* Every right of the running kernel is handled; one that has fewer than was counted on is refused. */
    if (version < (long)instruction->landlock_version)
        fail_launch(launch, step_landlock, -EOPNOTSUPP, "version");
    const struct ruleset_attributes attributes = {.handled_access_fs =
                                                      instruction->landlock_version > 0 ? rights_of(version) : 0,
                                                  .handled_access_net = network,
                                                  .scoped = scopes};
    const long descriptor = kernel_call(__NR_landlock_create_ruleset, &attributes, sizeof attributes, 0);
    must(launch, descriptor, "create_ruleset");
    const struct ruleset ruleset = {
        .launch = launch, .descriptor = (int)descriptor, .handled = attributes.handled_access_fs};
    if (ruleset.handled != 0)
        confine_files(&ruleset);
    return (int)descriptor;
}

/* A confined job's: what its rules speak of is opened before it has a filter that would not let it. */
void prepare_landlock(const struct launch *launch)
{
    if (is_confined(launch->instruction))
        prepared = make_ruleset(launch);
}

void enter_landlock(const struct launch *launch)
{
    const int ruleset = prepared >= 0 ? prepared : make_ruleset(launch);
    if (ruleset < 0)
        return;
    must(launch, kernel_call(__NR_landlock_restrict_self, ruleset, 0), "restrict_self");
    close_descriptor(ruleset);
}
