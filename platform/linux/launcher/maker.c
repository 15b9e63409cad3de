/*
 * Where another program makes the sandbox (bubblewrap, say), the launcher starts that one in the place of its first
 * process, and it starts this very program again, inside, which is the first process from then on. What leads in and
 * out are descriptors at numbers that both know; both sides read the same instruction.
 */
#include "maker.h"

#include <asm/stat.h>
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
    return kernel_call(__NR_memfd_create, "cupel", MFD_CLOEXEC | MFD_ALLOW_SEALING);
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
    /* Nobody who holds it, or opens it in /proc, changes what another reads. */
    must(launch,
         kernel_call(__NR_fcntl, descriptor, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE),
         "memfd");
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

static struct knowledge own_knowledge;

struct given {
    int streams[3];
    int command, instruction, errors, terminal, listeners, program, knowledge, joining, nothing;
    int inputs[maker_inputs_max];
};

/*
 * Kept across the execution, unlike all others. An engine passes on every number up to the last one that it is told of,
 * and refuses to where one is missing.
 */
static void give(const struct launch *launch, const struct given *given, int descriptor, int number)
{
    const int filler = has_engine(launch->instruction) ? given->nothing : -1;
    const int present = descriptor < 0 ? filler : descriptor;
    if (present >= 0)
        must(launch, kernel_call(__NR_dup3, present, number, 0), "descriptor");
}

static struct identity identity_of(const struct launch *launch, int descriptor, const char *path)
{
    struct stat status;
    must(launch, kernel_call(__NR_fstat, descriptor, &status), path);
    return (struct identity){.device = status.st_dev, .inode = status.st_ino};
}

static void collect_inputs(const struct launch *launch, struct given *given, struct knowledge *knowledge)
{
    const struct instruction *instruction = launch->instruction;
    for (size_t index = 0; index < instruction->maker_input_count; index++) {
        const struct maker_input *input = &instruction->maker_inputs[index];
        given->inputs[index] = move(launch, input->path == NULL ? hold_content(launch, input->content, input->length)
                                                                : open_maker_source(launch, input->path));
        if (input->path != NULL)
            knowledge->inputs[index] = identity_of(launch, given->inputs[index], input->path);
    }
}

static void collect(const struct launch *launch, struct given *given, struct knowledge *knowledge)
{
    const struct instruction *instruction = launch->instruction;
    for (int index = 0; index < 3; index++)
        given->streams[index] = move(launch, launch->streams->job[index]);
    given->command = move(launch, launch->command_descriptor);
    given->errors = move(launch, launch->maker_errors);
    given->terminal = move(launch, launch->streams->terminal.channel[1]);
    given->listeners = move(launch, launch->courier->channel[1]);
    /* An engine's processes would hold it, secrets and all, for as long as the job runs: see engine.c. */
    given->instruction =
        has_engine(instruction) ? -1 : move(launch, hold_content(launch, instruction->bytes, instruction->length));
    /* The very file that runs here: whatever lies at its path by now. */
    given->program = move(launch, (int)kernel_call(__NR_openat, AT_FDCWD, "/proc/self/exe", O_RDONLY | O_CLOEXEC, 0));
    given->nothing = move(launch, (int)kernel_call(__NR_openat, AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC, 0));
    given->joining = move(launch, launch->joining);
    const struct terminal *terminal = &launch->streams->terminal;
    knowledge->began_us = launch->began_us;
    knowledge->settings = terminal->settings;
    knowledge->size = terminal->size;
    for (int index = 0; index < 3; index++)
        knowledge->is_terminal[index] = launch->streams->job[index] < 0;
    collect_inputs(launch, given, knowledge);
    given->knowledge = move(launch, hold_content(launch, knowledge, sizeof *knowledge));
}

static void hand_over(const struct launch *launch, const struct given *given)
{
    give(launch, given, given->nothing, 0);
    give(launch, given, given->nothing, 1);
    give(launch, given, given->errors, 2);
    give(launch, given, launch->report_descriptor, maker_report);
    give(launch, given, given->command, maker_command);
    give(launch, given, given->instruction, maker_instruction);
    for (int index = 0; index < 3; index++)
        give(launch, given, given->streams[index], maker_input + index);
    give(launch, given, given->terminal, maker_terminal);
    give(launch, given, given->listeners, maker_listeners);
    give(launch, given, given->program, maker_program);
    give(launch, given, given->knowledge, maker_knowledge);
    give(launch, given, given->joining, maker_joining);
    /* An engine passes on no more, and finds what it is to show by its path. */
    if (has_engine(launch->instruction))
        return;
    for (size_t index = 0; index < launch->instruction->maker_input_count; index++)
        give(launch, given, given->inputs[index], maker_first_input + (int)index);
}

/* For whoever passes it on by a message. Where there is nothing, and where what is there comes later, it is nothing. */
void list_given(const struct launch *launch, int list[given_count], struct knowledge *knowledge)
{
    struct given given;
    collect(launch, &given, knowledge);
    const int all[given_count] = {
        move(launch, launch->report_descriptor),
        given.command,
        -1,
        given.streams[0],
        given.streams[1],
        given.streams[2],
        given.terminal,
        given.listeners,
        -1,
        given.knowledge,
    };
    for (int index = 0; index < given_count; index++)
        list[index] = all[index] < 0 ? given.nothing : all[index];
    close_descriptor(given.program);
    close_descriptor(given.errors);
    for (size_t index = 0; index < launch->instruction->maker_input_count; index++)
        close_descriptor(given.inputs[index]);
}

/*
 * In the place of the first process, and in its control groups, so that all of the maker's own is counted with the job.
 * An engine is in neither: what it needs for itself would be more than many a job is allowed.
 */
__attribute__((noreturn)) void become_maker(struct launch *launch)
{
    const struct instruction *instruction = launch->instruction;
    struct given given;
    const bool is_engine = has_engine(instruction);
    if (!is_engine)
        join_control_groups(launch);
    if (has_option(instruction, option_fresh_identity)) {
        /* While they lie at the numbers by which they are known. */
        give_streams(launch->streams, instruction->outside_uid, instruction->outside_gid);
        prepare_maker_sources(launch);
    }
    collect(launch, &given, &own_knowledge);
    launch->report_descriptor = move(launch, launch->report_descriptor);
    hand_over(launch, &given);
    /* Before the maker makes a user namespace: it maps the ids that it has, and a job of root's must not be root's. An
     * engine is told which ids to map, and only root may map them. */
    if (has_option(instruction, option_fresh_identity) && !is_engine)
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

/* The client of a daemon, which passes nothing on: it has its errors, and is nothing of the job's. */
__attribute__((noreturn)) void call_maker(const struct launch *launch, char *const *words)
{
    const long nothing = kernel_call(__NR_openat, AT_FDCWD, "/dev/null", O_RDWR | O_CLOEXEC, 0);
    must(launch, nothing, "/dev/null");
    must(launch, kernel_call(__NR_dup3, launch->joining >= 0 ? launch->joining : nothing, 0, 0), "descriptor");
    must(launch, kernel_call(__NR_dup3, nothing, 1, 0), "descriptor");
    must(launch, kernel_call(__NR_dup3, launch->maker_errors >= 0 ? launch->maker_errors : nothing, 2, 0),
         "descriptor");
    kernel_call(__NR_setsid);
    kernel_call(__NR_prctl, PR_SET_PDEATHSIG, signal_kill, 0, 0, 0);
    leave_signals();
    fail_launch(launch, step_maker, kernel_call(__NR_execve, words[0], words, launch->instruction->maker_environment),
                words[0]);
}

static void take_up_knowledge(struct launch *launch, struct knowledge *knowledge)
{
    struct streams *to = launch->streams;
    const long count = kernel_call(__NR_read, maker_knowledge, knowledge, sizeof *knowledge);
    must(launch, count == (long)sizeof *knowledge ? 0 : -EBADMSG, "knowledge");
    launch->began_us = knowledge->began_us;
    if (!has_option(launch->instruction, option_terminal))
        return;
    to->terminal.settings = knowledge->settings;
    to->terminal.size = knowledge->size;
    to->terminal.channel[1] = maker_terminal;
    for (int index = 0; index < 3; index++)
        to->is_terminal[index] = knowledge->is_terminal[index];
}

static struct instruction instruction;
static struct streams streams;
static struct courier courier;

/* Without a PID namespace of its own this process could not keep what the plan says of the job's end. */
static int start(struct launch *launch, int descriptor)
{
    if (read_instruction(descriptor, &instruction) < 0)
        return exit_usage;
    if ((instruction.namespaces & CLONE_NEWPID) != 0 && kernel_call(__NR_getpid) != 1)
        fail_launch(launch, step_maker, -ECHILD, "not the first process of a PID namespace");
    for (int index = 0; index < 3; index++)
        streams.job[index] = maker_input + index;
    take_up_knowledge(launch, &own_knowledge);
    if (joins_by_input(&instruction))
        enter_unit(launch);
    if (launch->joining >= 0)
        enter_container(launch, &own_knowledge);
    /* What was not given at a number of ours may be something else by then, and not ours to close. */
    if (instruction.listener_count > 0 || instruction.published_count > 0)
        courier.channel[1] = maker_listeners;
    first_process(launch);
}

static struct launch made_launch(char **words)
{
    clear_streams(&streams);
    clear_courier(&courier);
    struct launch launch = new_launch(&instruction, &streams, &courier, words);
    launch.report_descriptor = maker_report;
    launch.command_descriptor = maker_command;
    launch.is_made = true;
    return launch;
}

/* In what the maker made. Whoever has no instruction at its number was not started by it, and gets nothing. */
int start_inside(char **words)
{
    struct launch launch = made_launch(words);
    return start(&launch, maker_instruction);
}

/* The same, where a daemon made it: everything comes from the keeper. */
static int start_by_daemon(char **words, bool (*come)(void))
{
    struct launch launch = made_launch(words);
    static const char alone[] = "cupel's launcher is not the first process of a container\n";
    static const char nobody[] = "cupel's launcher finds nobody who gives it anything\n";
    if (kernel_call(__NR_getpid) != 1) {
        kernel_call(__NR_write, 2, alone, sizeof alone - 1);
        return exit_usage;
    }
    if (!come()) {
        kernel_call(__NR_write, 2, nobody, sizeof nobody - 1);
        return exit_usage;
    }
    launch.joining = maker_joining;
    return start(&launch, maker_instruction);
}

int start_behind_gate(char **words)
{
    return start_by_daemon(words, come_through_gate);
}

int start_by_input(char **words)
{
    return start_by_daemon(words, come_by_input);
}

/* In what an engine made: what is to be done there comes from the keeper, once that has put this process into place. */
int start_in_container(char **words)
{
    struct launch launch = made_launch(words);
    if (kernel_call(__NR_getpid) != 1)
        fail_launch(&launch, step_maker, -ECHILD, "not the first process of a PID namespace");
    launch.joining = maker_joining;
    return start(&launch, receive_instruction());
}
