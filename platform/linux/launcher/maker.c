/*
 * Where another program makes the sandbox (bubblewrap, say), the launcher starts that one in the place of its first
 * process, and it starts this very program again, inside, which is the first process from then on. What leads in and
 * out are descriptors at numbers that both know; both sides read the same instruction.
 */
#include "launcher.h"

#include <linux/fcntl.h>
#include <linux/memfd.h>
#include <linux/prctl.h>
#include <linux/sched.h>

enum { exit_usage = 64, signal_kill = 9 };

static void must(const struct launch *launch, long result, const char *subject)
{
    if (result < 0)
        fail_launch(launch, step_maker, result, subject);
}

static long make_file(void)
{
    return kernel_call(__NR_memfd_create, "cupel", MFD_CLOEXEC);
}

/* In the launcher: what the maker says of its failures lands where the launcher can read it afterwards. */
long prepare_maker(struct launch *launch)
{
    if (!has_other_program(launch->instruction))
        return 0;
    const long errors = make_file();
    launch->maker_errors = (int)errors;
    return errors < 0 ? errors : 0;
}

int hold_content(const struct launch *launch, const void *content, size_t length)
{
    const long descriptor = make_file();
    must(launch, descriptor, "memfd_create");
    must(launch, write_to_reader((int)descriptor, content, (long)length), "memfd");
    must(launch, kernel_call(__NR_lseek, descriptor, 0, 0 /* SEEK_SET */), "memfd");
    return (int)descriptor;
}

/* Out of the way of the numbers that are given; -1 stays what it is. */
static int move(const struct launch *launch, int descriptor)
{
    if (descriptor < 0)
        return -1;
    /* Above all numbers that the maker is given; EINVAL where the limit on open files leaves no such number. */
    const long above = maker_first_input + (long)launch->instruction->maker_input_count;
    const long moved = kernel_call(__NR_fcntl, descriptor, F_DUPFD_CLOEXEC, above);
    must(launch, moved, "descriptors within RLIMIT_NOFILE");
    return (int)moved;
}

/* Kept across the execution, unlike all others. */
static void give(const struct launch *launch, int descriptor, int number)
{
    if (descriptor >= 0)
        must(launch, kernel_call(__NR_dup3, descriptor, number, 0), "descriptor");
}

/* What the launcher knows and the instruction does not say. */
struct knowledge {
    int64_t began_us;
    /* How the caller's terminal is, and so the job's. */
    struct termios settings;
    struct winsize size;
};

struct given {
    int streams[3];
    int command, instruction, errors, terminal, listeners, program, knowledge, nothing;
    int inputs[maker_inputs_max];
};

static void collect(const struct launch *launch, struct given *given)
{
    const struct instruction *instruction = launch->instruction;
    for (int index = 0; index < 3; index++)
        given->streams[index] = move(launch, launch->streams->job[index]);
    given->command = move(launch, launch->command_descriptor);
    given->errors = move(launch, launch->maker_errors);
    given->terminal = move(launch, launch->streams->terminal.channel[1]);
    given->listeners = move(launch, launch->courier->channel[1]);
    given->instruction = move(launch, hold_content(launch, instruction->bytes, instruction->length));
    /* The very file that runs here: whatever lies at its path by now. */
    given->program = move(launch, (int)kernel_call(__NR_openat, AT_FDCWD, "/proc/self/exe", O_RDONLY | O_CLOEXEC, 0));
    given->nothing = move(launch, (int)kernel_call(__NR_openat, AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC, 0));
    const struct terminal *terminal = &launch->streams->terminal;
    const struct knowledge knowledge = {
        .began_us = launch->began_us, .settings = terminal->settings, .size = terminal->size};
    given->knowledge = move(launch, hold_content(launch, &knowledge, sizeof knowledge));
    for (size_t index = 0; index < instruction->maker_input_count; index++) {
        const struct maker_input *input = &instruction->maker_inputs[index];
        given->inputs[index] = move(launch, input->path == NULL ? hold_content(launch, input->content, input->length)
                                                                : open_maker_source(launch, input->path));
    }
}

static void hand_over(const struct launch *launch, const struct given *given)
{
    give(launch, given->nothing, 0);
    give(launch, given->nothing, 1);
    give(launch, given->errors, 2);
    give(launch, launch->report_descriptor, maker_report);
    give(launch, given->command, maker_command);
    give(launch, given->instruction, maker_instruction);
    for (int index = 0; index < 3; index++)
        give(launch, given->streams[index], maker_input + index);
    give(launch, given->terminal, maker_terminal);
    give(launch, given->listeners, maker_listeners);
    give(launch, given->program, maker_program);
    give(launch, given->knowledge, maker_knowledge);
    for (size_t index = 0; index < launch->instruction->maker_input_count; index++)
        give(launch, given->inputs[index], maker_first_input + (int)index);
}

/* In the place of the first process, and in its control groups, so that all of the maker's own is counted with the job.
 */
__attribute__((noreturn)) void become_maker(struct launch *launch)
{
    const struct instruction *instruction = launch->instruction;
    struct given given;
    join_control_groups(launch);
    if (has_option(instruction, option_fresh_identity)) {
        /* While they lie at the numbers by which they are known. */
        give_streams(launch->streams, instruction->outside_uid, instruction->outside_gid);
        prepare_maker_sources(launch);
    }
    collect(launch, &given);
    launch->report_descriptor = move(launch, launch->report_descriptor);
    hand_over(launch, &given);
    /* Before the maker makes a user namespace: it maps the ids that it has, and a job of root's must not be root's. */
    if (has_option(instruction, option_fresh_identity))
        take_outside_identity(launch);
    /* Out of the caller's foreground group: what becomes of Ctrl-C is for cupel to say. */
    kernel_call(__NR_setsid);
    /* After the identity, with whose change it is forgotten. The launcher's death must be the maker's. */
    kernel_call(__NR_prctl, PR_SET_PDEATHSIG, signal_kill, 0, 0, 0);
    leave_signals();
    const char *path = instruction->maker_arguments[0];
    fail_launch(launch, step_maker,
                kernel_call(__NR_execve, path, instruction->maker_arguments, instruction->maker_environment), path);
}

static void take_up_knowledge(struct launch *launch)
{
    struct streams *to = launch->streams;
    struct knowledge knowledge;
    const long count = kernel_call(__NR_read, maker_knowledge, &knowledge, sizeof knowledge);
    must(launch, count == (long)sizeof knowledge ? 0 : -EBADMSG, "knowledge");
    launch->began_us = knowledge.began_us;
    if (!has_option(launch->instruction, option_terminal))
        return;
    to->terminal.settings = knowledge.settings;
    to->terminal.size = knowledge.size;
    to->terminal.channel[1] = maker_terminal;
    /* What was not given at its number is the terminal. */
    for (int index = 0; index < 3; index++)
        to->is_terminal[index] = kernel_call(__NR_fcntl, to->job[index], F_GETFD, 0) < 0;
}

static struct instruction instruction;
static struct streams streams;
static struct courier courier;

/*
 * In what the maker made. Whoever has no instruction at its number was not started by it, and gets nothing. Without a
 * PID namespace of its own this process could not keep what the plan says of the job's end.
 */
int start_inside(char **words)
{
    clear_streams(&streams);
    clear_courier(&courier);
    struct launch launch = new_launch(&instruction, &streams, &courier, words);
    launch.report_descriptor = maker_report;
    launch.command_descriptor = maker_command;
    launch.is_made = true;
    if (read_instruction(maker_instruction, &instruction) < 0)
        return exit_usage;
    if ((instruction.namespaces & CLONE_NEWPID) != 0 && kernel_call(__NR_getpid) != 1)
        fail_launch(&launch, step_maker, -ECHILD, "not the first process of a PID namespace");
    for (int index = 0; index < 3; index++)
        streams.job[index] = maker_input + index;
    take_up_knowledge(&launch);
    /* What was not given at a number of ours may be something else by then, and not ours to close. */
    if (instruction.listener_count > 0 || instruction.published_count > 0)
        courier.channel[1] = maker_listeners;
    first_process(&launch);
}
