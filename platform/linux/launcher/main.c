/* launcher CONTROL EVENTS STDIN STDOUT STDERR: five descriptor numbers. Everything else comes in the instruction. */
#include "launcher.h"

#include <linux/fcntl.h>
#include <linux/prctl.h>
#include <linux/sched.h>

enum { signal_child = 17, exit_usage = 64 };

static int parse_descriptor(const char *text)
{
    int number = 0;
    for (; *text >= '0' && *text <= '9' && number < 100000; text++)
        number = number * 10 + (*text - '0');
    return *text == '\0' ? number : -1;
}

/*
 * Reports of failures before there is a first process go the same way as its own: through the pipe, so that they are
 * told by one piece of code.
 */
struct pipes {
    int report[2];
    int command[2];
};

static long open_control_groups(struct launch *launch)
{
    const struct instruction *instruction = launch->instruction;
    for (size_t index = 0; index < instruction->control_group_count; index++) {
        const long directory =
            kernel_call(__NR_openat, AT_FDCWD, instruction->control_groups[index], O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
        if (directory < 0)
            return directory;
        const long file = kernel_call(__NR_openat, directory, "cgroup.procs", O_WRONLY | O_CLOEXEC, 0);
        close_descriptor((int)directory);
        if (file < 0)
            return file;
        launch->control_group_descriptors[index] = (int)file;
    }
    return 0;
}

static long clone_first_process(const struct instruction *instruction)
{
    uint64_t flags = instruction->namespaces & ~(uint64_t)CLONE_NEWCGROUP;
    /* Root builds with root's rights, in namespaces that the job's user does not own, and enters its own at the end. */
    if (has_option(instruction, option_fresh_identity))
        flags &= ~(uint64_t)CLONE_NEWUSER;
    const struct clone_args arguments = {.flags = flags, .exit_signal = signal_child};
    const long result = kernel_call(__NR_clone3, &arguments, CLONE_ARGS_SIZE_VER0);
    /* Container engines answer ENOSYS to clone3 because a filter cannot see its flags; clone(2) can do the same. */
    return result == -ENOSYS ? kernel_call(__NR_clone, flags | signal_child, 0, 0, 0, 0) : result;
}

/* Told by a child, through the pipe, like any failure of the first process: supervise() knows but one way. */
static long fail_early(const struct launch *launch, int step, long error, const char *subject)
{
    const long pid = fork_process();
    if (pid == 0)
        fail_launch(launch, step, error, subject);
    return pid;
}

static long start_first_process(struct launch *launch, struct instruction *instruction, const int caller[3],
                                const struct pipes *pipes)
{
    long result = 0;
    if (has_option(instruction, option_terminal))
        result = prepare_terminal(&launch->streams->terminal, caller[0]);
    if (result < 0)
        return fail_early(launch, step_terminal, result, "");
    result = prepare_streams(launch->streams, caller);
    if (result < 0)
        return fail_early(launch, step_standard_streams, result, "");
    result = open_control_groups(launch);
    if (result < 0)
        return fail_early(launch, step_control_group, result, "");
    result = prepare_owner_namespaces(instruction);
    if (result < 0)
        return fail_early(launch, step_idmap_namespace, result, "");
    result = clone_first_process(instruction);
    if (result < 0)
        return fail_early(launch, step_clone, result, "");
    if (result == 0) {
        /* The other ends: held here they would hide the launcher's death from us, and ours from it. */
        close_descriptor(pipes->report[0]);
        close_descriptor(pipes->command[1]);
        first_process(launch);
    }
    return result;
}

static void block_signals(void)
{
    const uint64_t all = ~0ULL;
    kernel_call(__NR_rt_sigprocmask, 0 /* SIG_BLOCK */, &all, NULL, sizeof all);
}

static struct instruction instruction;
static struct streams streams;

int program(int argument_count, char **arguments, char **environment)
{
    (void)environment;
    if (argument_count != 6)
        return exit_usage;
    int descriptors[5];
    for (int index = 0; index < 5; index++)
        descriptors[index] = parse_descriptor(arguments[index + 1]);
    /* A terminal's Ctrl-C reaches the whole foreground group; what to do about it is for cupel to say. */
    block_signals();
    kernel_call(__NR_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0);
    kernel_call(__NR_close_range, 3, ~0u, 4 /* CLOSE_RANGE_CLOEXEC */);

    struct pipes pipes;
    if (kernel_call(__NR_pipe2, pipes.report, O_CLOEXEC) < 0 || kernel_call(__NR_pipe2, pipes.command, O_CLOEXEC) < 0)
        return 1;
    clear_streams(&streams);
    struct launch launch = {
        .instruction = &instruction,
        .streams = &streams,
        .words = arguments,
        .control = descriptors[0],
        .events = descriptors[1],
        .report_descriptor = pipes.report[1],
        .command_descriptor = pipes.command[0],
    };
    for (size_t index = 0; index < control_groups_max; index++)
        launch.control_group_descriptors[index] = -1;
    const long read = read_instruction(descriptors[0], &instruction);
    const long first = read < 0 ? fail_early(&launch, step_instruction, read, "")
                                : start_first_process(&launch, &instruction, descriptors + 2, &pipes);
    if (first < 0)
        return 1;
    close_descriptor(pipes.report[1]);
    close_descriptor(pipes.command[0]);
    for (size_t index = 0; index < instruction.control_group_count; index++)
        close_descriptor(launch.control_group_descriptors[index]);
    close_job_ends(&streams);
    return supervise(&instruction, &streams, descriptors[0], descriptors[1], first, pipes.report[0], pipes.command[1]);
}
