/*
 * A layer that a program lays (fuse-overlayfs), where the kernel would not: the first process mounts a FUSE file system
 * in its own namespaces, and what is asked of it is answered by that program, outside.
 *
 *   job ──▶ mount ──▶ kernel ──/dev/fuse──▶ server ──▶ the host's directory, read-only, and the layer
 *
 * The server is in namespaces of its own, which hold no more than it works on: the job neither sees it nor can signal
 * it, and whoever takes it over has won a directory that is the job's to change. Its user namespace maps the ids like
 * the job's, so that the numbers which it speaks of are those that the kernel takes for the mount's
 * (fs/fuse/inode.c: make_kuid in the namespace of whoever opened the device). It is in the job's control groups, ends
 * with the mount, and with the launcher.
 */
#include "builder.h"
#include "descriptors.h"
#include "mount-calls.h"
#include "../shared/append.h"

#include <linux/fcntl.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/time_types.h>

enum { signal_child = 17, signal_kill = 9, wait_no_hang = 1, last_words_ms = 10000 };

/* What the server keeps, by number; the device comes in the place of the channel. */
enum { kept_channel = 3, kept_program, kept_count };

/* What it sees: itself, by its program's libraries (hier(7); NixOS and Guix keep theirs in a store), and its work. */
static const char *const shown[] = {"/usr", "/lib", "/lib32", "/lib64", "/nix/store", "/gnu/store", "/etc/ld.so.cache"};

static struct instruction world;

const struct root_step *find_served_layer(const struct instruction *instruction)
{
    for (size_t index = 0; index < instruction->root_count; index++)
        if (instruction->root[index].kind == record_overlay && instruction->root[index].program != NULL)
            return &instruction->root[index];
    return NULL;
}

static struct root_step *add_step(uint16_t kind, const char *source, const char *destination)
{
    struct root_step *step = &world.root[world.root_count++];
    *step = (struct root_step){.kind = kind, .source = source, .destination = destination, .owner_namespace = -1};
    return step;
}

/* The host's files are read-only here, whatever the server does. */
static void describe_world(const struct instruction *instruction, const struct root_step *step)
{
    world.inside_uid = instruction->inside_uid;
    world.inside_gid = instruction->inside_gid;
    world.namespaces = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID;
    world.options = option_drop_capabilities;
    for (size_t index = 0; index < instruction->control_group_count; index++)
        world.control_groups[index] = instruction->control_groups[index];
    world.control_group_count = instruction->control_group_count;
    for (size_t index = 0; index < instruction->pinned_count; index++)
        world.pinned[index] = instruction->pinned[index];
    world.pinned_count = instruction->pinned_count;
    for (size_t index = 0; index < sizeof shown / sizeof *shown; index++)
        add_step(record_mirror, shown[index], shown[index]);
    add_step(record_bind, step->source, "/lower");
    add_step(record_bind, step->layer, "/layer")->bits = step_bit_writable;
    add_step(record_proc, NULL, "/proc");
    add_step(record_read_only, NULL, "/");
}

static void execute(int device)
{
    char options[256], mount_point[32];
    char *end = append_text(options, "lowerdir=/lower,upperdir=/layer/upper,workdir=/layer/work");
    /* All of the host's files are shown as the job's, also those whose owners have no number in the namespace. */
    end = append_number(append_text(end, ",squash_to_uid="), world.inside_uid, 10);
    append_number(append_text(end, ",squash_to_gid="), world.inside_gid, 10);
    append_number(append_text(mount_point, "/dev/fd/"), kept_channel, 10);
    char *arguments[] = {(char *)"fuse-overlayfs", (char *)"-f", (char *)"-o", options, mount_point, NULL};
    char *environment[] = {NULL};
    /* The device is mounted already: libfuse takes such a name for its descriptor (fuse_session_mount). */
    kernel_call(__NR_dup3, device, kept_channel, 0);
    close_descriptor(device);
    kernel_call(__NR_fcntl, kept_program, F_SETFD, FD_CLOEXEC);
    kernel_call(__NR_execveat, kept_program, "", arguments, environment, AT_EMPTY_PATH);
}

/*
 * What goes wrong here is not told from here: the first process finds nobody who answers. Its own descriptors are kept
 * from the start, since others' ends of the launcher's pipes would hide their deaths.
 */
__attribute__((noreturn)) static void serve(const struct launch *launch, int program)
{
    const int nothing = (int)kernel_call(__NR_openat, AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC, 0);
    int kept[kept_count] = {nothing, nothing, nothing, launch->layer->channel[0], program};
    int device = -1;
    keep_descriptors(kept, kept_count);
    struct launch own = *launch;
    own.instruction = &world;
    own.report_descriptor = -1;
    own.own_process_descriptor =
        (int)kernel_call(__NR_openat, AT_FDCWD, "/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
    if (open_control_groups(&own) < 0)
        leave(1);
    join_control_groups(&own);
    map_own_ids(&own, launch->instruction->outside_uid, launch->instruction->outside_gid);
    build_root(&own);
    kernel_call(__NR_setsid);
    leave_signals();
    give_up_privileges(&own);
    /* After the capabilities, with whose change it may be forgotten; where the launcher is gone, so is the channel. */
    kernel_call(__NR_prctl, PR_SET_PDEATHSIG, signal_kill, 0, 0, 0);
    if (receive_descriptors(kept_channel, &device, 1) == 1)
        execute(device);
    leave(1);
}

/* In the launcher, before there is a first process. */
long start_layer_server(const struct launch *launch, const struct root_step *step)
{
    const uint64_t alone = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWUTS;
    const long program = kernel_call(__NR_openat, AT_FDCWD, step->program, O_PATH | O_CLOEXEC, 0);
    if (program < 0)
        return program;
    describe_world(launch->instruction, step);
    const long pid = kernel_call(__NR_clone, alone | signal_child, 0, 0, 0, 0);
    if (pid == 0)
        serve(launch, (int)program);
    close_descriptor((int)program);
    /* Held here, it would hide the server's end. */
    close_descriptor(launch->layer->channel[0]);
    launch->layer->channel[0] = -1;
    launch->layer->server_pid = pid < 0 ? 0 : pid;
    return pid;
}

/*
 * The job is over, and with its mount namespace the mount: what the kernel still has for it is written, and the server
 * ends by itself. 0, or why what the job changed may not be all there.
 */
long end_layer_server(struct layer *layer, bool is_patient)
{
    int status = 0;
    long ended = 0;
    for (int waited = 0; is_patient && ended == 0 && waited < last_words_ms; waited++) {
        const struct __kernel_timespec nap = {.tv_sec = 0, .tv_nsec = 1000000};
        ended = kernel_call(__NR_wait4, layer->server_pid, &status, wait_no_hang, NULL);
        if (ended == 0)
            kernel_call(__NR_nanosleep, &nap, NULL);
    }
    if (ended == 0) {
        kernel_call(__NR_kill, layer->server_pid, signal_kill);
        kernel_call(__NR_wait4, layer->server_pid, &status, 0, NULL);
        return -ETIMEDOUT;
    }
    return status == 0 ? 0 : -ENOTCONN;
}
