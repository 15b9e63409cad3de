/* From an instruction to a first process in its namespaces. What fails by then is told the same way as its own
 * failures. */
#include "maker.h"

#include <linux/fcntl.h>
#include <linux/sched.h>

enum { signal_child = 17 };

/* Their ends: reports come from the first process, commands go to it. Whoever holds the other end sees its death. */
long make_pipes(struct pipes *pipes)
{
    const long result = kernel_call(__NR_pipe2, pipes->report, O_CLOEXEC);
    if (result < 0)
        return result;
    const long second = kernel_call(__NR_pipe2, pipes->command, O_CLOEXEC);
    if (second >= 0)
        return 0;
    close_descriptor(pipes->report[0]);
    close_descriptor(pipes->report[1]);
    return second;
}

static void forget_groups(struct launch *launch)
{
    for (size_t index = 0; index < control_groups_max; index++) {
        close_descriptor(launch->control_group_descriptors[index]);
        launch->control_group_descriptors[index] = -1;
    }
}

/* Born in its control group: 0 in the child, which then has no group left to join; -1 where that cannot be had. */
static long clone_into_group(struct launch *launch, uint64_t flags)
{
    const long group = open_own_group(launch);
    if (group < 0)
        return -1;
    const struct clone_args arguments = {
        .flags = flags | CLONE_INTO_CGROUP, .exit_signal = signal_child, .cgroup = (uint64_t)group};
    const long result = kernel_call(__NR_clone3, &arguments, CLONE_ARGS_SIZE_VER2);
    close_descriptor((int)group);
    if (result == 0)
        forget_groups(launch);
    /* Whatever the reason, joining by hand will work or say what is wrong. */
    return result < 0 ? -1 : result;
}

static long clone_first_process(struct launch *launch)
{
    const struct instruction *instruction = launch->instruction;
    uint64_t flags = instruction->namespaces & ~((uint64_t)CLONE_NEWCGROUP | launch->prepared_namespaces);
    /* They are for the maker to make. */
    if (has_maker(instruction))
        flags = 0;
    /* Root builds with root's rights, in namespaces that the job's user does not own, and enters its own at the end. */
    if (has_option(instruction, option_fresh_identity))
        flags &= ~(uint64_t)CLONE_NEWUSER;
    /* What keeps an engine is not the job's, nor is the engine: what it starts joins later. */
    const long born = has_engine(instruction) ? -1 : clone_into_group(launch, flags);
    if (born >= 0)
        return born;
    const struct clone_args arguments = {.flags = flags, .exit_signal = signal_child};
    const long result = kernel_call(__NR_clone3, &arguments, CLONE_ARGS_SIZE_VER0);
    /* Container engines answer ENOSYS to clone3 because a filter cannot see its flags; clone(2) can do the same. */
    return result == -ENOSYS ? kernel_call(__NR_clone, flags | signal_child, 0, 0, 0, 0) : result;
}

/* Told by a child, through the pipe, like any failure of the first process: supervise() knows but one way. */
long fail_early(const struct launch *launch, int step, long error, const char *subject)
{
    const long pid = fork_process();
    if (pid == 0)
        fail_launch(launch, step, error, subject);
    return pid;
}

/* The streams are prepared; gives the first process's number, or a negative errno where there is not even a child. */
long start_first_process(struct launch *launch, const struct pipes *pipes)
{
    long opened = open_control_groups(launch);
    if (opened >= 0 && launch->instruction->cpu_ms > 0)
        opened = open_cpu_time(launch);
    long result = opened < 0 ? fail_early(launch, step_control_group, opened, "") : clone_first_process(launch);
    if (opened >= 0 && result < 0)
        result = fail_early(launch, step_clone, result, "");
    if (opened >= 0 && result == 0) {
        /* The other ends: held here they would hide the launcher's death from us, and ours from it. */
        close_descriptor(pipes->report[0]);
        close_descriptor(pipes->command[1]);
        if (has_engine(launch->instruction))
            keep_engine(launch);
        if (has_maker(launch->instruction))
            become_maker(launch);
        first_process(launch);
    }
    return result;
}

/* What belongs to the first process, or to whatever told of the failure to make one, is closed here. */
void leave_to_first_process(struct launch *launch, const struct pipes *pipes)
{
    forget_groups(launch);
    close_descriptor(pipes->report[1]);
    close_descriptor(pipes->command[0]);
    close_job_ends(launch->streams);
    leave_listeners(launch->courier);
    leave_layer(launch->layer);
}
