/*
 * launcher CONTROL EVENTS STDIN STDOUT STDERR [TERMINAL]: descriptor numbers, the last one of where a terminal's output
 * goes if not to the caller's. Everything else comes in the instruction.
 * launcher resident CHANNEL: one job after another, see resident.c.
 * launcher inside: the first process of a sandbox that another program has made, see maker.c.
 * launcher container: the first process of a container that an engine has made, see engine.c.
 * launcher gate: the same, where the engine's daemon has made it, see gate.c.
 * launcher input: the same, by a socket that is its standard input.
 * launcher guest: the first process of a kernel of the job's own, see guest-inside.c.
 */
#include "../shared/append.h"
#include "maker.h"

#include <linux/fcntl.h>
#include <linux/prctl.h>

enum { exit_usage = 64 };

static int parse_descriptor(const char *text)
{
    int number = 0;
    for (; *text >= '0' && *text <= '9' && number < 100000; text++)
        number = number * 10 + (*text - '0');
    return *text == '\0' ? number : -1;
}

/* Streams and mappings of owners; both take the host as it is before a namespace is entered. */
static long start(struct launch *launch, struct instruction *instruction, const int caller[3],
                  const struct pipes *pipes)
{
    long result = 0;
    if (has_option(instruction, option_terminal))
        result = prepare_terminal(&launch->streams->terminal, caller[0]);
    meter_streams(launch->streams, instruction);
    if (result < 0)
        return fail_early(launch, step_terminal, result, "");
    result = prepare_streams(launch->streams, caller, instruction);
    if (result < 0)
        return fail_early(launch, step_standard_streams, result, "");
    if (has_engine(instruction))
        result = kernel_call(__NR_prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    if (result >= 0)
        result = prepare_maker(launch);
    if (result >= 0 && has_daemon(instruction))
        result = prepare_put_away(launch);
    if (result < 0)
        return fail_early(launch, step_maker, result, "");
    result = prepare_owner_namespaces(instruction);
    if (result < 0)
        return fail_early(launch, step_idmap_namespace, result, "");
    result = prepare_layer(launch);
    if (result < 0)
        return fail_early(launch, step_overlay, result, "");
    char subject[number_capacity];
    if (instruction->published_count > 0)
        result = take_ports(launch, subject);
    if (result < 0)
        return fail_early(launch, step_publish, result, subject);
    if (instruction->listener_count + instruction->published_count > 0)
        result = start_courier(launch);
    if (result < 0)
        return fail_early(launch, step_proxy, result, "");
    return start_first_process(launch, pipes);
}

static void block_signals(void)
{
    const uint64_t all = ~0ULL;
    kernel_call(__NR_rt_sigprocmask, 0 /* SIG_BLOCK */, &all, NULL, sizeof all);
}

enum { limit_processes = 6 /* RLIMIT_NPROC */, left_to_cupel_max = 32, left_to_cupel_share = 4 };

/*
 * A job that starts processes until it is refused must not keep cupel, beside it under the same user, from telling of
 * it: the runtime that cupel is built on ends where it cannot start a thread. A user namespace keeps what was in force
 * where it was made (Linux 5.14, user_namespaces(7)), so this is done before there is one, and the hard limit with it.
 * What cannot be read or lowered stays as it was: this protects cupel, not what the job was promised.
 */
static void leave_processes_to_cupel(void)
{
    uint64_t limit[2];
    if (kernel_call(__NR_prlimit64, 0, limit_processes, NULL, limit) < 0 || limit[0] == ~0ULL)
        return;
    const uint64_t share = limit[0] / left_to_cupel_share;
    limit[0] -= share < left_to_cupel_max ? share : left_to_cupel_max;
    limit[1] = limit[0];
    kernel_call(__NR_prlimit64, 0, limit_processes, limit, NULL);
}

static struct instruction instruction;
static struct streams streams;
static struct courier courier;
static struct layer layer;

/*
 * A job can be this very program (/proc/self/exe, also behind "#!"), and what it then started could reach the host's
 * file that it was started from. But a job has 0, 1 and 2 and nothing else: from those this program takes no orders.
 */
static bool may_give_orders(int descriptor)
{
    return descriptor > 2;
}

int program(int argument_count, char **arguments, char **environment)
{
    (void)environment;
    /* A terminal's Ctrl-C reaches the whole foreground group; what to do about it is for cupel to say. */
    block_signals();
    /* What is made for a job has the mode that it is made with, whatever the caller lets nobody else see. */
    kernel_call(__NR_umask, 0);
    kernel_call(__NR_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0);
    kernel_call(__NR_close_range, 3, descriptors_end, 4 /* CLOSE_RANGE_CLOEXEC */);
    if (argument_count == 2 && strcmp(arguments[1], "inside") == 0)
        return start_inside(arguments);
    if (argument_count == 2 && strcmp(arguments[1], "container") == 0)
        return start_in_container(arguments);
    if (argument_count == 2 && strcmp(arguments[1], "gate") == 0)
        return start_behind_gate(arguments);
    if (argument_count == 2 && strcmp(arguments[1], "input") == 0)
        return start_by_input(arguments);
    if (argument_count == 2 && strcmp(arguments[1], "guest") == 0)
        return start_guest_inside(arguments);
    leave_processes_to_cupel();

    if (argument_count == 3 && strcmp(arguments[1], "resident") == 0 && may_give_orders(parse_descriptor(arguments[2])))
        return reside(parse_descriptor(arguments[2]), arguments);
    if (argument_count < 6 || argument_count > 7 || !may_give_orders(parse_descriptor(arguments[1])))
        return exit_usage;
    int descriptors[5];
    for (int index = 0; index < 5; index++)
        descriptors[index] = parse_descriptor(arguments[index + 1]);
    struct pipes pipes;
    if (make_pipes(&pipes) < 0)
        return 1;
    clear_streams(&streams);
    clear_courier(&courier);
    if (argument_count == 7)
        streams.terminal.output = parse_descriptor(arguments[6]);
    clear_layer(&layer);
    struct launch launch = new_launch(&instruction, &streams, &courier, arguments);
    launch.layer = &layer;
    launch.control = descriptors[0];
    launch.events = descriptors[1];
    launch.report_descriptor = pipes.report[1];
    launch.command_descriptor = pipes.command[0];
    const long read = read_instruction(descriptors[0], &instruction);
    launch.began_us = monotonic_us();
    const long first = read < 0 ? fail_early(&launch, step_instruction, read, "")
                                : start(&launch, &instruction, descriptors + 2, &pipes);
    if (first < 0)
        return 1;
    leave_to_first_process(&launch, &pipes);
    supervise(&(struct supervised){
        .launch = &launch,
        .channel = {.descriptor = descriptors[1]},
        .control = descriptors[0],
        .first_pid = first,
        .report = pipes.report[0],
        .command = pipes.command[1],
    });
    return 0;
}
