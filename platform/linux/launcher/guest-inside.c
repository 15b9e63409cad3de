/*
 * In a kernel of the job's own (see guest.c): the first process that it has. It comes as that kernel's root, takes what
 * it is sent, leaves what is not the job's, and goes on as the first process of any sandbox does.
 */
#include "maker.h"
#include "descriptors.h"

#include <linux/bpf_common.h>
#include <linux/fcntl.h>
#include <linux/sched.h>
#include <linux/seccomp.h>

enum { exit_usage = 64, channel = 0, mount_bind = 4096 /* MS_BIND */, nobody = 65534 };

static void must(const struct launch *launch, long result, const char *subject)
{
    if (result < 0)
        fail_launch(launch, step_guest, result, subject);
}

/* EINVAL is what is mounted nowhere. What lies there otherwise would be in sight of the job. */
static void unmount(const struct launch *launch, const char *path)
{
    const long result = kernel_call(__NR_umount2, path, 2 /* MNT_DETACH */);
    if (result != -EINVAL && result != -ENOENT)
        must(launch, result, path);
}

/* What this program lies in, and what no plan lists. A kernel that has it not is none the worse. */
static void leave_places(const struct launch *launch)
{
    unmount(launch, "/sys");
    unmount(launch, GUEST_PROGRAM_DIRECTORY);
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

enum { set_signal = 10 /* F_SETSIG (fcntl(2)) */, exit_signal = 0xff /* CSIGNAL (clone(2)) */, signal_child = 17 };

/*
 * The other two ways to have a signal of one's choice sent to a process, which no id is asked for: at input on a
 * descriptor whose owner it is, and at the end of a child that it was made the parent of. Every other signal than
 * SIGKILL and SIGSTOP the first process has blocked. What clone3(2) is told no filter sees; a C library does without.
 */
static void keep_signals_from_first_process(const struct launch *launch)
{
    static struct sock_filter words[] = {
        {BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, nr)},
        {BPF_JMP | BPF_JEQ | BPF_K, 2, 0, __NR_fcntl},
        {BPF_JMP | BPF_JEQ | BPF_K, 3, 0, __NR_clone},
        {BPF_JMP | BPF_JEQ | BPF_K, 8, 7, __NR_clone3},
        {BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, args[1])},
        {BPF_JMP | BPF_JEQ | BPF_K, 4, 5, set_signal},
        {BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, args[0])},
        {BPF_ALU | BPF_AND | BPF_K, 0, 0, exit_signal},
        {BPF_JMP | BPF_JEQ | BPF_K, 2, 0, 0},
        {BPF_JMP | BPF_JEQ | BPF_K, 1, 0, signal_child},
        {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | EPERM},
        {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
        {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | ENOSYS},
    };
    const struct sock_fprog filter = {.len = sizeof words / sizeof words[0], .filter = words};
    load_filter(launch, &filter);
}

/* In the child that becomes the job, which has one id, wholly its own; and then filters, which may forbid just that. */
void leave_first_identity(const struct launch *launch)
{
    const uint32_t uid = launch->instruction->inside_uid;
    must(launch, kernel_call(__NR_setresuid, uid, uid, uid), "setresuid");
    keep_signals_from_first_process(launch);
    load_filter(launch, &launch->instruction->seccomp);
}

/* While this process is this kernel's root; in the user namespace that follows nobody is. */
void enter_guest(const struct launch *launch)
{
    leave_places(launch);
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
    struct launch launch = new_launch(&instruction, &streams, &courier, words);
    launch.is_made = launch.is_guest = true;
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
