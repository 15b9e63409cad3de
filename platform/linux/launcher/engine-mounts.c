/*
 * A daemon shows paths as they are. Called by root, the job has ids outside that own nothing, and a grant is to show
 * the owner's files as the job's: so the keeper, which is root, enters the container's mount namespace before anything
 * runs there, and lays a copy of each such mount over it, with its owner mapped. What the launcher had opened is what
 * was granted, and nothing else is laid over.
 */
#include "../shared/append.h"
#include "builder.h"
#include "maker.h"
#include "mount-calls.h"

#include <linux/fcntl.h>
#include <linux/mount.h>
#include <linux/sched.h>

static int must(const struct launch *launch, long result, int step, const char *subject)
{
    if (result < 0)
        fail_launch(launch, step, result, subject);
    return (int)result;
}

static void enter_mount_namespace(const struct launch *launch, long pid)
{
    char path[64] = "/proc/";
    append_text(append_number(path + strlen(path), (uint64_t)pid, 10), "/ns/mnt");
    const int namespace =
        must(launch, kernel_call(__NR_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0), step_maker, path);
    must(launch, kernel_call(__NR_setns, namespace, CLONE_NEWNS), step_maker, "the container's mount namespace");
}

/* A daemon has no words for it; devices are what its /dev is for. */
static void restrict_all(const struct launch *launch, int root)
{
    const struct mount_attr devices = {.attr_clr = MOUNT_ATTR_NODEV};
    must(launch, set_mount_attributes(root, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, true), step_maker, "nodev");
    const int own = must(launch, open_path_in(root, "/dev"), step_maker, "/dev");
    must(launch, kernel_call(__NR_mount_setattr, own, "", AT_EMPTY_PATH, &devices, sizeof devices), step_maker, "/dev");
    close_descriptor(own);
}

static void map_owner(const struct launch *launch, int root, const struct root_step *step, const struct identity *seen)
{
    struct stat status;
    const int at = must(launch, open_path_in(root, step->destination), step_bind_source, step->destination);
    must(launch, kernel_call(__NR_fstat, at, &status), step_bind_source, step->destination);
    if (status.st_dev != seen->device || status.st_ino != seen->inode)
        fail_launch(launch, step_bind_source, -ESTALE, step->source);
    struct builder builder = {
        .launch = launch, .host_root = root, .new_root = root, .null_device = -1, .empty_directory = -1};
    const struct root_copy copy = {
        .source = at,
        .destination = at,
        .path = step->destination,
        .is_recursive = true,
        .owner_namespace = step->owner_namespace,
        .must_map_owner = (step->bits & step_bit_map_owner) != 0,
    };
    const int mount = must(launch, mount_copy(&builder, &copy), step_idmap, step->destination);
    close_descriptor(mount);
    close_descriptor(at);
}

__attribute__((noreturn)) static void arrange(const struct launch *launch, const struct knowledge *knowledge, long pid)
{
    const struct instruction *instruction = launch->instruction;
    enter_mount_namespace(launch, pid);
    const int root =
        must(launch, kernel_call(__NR_openat, AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC, 0), step_maker, "/");
    restrict_all(launch, root);
    for (size_t index = 0; index < instruction->root_count; index++) {
        const struct root_step *step = &instruction->root[index];
        const struct identity *seen =
            step->kind == record_bind ? find_seen(instruction, knowledge, step->source) : NULL;
        if (seen != NULL && step->owner_namespace >= 0 && is_last_at(instruction, index))
            map_owner(launch, root, step, seen);
    }
    leave(0);
}

/* In a process of its own, which has no more to do there; other than 0 where that failed, and was told. */
long arrange_container(const struct launch *launch, const struct knowledge *knowledge, long pid)
{
    int status = 0;
    if (!has_option(launch->instruction, option_fresh_identity))
        return 0;
    const long child = fork_process();
    if (child < 0)
        fail_launch(launch, step_maker, child, "clone");
    if (child == 0)
        arrange(launch, knowledge, pid);
    kernel_call(__NR_wait4, child, &status, 0, NULL);
    return status;
}
