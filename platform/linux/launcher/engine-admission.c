/*
 * The first process of an engine's container, outside: it is put into the job's control groups, and handed what it is
 * to do and to have.
 */
#include "maker.h"
#include "../shared/append.h"
#include "keeper.h"

/* What the launcher saw of the inputs, whose container is arranged here. */
static struct knowledge known;

/* Called by root, the job's streams are to be its own: while they lie at the numbers by which they are known. */
struct keeper await_at_gate(struct launch *launch)
{
    const struct instruction *instruction = launch->instruction;
    struct keeper keeper = {.launch = launch, .client = -1, .joining = -1, .first = -1, .gate = -1};
    if (!joins_by_input(instruction))
        keeper.gate = open_gate(launch);
    if (has_option(instruction, option_fresh_identity))
        give_streams(launch->streams, instruction->outside_uid, instruction->outside_gid);
    list_given(launch, keeper.given, &known);
    /* Only now: what is listed is held twice. */
    if (joins_by_input(instruction))
        keeper.joining = open_joining(launch);
    return keeper;
}

/* The number of whoever wrote first, as this PID namespace has it; 0 where nobody is left who could. */
static long receive_number(int channel)
{
    char byte;
    struct vector vector = {.base = &byte, .length = 1};
    struct {
        size_t length;
        int level, type;
        int32_t pid;
        uint32_t uid, gid;
    } control = {0};
    struct message message = {
        .vectors = &vector, .vector_count = 1, .control = &control, .control_length = sizeof control};
    long count;
    do
        count = kernel_call(__NR_recvmsg, channel, &message, 0);
    while (count == -EINTR);
    return count == 1 && control.level == level_socket && control.type == credentials ? control.pid : 0;
}

/* "tasks" takes the one thread that it has, "cgroup.procs" all of them: see control-group.c. */
static void put_into_groups(struct keeper *keeper, long pid)
{
    const struct launch *launch = keeper->launch;
    char text[24];
    const char *end = append_number(text, (uint64_t)pid, 10);
    for (size_t index = 0; index < launch->instruction->control_group_count; index++) {
        const long written = kernel_call(__NR_write, launch->control_group_descriptors[index], text, end - text);
        if (written >= 0)
            continue;
        fail_keeping(keeper, step_control_group, written, launch->instruction->control_groups[index]);
        return;
    }
}

/* Called by root, what is shown belongs to whom the plan says, before anything runs there. */
static void pass_through_gate(struct keeper *keeper, long pid, int instruction)
{
    if (arrange_container(keeper->launch, &known, pid) != 0)
        keeper->is_to_end = true;
    if (keeper->is_to_end)
        return;
    keeper->given[maker_instruction - maker_report] = instruction;
    const long sent = send_descriptors(keeper->joining, keeper->given, given_count);
    if (sent < 0)
        fail_keeping(keeper, step_maker, sent, "descriptors");
}

/*
 * What it is to do it learns only here: at a number of its own the engine's processes would have it as well, which
 * anybody of the same user can look into, and it holds secrets. From then on it reports itself, and its own end tells
 * of that.
 */
static void hand_over_to(struct keeper *keeper, long pid)
{
    struct launch *launch = keeper->launch;
    const int instruction = hold_content(launch, launch->instruction->bytes, launch->instruction->length);
    keeper->is_admitted = true;
    /* Before Linux 5.3 there is none, and the engine's client, which waits for it, tells of its end. */
    keeper->first = (int)kernel_call(__NR_pidfd_open, pid, 0);
    put_into_groups(keeper, pid);
    if (has_daemon(launch->instruction))
        pass_through_gate(keeper, pid, instruction);
    else if (!keeper->is_to_end)
        send_descriptors(keeper->joining, &instruction, 1);
    close_descriptor(instruction);
}

void leave_reports(struct launch *launch)
{
    close_descriptor(launch->report_descriptor);
    launch->report_descriptor = -1;
}

void leave_given(struct keeper *keeper)
{
    if (!has_daemon(keeper->launch->instruction))
        return;
    if (keeper->gate >= 0)
        close_gate(keeper->launch, keeper->gate);
    keeper->gate = -1;
    for (int index = 0; index < given_count; index++) {
        close_descriptor(keeper->given[index]);
        keeper->given[index] = -1;
    }
}

/* Whoever comes and is not the first process of a container with the job's ids is sent away, and the next one waited
 * for. */
bool admit_first_process(struct keeper *keeper)
{
    static const char others[] = "the daemon gives its containers other ids than those that it is told of";
    long pid = 0;
    if (keeper->gate < 0) {
        pid = receive_number(keeper->joining);
        /* A daemon's whom it started may have ended by now, and its number be another's. */
        if (pid > 0 && has_daemon(keeper->launch->instruction) && !is_first_below(pid))
            fail_keeping(keeper, step_maker, -ESRCH, "the first process of the sandbox");
    } else {
        const long joining = admit_at_gate(keeper->launch, keeper->gate, &pid);
        if (joining == -EPERM)
            fail_keeping(keeper, step_maker, joining, others);
        if (joining < 0)
            return false;
        keeper->joining = (int)joining;
    }
    if (pid > 0 && !keeper->is_to_end)
        hand_over_to(keeper, pid);
    leave_given(keeper);
    leave_reports(keeper->launch);
    return true;
}
