/*
 * In a service of systemd's, and in a container of a daemon's without root's rights: what those have no word for, in a
 * mount namespace of the job's own, while the first process has the right to it.
 */
#include "maker.h"
#include "mount-calls.h"

#include <linux/fcntl.h>
#include <linux/mount.h>
#include <linux/sched.h>

static long must(const struct launch *launch, long result, int step, const char *subject)
{
    if (result < 0)
        fail_launch(launch, step, result, subject);
    return result;
}

/* Of a mirrored path that is a link there is no mount. What this process may not reach, no job of its ids can. */
static void restrict_step(const struct launch *launch, const struct root_step *step)
{
    const char *path = step->destination;
    const long shown = kernel_call(__NR_openat, AT_FDCWD, path, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
    if (shown == -EACCES || shown == -ENOENT)
        return;
    must(launch, shown, step_bind_source, path);
    const long set = set_mount_attributes((int)shown, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, true);
    if (set != -EINVAL || step->kind != record_mirror)
        must(launch, set, step_bind, path);
    close_descriptor((int)shown);
}

/* What is the host's shows no device, and no program with another's rights. */
static void restrict_shown(const struct launch *launch)
{
    const struct instruction *instruction = launch->instruction;
    for (size_t index = 0; index < instruction->root_count; index++) {
        const struct root_step *step = &instruction->root[index];
        if ((step->kind == record_bind || step->kind == record_mirror) && is_last_at(instruction, index))
            restrict_step(launch, step);
    }
}

static int open_path(const struct launch *launch, const char *path)
{
    return (int)must(launch, kernel_call(__NR_openat, AT_FDCWD, path, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0), step_devices,
                     path);
}

/* systemd shows the host's, unless something is mounted there; each mount of devpts is one of its own. /dev/ptmx is a
 * device there, which finds its terminals beside itself alone where it is no mount (devpts). */
static void show_own_terminals(const struct launch *launch)
{
    const int context = (int)must(launch, kernel_call(__NR_fsopen, "devpts", FSOPEN_CLOEXEC), step_devices, "devpts");
    must(launch, set_option(context, "ptmxmode", "0666"), step_devices, "devpts");
    must(launch, set_option(context, "mode", "0620"), step_devices, "devpts");
    const long mount = finish_mount(context, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
    must(launch, mount, step_devices, "devpts");
    const int terminals = open_path(launch, "/dev/pts");
    must(launch, attach_mount((int)mount, terminals), step_devices, "/dev/pts");
    close_descriptor(terminals);
    close_descriptor((int)mount);
    const int source = open_path(launch, "/dev/pts/ptmx");
    const long device = must(launch, clone_mount(source, false), step_devices, "/dev/pts/ptmx");
    const int at = open_path(launch, "/dev/ptmx");
    must(launch, attach_mount((int)device, at), step_devices, "/dev/ptmx");
    close_descriptor(at);
    close_descriptor((int)device);
    close_descriptor(source);
}

static void enter_own_mounts(const struct launch *launch)
{
    must(launch, kernel_call(__NR_unshare, CLONE_NEWNS), step_mount_private, "unshare");
    /* A copy follows what it was copied from, unless told not to (mount_namespaces(7)). */
    must(launch, kernel_call(__NR_mount, NULL, "/", NULL, MS_PRIVATE | MS_REC, NULL), step_mount_private, "/");
}

/* Called by root, the keeper has restricted what is shown. */
void settle_unit(const struct launch *launch)
{
    enter_own_mounts(launch);
    show_own_terminals(launch);
    if (!has_option(launch->instruction, option_fresh_identity))
        restrict_shown(launch);
}

/* Without root's rights a daemon has no rule on devices either. */
void settle_rootless(const struct launch *launch)
{
    enter_own_mounts(launch);
    restrict_shown(launch);
}
