/*
 * A resident launcher: one job after another, each in fresh namespaces that are never used again. The first instruction
 * says what all of them have in common, each further one a job. Where its root can be shared, the resident lives in a
 * user, mount and PID namespace of its own that holds nothing but that root: copying it for a job costs little, no job
 * sees the resident's processes, and when the resident is killed the kernel ends every job with it.
 *
 *   cupel ──shape, job, job, …──▶ resident ──▶ first process ──▶ job
 *         ◀──frames: events, output──
 */
#include "launcher.h"

#include <linux/fcntl.h>
#include <linux/poll.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/time_types.h>

enum { signal_kill = 9, signal_child = 17, wait_no_hang = 1, unreaped_max = 32 };

static struct instruction shape, job, merged;
static struct streams streams;
/* One of many jobs has none. */
static struct courier courier;
/* A batch's jobs have no layers. */
static struct layer layer = {.channel = {-1, -1}};

struct resident {
    struct channel channel;
    char **words;
    bool is_inside;
    struct group_place group_places[control_groups_max];
    size_t group_place_count;
    /* First processes whose jobs are over and that the kernel is still taking apart. */
    int unreaped;
    /* Those of the next job that the resident is in already. */
    uint64_t prepared;
};

static struct launch new_job_launch(const struct resident *resident, const struct instruction *instruction)
{
    struct launch launch = new_launch(instruction, &streams, &courier, resident->words);
    launch.layer = &layer;
    launch.control = resident->channel.descriptor;
    launch.began_us = monotonic_us();
    launch.is_one_of_many = true;
    launch.is_root_shared = resident->is_inside;
    launch.prepared_namespaces = resident->prepared;
    launch.group_place_count = resident->group_place_count;
    memcpy(launch.group_places, resident->group_places, sizeof launch.group_places);
    return launch;
}

/* The places below which jobs' control groups will be: a root of our own would hide them. */
static long open_group_places(struct resident *resident)
{
    for (size_t index = 0; index < shape.control_group_count; index++) {
        const char *path = shape.control_groups[index];
        const long place = kernel_call(__NR_openat, AT_FDCWD, path, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
        if (place < 0)
            return place;
        resident->group_places[index] = (struct group_place){path, (int)place};
        resident->group_place_count++;
    }
    return 0;
}

static void reap(struct resident *resident, bool is_patient)
{
    while (resident->unreaped > 0) {
        const long pid = kernel_call(__NR_wait4, -1, NULL, is_patient ? 0 : wait_no_hang, NULL);
        if (pid == 0)
            return;
        if (pid > 0 || pid == -ECHILD)
            resident->unreaped = pid > 0 ? resident->unreaped - 1 : 0;
    }
}

/* The kinds of records that one of many jobs is told in. */
static const uint64_t of_a_job = 1ULL << record_directory | 1ULL << record_argument | 1ULL << record_variable |
                                 1ULL << record_control_group | 1ULL << record_time;

/* A job brings what is its own. What decides about its isolation is the shape's, and a job that says it is refused. */
static long merge(const struct resident *resident)
{
    if ((job.records & ~of_a_job) != 0)
        return -EBADMSG;
    merged = shape;
    merged.arguments = job.arguments;
    merged.environment = job.environment;
    merged.directory = job.directory;
    merged.timeout_ms = job.timeout_ms;
    merged.grace_ms = job.grace_ms;
    merged.cpu_ms = job.cpu_ms;
    merged.idle_ms = job.idle_ms;
    merged.control_group_count = job.control_group_count;
    memcpy(merged.control_groups, job.control_groups, sizeof merged.control_groups);
    /* In the resident's own user namespace the caller is who a job is inside. */
    if (resident->is_inside && (shape.namespaces & CLONE_NEWUSER) != 0 && !has_option(&shape, option_fresh_identity)) {
        merged.outside_uid = shape.inside_uid;
        merged.outside_gid = shape.inside_gid;
    }
    return 0;
}

/*
 * A network namespace takes half of a launch, so the next job's is made while one runs: the resident leaves its last
 * one behind for good and a first process is born in what it is in. IPC and UTS namespaces come along at no further
 * cost. They belong to the resident's user namespace, in which a job has no right at all.
 */
static void prepare_namespaces(struct resident *resident)
{
    if (!resident->is_inside || resident->prepared != 0)
        return;
    const uint64_t wanted = shape.namespaces & (CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS);
    long result = kernel_call(__NR_unshare, wanted);
    if (result >= 0 && (wanted & CLONE_NEWUTS) != 0 && shape.hostname != NULL)
        result = set_hostname(&shape);
    if (result >= 0 && (wanted & CLONE_NEWNET) != 0 && has_option(&shape, option_loopback_up))
        result = bring_loopback_up();
    /* What did not work in advance is made by the clone, or says there what is wrong. */
    resident->prepared = result < 0 ? 0 : wanted;
}

static long start(struct launch *launch, const struct pipes *pipes, long problem)
{
    if (problem < 0)
        return fail_early(launch, step_instruction, problem, "");
    const long result = prepare_captured_streams(&streams);
    return result < 0 ? fail_early(launch, step_standard_streams, result, "") : start_first_process(launch, pipes);
}

/* Not even a child could be made to tell of it: a cap on processes, say, that other jobs of this user fill. */
static bool tell_unstarted(const struct resident *resident, long error)
{
    const struct report report = {.kind = report_failed, .step = step_clone, .error = (int32_t)-error};
    tell_failure(&resident->channel, "failed", &report);
    tell_finished(&resident->channel, &streams);
    return true;
}

static void give_up(const struct resident *resident, long error)
{
    for (int index = 1; index <= 2; index++)
        close_descriptor(streams.captured[index]);
    tell_unstarted(resident, error);
}

/* False when cupel is gone. */
static bool run_job(struct resident *resident, long problem)
{
    static struct traffic traffic;
    clear_streams(&streams);
    clear_courier(&courier);
    share_traffic(&streams, &merged, &traffic);
    streams.capture_bytes_max = shape.capture_bytes_max;
    struct pipes pipes;
    const long made = make_pipes(&pipes);
    if (made < 0)
        return tell_unstarted(resident, made);
    struct launch launch = new_job_launch(resident, &merged);
    launch.report_descriptor = pipes.report[1];
    launch.command_descriptor = pipes.command[0];
    const long first = start(&launch, &pipes, problem);
    leave_to_first_process(&launch, &pipes);
    /* Used, whatever became of it: no two jobs ever share one. */
    resident->prepared = 0;
    prepare_namespaces(resident);
    bool is_wanted = true;
    if (first > 0) {
        is_wanted = supervise(&(struct supervised){
            .launch = &launch,
            .channel = resident->channel,
            .control = resident->channel.descriptor,
            .is_control_quiet = true,
            .first_pid = first,
            .report = pipes.report[0],
            .command = pipes.command[1],
        });
        resident->unreaped++;
    }
    close_descriptor(pipes.report[0]);
    close_descriptor(pipes.command[1]);
    if (first > 0)
        tell_finished(&resident->channel, &streams);
    else
        give_up(resident, first);
    reap(resident, resident->unreaped >= unreaped_max);
    return is_wanted;
}

/* Until cupel closes its end. What it sent before it was killed has control groups, which nobody else would remove. */
static void serve(struct resident *resident)
{
    bool is_wanted = true;
    for (;;) {
        memset(&job, 0, sizeof job);
        const long read = read_instruction(resident->channel.descriptor, &job);
        if (read < 0 && read != -EBADMSG)
            break;
        const long problem = read < 0 ? read : merge(resident);
        if (is_wanted) {
            is_wanted = run_job(resident, problem);
        } else {
            const struct launch launch = new_job_launch(resident, &merged);
            remove_control_groups(&launch);
        }
        /* What comes after bytes that are no instruction cannot be told apart. */
        if (read < 0)
            break;
    }
    reap(resident, true);
}

static bool is_other_end_gone(int descriptor)
{
    struct pollfd watched = {.fd = descriptor};
    const struct __kernel_timespec now = {0};
    return kernel_call(__NR_ppoll, &watched, 1, &now, NULL, 0) > 0 && (watched.revents & POLLERR) != 0;
}

/* As the first process of a namespace it cannot be signalled from inside, and nothing of a job outlives it. */
__attribute__((noreturn)) static void reside_inside(struct resident *resident, struct launch *launch)
{
    kernel_call(__NR_prctl, PR_SET_PDEATHSIG, signal_kill, 0, 0, 0);
    /* A parent that died before that sends nothing any more, but it held the only other end of this pipe. */
    if (is_other_end_gone(launch->report_descriptor))
        leave(1);
    launch->own_process_descriptor =
        (int)kernel_call(__NR_openat, AT_FDCWD, "/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
    if ((shape.namespaces & CLONE_NEWUSER) != 0 && !has_option(&shape, option_fresh_identity))
        map_own_ids(launch, shape.outside_uid, shape.outside_gid);
    build_shared_root(launch);
    close_descriptor(launch->own_process_descriptor);
    forbid_new_privileges(launch);
    close_descriptor(launch->report_descriptor);
    tell_residence(&resident->channel, NULL);
    resident->is_inside = true;
    serve(resident);
    leave(0);
}

static int fail(const struct resident *resident, int step, long error)
{
    const struct report report = {.kind = report_failed, .step = step, .error = (int32_t)-error};
    tell_residence(&resident->channel, &report);
    return 1;
}

/* Waits outside for the resident to end: a process cannot enter a PID namespace itself, only its children can. */
static int enter_and_reside(struct resident *resident)
{
    struct pipes pipes;
    if (make_pipes(&pipes) < 0)
        return 1;
    struct launch launch = new_job_launch(resident, &shape);
    launch.report_descriptor = pipes.report[1];
    uint64_t flags = CLONE_NEWNS | CLONE_NEWPID | (shape.namespaces & CLONE_NEWUSER);
    if (has_option(&shape, option_fresh_identity))
        flags &= ~(uint64_t)CLONE_NEWUSER;
    const long pid = kernel_call(__NR_clone, flags | signal_child, 0, 0, 0, 0);
    if (pid == 0) {
        close_descriptor(pipes.report[0]);
        reside_inside(resident, &launch);
    }
    close_descriptor(pipes.report[1]);
    if (pid < 0)
        return fail(resident, step_clone, pid);
    struct report report;
    if (kernel_call(__NR_read, pipes.report[0], &report, sizeof report) == (long)sizeof report)
        tell_residence(&resident->channel, &report);
    /* Its end is for cupel to see at once, not when this process has ended too. */
    close_descriptor(resident->channel.descriptor);
    kernel_call(__NR_wait4, pid, NULL, 0, NULL);
    return 0;
}

int reside(int channel, char **words)
{
    struct resident resident = {.channel = {.descriptor = channel, .is_framed = true}, .words = words};
    long result = read_instruction(channel, &shape);
    if (result < 0)
        return fail(&resident, step_instruction, result);
    keep_instruction();
    if (shape.listener_count > 0 || shape.published_count > 0 || shape.setup != NULL || has_other_program(&shape))
        return fail(&resident, step_instruction, -EINVAL);
    result = open_group_places(&resident);
    if (result < 0)
        return fail(&resident, step_control_group, result);
    result = prepare_owner_namespaces(&shape);
    if (result < 0)
        return fail(&resident, step_idmap_namespace, result);
    if (has_option(&shape, option_shared_root))
        return enter_and_reside(&resident);
    tell_residence(&resident.channel, NULL);
    serve(&resident);
    return 0;
}
