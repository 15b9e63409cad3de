/*
 * What a maker is to show of the host: opened here, and mounted by the maker from the descriptor, so that it looks no
 * path up. Called by root, the maker is somebody who may not go where root may, and whom root's files do not belong to:
 * it then gets copies of the mounts, in a mount namespace of its own, at a place where everyone may go, and with the
 * owners mapped where the plan says so.
 */
#include "../shared/append.h"
#include "builder.h"
#include "maker.h"
#include "mount-calls.h"

#include <linux/fcntl.h>
#include <linux/mount.h>
#include <linux/sched.h>

static int must(const struct launch *launch, long result, const char *subject)
{
    if (result < 0)
        fail_launch(launch, step_bind_source, result, subject);
    return (int)result;
}

/* A directory that every host has, of which nothing is ever granted, and in which no program lies. */
static const char staging[] = "/sys";

/* The staging place, once there is one, and how many copies are in it. */
static int staging_descriptor = -1;
static unsigned copies;

static int open_root(const struct launch *launch)
{
    return must(launch, kernel_call(__NR_openat, AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC, 0), "/");
}

/*
 * An engine's runtime asks what is mounted there even where it is to make no control group, and takes a file system in
 * memory for the first version, without one.
 */
static void show_no_control_groups(const struct launch *launch)
{
    must(launch, kernel_call(__NR_mkdirat, staging_descriptor, "fs", 0755), staging);
    must(launch, kernel_call(__NR_mkdirat, staging_descriptor, "fs/cgroup", 0755), staging);
}

/* While this is root: nothing of it is to be seen outside, so the namespace comes first. */
void prepare_maker_sources(struct launch *launch)
{
    must(launch, kernel_call(__NR_unshare, CLONE_NEWNS), "mount namespace");
    must(launch, kernel_call(__NR_mount, NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "/");
    launch->own_process_descriptor =
        must(launch, kernel_call(__NR_openat, AT_FDCWD, "/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC, 0), "/proc");
    must(launch, kernel_call(__NR_mount, "tmpfs", staging, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=1m"),
         staging);
    staging_descriptor =
        must(launch, kernel_call(__NR_openat, AT_FDCWD, staging, O_PATH | O_DIRECTORY | O_CLOEXEC, 0), staging);
    if (has_engine(launch->instruction))
        show_no_control_groups(launch);
}

/*
 * Through no link: the path was resolved when the job was granted it, and whoever put a link there since wants
 * something else to be shown.
 */
static int open_host_path(const struct launch *launch, const char *path)
{
    const int root = open_root(launch);
    const int found = must(launch, open_path_in(root, path), path);
    close_descriptor(root);
    return found;
}

/* The plan's own step for this source says whose the files are to be. */
static const struct root_step *find_step(const struct instruction *instruction, const char *path)
{
    for (size_t index = 0; index < instruction->root_count; index++)
        if (instruction->root[index].kind == record_bind && strcmp(instruction->root[index].source, path) == 0)
            return &instruction->root[index];
    return NULL;
}

static int make_mount_point(const struct launch *launch, int source, const char *path)
{
    struct stat status;
    char name[32];
    must(launch, kernel_call(__NR_fstat, source, &status), path);
    append_number(name, copies++, 10);
    const long made = is_type(status.st_mode, type_directory)
                          ? kernel_call(__NR_mkdirat, staging_descriptor, name, 0755)
                          : kernel_call(__NR_mknodat, staging_descriptor, name, type_file | 0644, 0);
    must(launch, made, staging);
    return must(launch, kernel_call(__NR_openat, staging_descriptor, name, O_PATH | O_CLOEXEC, 0), staging);
}

/* What an engine would say of the topmost mount alone, if at all. Of what no step is about it says whether it is
 * read-only. */
static uint64_t attributes_of(const struct root_step *step)
{
    const bool is_read_only = step != NULL && (step->bits & step_bit_writable) == 0;
    return MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | (is_read_only ? MOUNT_ATTR_RDONLY : 0);
}

int open_maker_source(const struct launch *launch, const char *path)
{
    const int source = open_host_path(launch, path);
    must(launch, check_pinned(launch->instruction, source, path), path);
    if (staging_descriptor < 0)
        return source;
    const struct root_step *step = find_step(launch->instruction, path);
    struct builder builder = {.launch = launch, .null_device = -1, .empty_directory = -1};
    builder.host_root = builder.new_root = open_root(launch);
    const int at = make_mount_point(launch, source, path);
    const struct root_copy copy = {
        .source = source,
        .destination = at,
        .path = path,
        .is_recursive = true,
        .owner_namespace = step == NULL ? -1 : step->owner_namespace,
        .must_map_owner = step != NULL && (step->bits & step_bit_map_owner) != 0,
    };
    const int mount = must(launch, mount_copy(&builder, &copy), path);
    if (has_engine(launch->instruction))
        must(launch, restrict_mount(&builder, mount, path, attributes_of(step), true), path);
    close_descriptor(at);
    close_descriptor(source);
    close_descriptor(builder.host_root);
    return mount;
}
