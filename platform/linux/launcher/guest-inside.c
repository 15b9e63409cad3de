/*
 * In a kernel of the job's own (see guest.c): the first process that it has. It comes as that kernel's root, takes what
 * it is sent, leaves what is not the job's, and goes on as the first process of any sandbox does.
 */
#include "descriptors.h"

#include <linux/fcntl.h>
#include <linux/sched.h>

enum { exit_usage = 64, channel = 0, mount_bind = 4096 /* MS_BIND */ };

static void must(const struct launch *launch, long result, const char *subject)
{
    if (result < 0)
        fail_launch(launch, step_guest, result, subject);
}

/* What this program lies in, and what no plan lists. A kernel that has it not is none the worse. */
static void leave_places(void)
{
    kernel_call(__NR_umount2, "/sys", 2 /* MNT_DETACH */);
    kernel_call(__NR_umount2, GUEST_PROGRAM_DIRECTORY, 2 /* MNT_DETACH */);
    kernel_call(__NR_unlinkat, AT_FDCWD, GUEST_PROGRAM_DIRECTORY, AT_REMOVEDIR);
    kernel_call(__NR_unlinkat, AT_FDCWD, "/dev/fuse", 0);
    kernel_call(__NR_unlinkat, AT_FDCWD, "/dev/net/tun", 0);
    kernel_call(__NR_unlinkat, AT_FDCWD, "/dev/net", AT_REMOVEDIR);
}

/*
 * What Linux lets nobody read of a process that is not dumpable (proc(5)), gVisor's kernel lets everybody. Over all of
 * it lies what was left of /sys then: a directory that nobody may open.
 */
static void hide_first_process(const struct launch *launch)
{
    must(launch, kernel_call(__NR_mount, "/sys", "/proc/1", NULL, mount_bind, NULL), "/proc/1");
}

enum { nobody = 65534 };

/*
 * The job has the id that this kernel calls root, for that is whose the files are that it was granted. What belongs to
 * root here is its own then: so the directory of devices, in memory that no cap of the job's counts, is given away.
 */
static void give_devices_away(const struct launch *launch)
{
    must(launch, kernel_call(__NR_fchownat, AT_FDCWD, "/dev", nobody, nobody, 0), "/dev");
}

/*
 * gVisor's kernel lets a job stop and kill the first process of its PID namespace, as Linux does not
 * (pid_namespaces(7)). So this one is nobody but in effect: whom it may signal goes by that, and who may signal it by
 * the other two ids (kill(2)).
 */
static void become_untouchable(const struct launch *launch)
{
    must(launch, kernel_call(__NR_setresuid, nobody, 0, nobody), "setresuid");
}

/* In the child that becomes the job, which has one id, wholly its own; and then a filter, which may forbid just that.
 */
void leave_first_identity(const struct launch *launch)
{
    const uint32_t uid = launch->instruction->inside_uid;
    must(launch, kernel_call(__NR_setresuid, uid, uid, uid), "setresuid");
    load_filter(launch, &launch->instruction->seccomp);
}

/* While this process is this kernel's root; in the user namespace that follows nobody is. */
void enter_guest(const struct launch *launch)
{
    leave_places();
    hide_first_process(launch);
    give_devices_away(launch);
    become_untouchable(launch);
    must(launch, kernel_call(__NR_unshare, CLONE_NEWUSER), "user namespace");
    map_own_ids(launch, 0, 0);
}

static struct instruction instruction;
static struct streams streams;
static struct courier courier;

/* Whoever is sent nothing was not started by the launcher, and gets nothing. */
int start_guest_inside(char **words)
{
    clear_streams(&streams);
    clear_courier(&courier);
    struct launch launch = {
        .instruction = &instruction,
        .streams = &streams,
        .courier = &courier,
        .words = words,
        .control = -1,
        .events = -1,
        .command_descriptor = channel,
        .cpu_descriptor = -1,
        .maker_errors = -1,
        .is_made = true,
        .is_guest = true,
    };
    for (size_t index = 0; index < control_groups_max; index++)
        launch.control_group_descriptors[index] = -1;
    int given[guest_descriptors];
    if (kernel_call(__NR_getpid) != 1 || receive_descriptors(channel, given, guest_descriptors) != guest_descriptors)
        return exit_usage;
    /* Out of the way of the job's own streams, and closed where it is executed. */
    const long moved = kernel_call(__NR_fcntl, channel, F_DUPFD_CLOEXEC, 3);
    if (moved < 0 || read_instruction(given[0], &instruction) < 0)
        return exit_usage;
    kernel_call(__NR_close, channel);
    close_descriptor(given[0]);
    launch.report_descriptor = launch.command_descriptor = (int)moved;
    for (int index = 0; index < 3; index++) {
        streams.job[index] = given[index + 1];
        streams.is_ours[index] = true;
    }
    launch.began_us = monotonic_us();
    send_report(&launch, &(struct report){.kind = report_entered});
    first_process(&launch);
}
