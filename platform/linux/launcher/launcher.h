/*
 * The launcher: builds a sandbox from an instruction, runs one job in it, and tells what became of it.
 *
 *   cupel ──instruction, signals──▶ launcher ──▶ first process (PID 1 of the job's namespace) ──▶ job
 *         ◀──────events────────────          ◀──reports──
 *
 * The launcher stays outside: it holds the caller's standard streams, the deadline and the way to kill. The first
 * process builds the sandbox, enters it for good, reaps, and ends everything by ending. Whichever of the three above
 * the job dies, the ones below it end: each watches a pipe that only the one above holds, in turn with its other work.
 *
 * A resident launcher does the same for one job after another, each in namespaces of its own: what all of them see
 * alike it has mounted once, in a small mount namespace that each job's is a copy of. It ends with the process that
 * started it (PR_SET_PDEATHSIG), and at the end of its channel once it reads from it again.
 */
#ifndef CUPEL_LAUNCHER_H
#define CUPEL_LAUNCHER_H

#include "instruction.h"

#include <asm/termios.h>
#include <linux/time_types.h>

/* What the first process tells the launcher; smaller than PIPE_BUF, so each arrives whole (pipe(7)). */
enum report_kind {
    report_failed = 1,
    report_ready,
    report_started,
    report_exec_failed,
    report_setup_ended,
    report_ended,
    /* Only ever from a kernel of the job's own, and not for the launcher. */
    report_entered
};

enum { namespace_kinds = 7, subject_bytes = 512 };

struct report {
    int32_t kind;
    int32_t step;
    int32_t error;
    /* As wait4(2) gives it. */
    int32_t status;
    int64_t pid;
    int64_t wall_us, user_us, system_us, max_rss_bytes;
    /* Of 512 bytes (getrusage(2)). */
    int64_t read_blocks, written_blocks;
    uint64_t namespaces[namespace_kinds];
    int64_t setup_us;
    /* The host's root lies below the job's, which covers it. */
    bool is_covering;
    /* Of the job's own file system at `subject`, which is full. */
    uint64_t full_bytes, free_bytes, files, free_files;
    char subject[subject_bytes];
};

/* The job's own terminal, where it has one, and the caller's; -1 where there is none (yet). */
struct terminal {
    bool is_wanted;
    /* The job has ended. */
    bool is_over;
    /* The one that the job's is relayed to, and how it was. */
    int caller;
    /* Where what the job writes on its own goes, if that is not the caller's. */
    int output;
    struct termios settings;
    struct termios raw;
    struct winsize size;
    /* The way by which both ends come out of the sandbox. */
    int channel[2];
    int master, slave;
    /* A pipe that the launcher alone can write to. A byte says that the job is over; its end, that the launcher is. */
    int life[2];
};

/* Relays of the three standard streams, and of what the job writes on its own terminal. */
enum { terminal_output = 3, relay_count = 4 };

/* What the job wrote, in memory that the launcher shares with the relays of the outputs. */
struct traffic {
    /* By stream; written by its relay alone. */
    uint64_t bytes[relay_count], passed_bytes[relay_count];
    /* By all together, for the cap. */
    uint64_t total_bytes;
    uint64_t bytes_max;
    /* When there was output last, in monotonic milliseconds; kept only where a cap is on the time without. */
    int64_t last_ms;
    bool is_timed;
    /* By stream: its relay is writing. */
    bool is_waiting[relay_count];
};

struct streams {
    /* What the job gets as 0, 1 and 2. */
    int job[3];
    /* Whether that is the job's own terminal. */
    bool is_terminal[3];
    struct terminal terminal;
    /* The launcher's end and the caller's, for each stream that is relayed; -1 where the job has the caller's own. */
    int near[3];
    int caller[3];
    /* Whether job[] was made here, and is not the caller's own. */
    bool is_ours[3];
    long relay_pids[relay_count];
    /* The errno with which a relay gave up before the end; 0 where none did. */
    int lost[relay_count];
    /* NULL until the job has started. */
    struct traffic *traffic;
    /* Outputs are relayed even where the job could have the caller's own: something is to be counted. */
    bool is_metered;
    /* An eventfd(2) that a relay makes readable when there is more output than may be; -1 where that ends no job. */
    int excess;
    /* Ends from which a resident launcher reads a job's output itself; -1 elsewhere. The first is not used. */
    int captured[3];
    /* What came out of them, all of it, and how much of each is passed on. */
    uint64_t captured_bytes[3];
    uint64_t capture_bytes_max;
};

/* See courier.c; -1 where there is none, and a number of 0. The channel's other end is the first process's. */
struct courier {
    /* Through which sockets come out of the sandbox: the courier's end, and the first process's. */
    int channel[2];
    /* The courier's end, and the launcher's: a byte says that the job has ended, its own end that the courier has. */
    int life[2];
    long pid;
    /* Of each published port what listens outside, until the courier has it, and which port that came to. */
    int outside[published_max];
    uint16_t ports[published_max];
};

/* See layer.c: the launcher's end (or the server's, see layer-server.c), and the first process's; -1 where there is
 * none. */
struct layer {
    int channel[2];
    /* 0 where there is none. */
    long server_pid;
};

/* Where cupel hears of a job: lines of JSON, from a resident launcher in frames, with the job's output between them. */
struct channel {
    int descriptor;
    bool is_framed;
};

/* A control group's directory is found below one of these; a root of its own hides all others from a resident. */
struct group_place {
    const char *path;
    int descriptor;
};

/* What the first process inherits from the launcher. */
struct launch {
    const struct instruction *instruction;
    /* When the instruction was there, in monotonic microseconds. */
    int64_t began_us;
    /* Where the kernel says how much CPU time the job's control group has used; open where that is capped. */
    int cpu_descriptor;
    struct streams *streams;
    struct courier *courier;
    struct layer *layer;
    /* Files to write to in order to join; -1 where the process was born in its group. */
    int control_group_descriptors[control_groups_max];
    struct group_place group_places[control_groups_max];
    size_t group_place_count;
    /* A resident's: there are no relays that wait for its start, and nobody to be told of it. */
    bool is_one_of_many;
    /* The root is there already, but for what is the job's own. */
    bool is_root_shared;
    /* A maker's sandbox is around this process already. */
    bool is_made;
    /* This process runs on a kernel of the job's own, which the launcher has started; see guest-inside.c. */
    bool is_guest;
    /* Holds what a maker wrote as its errors; -1 where there is none. */
    int maker_errors;
    /* Through which what an engine started joins the job's control groups, and learns of the end of its keeper; -1
     * where there is no engine. */
    int joining;
    /* What the keeper of a daemon's container says to the launcher: that it has put everything away. NULL where there
     * is none. */
    volatile bool *is_put_away;
    /* Namespaces that the first process is born in, fresh and with their set-up done. */
    uint64_t prepared_namespaces;
    int report_descriptor;
    int command_descriptor;
    /* Of the job's own process until it executes: the first process learns there that it has failed; else 0. */
    int failure_descriptor;
    /* The launcher's own words, which the job could read in /proc/1/cmdline. */
    char **words;
    /* The launcher's own channels to cupel. */
    int control;
    int events;
    /* /proc/self as the host has it, opened before a new root hides it; -1 where there is no /proc. */
    int own_process_descriptor;
};

/* It has a kernel of its own, which this process is not in. */
static inline bool starts_guest(const struct launch *launch)
{
    return launch->instruction->has_guest && !launch->is_guest;
}

/* launch.c */
struct launch new_launch(const struct instruction *instruction, struct streams *streams, struct courier *courier,
                         char **words);

/* clone.c */
struct pipes {
    int report[2];
    int command[2];
};
long make_pipes(struct pipes *pipes);
long fail_early(const struct launch *launch, int step, long error, const char *subject);
long start_first_process(struct launch *launch, const struct pipes *pipes);
void leave_to_first_process(struct launch *launch, const struct pipes *pipes);

/* control-group.c */
long open_control_groups(struct launch *launch);
void remove_control_groups(const struct launch *launch);
long open_own_group(const struct launch *launch);
long open_cpu_time(struct launch *launch);
void join_control_groups(const struct launch *launch);
int64_t read_cpu_time_ms(int descriptor);

/* resident.c */
int reside(int channel, char **words);

/* traffic.c */
void meter_streams(struct streams *streams, const struct instruction *instruction);
long share_traffic(struct streams *streams, const struct instruction *instruction, struct traffic *own);
long admit_output(struct traffic *traffic, int index, long count);
bool is_output_over(const struct traffic *traffic);
bool is_output_waiting(const struct traffic *traffic);
long pass_on(struct streams *streams, int index, int to, const unsigned char *bytes, long count);

/* streams.c */
void clear_streams(struct streams *streams);
void leave_callers_streams(struct streams *streams, int control, int events);
long prepare_streams(struct streams *streams, const int caller[3], const struct instruction *instruction);
void give_streams(const struct streams *streams, uint32_t uid, uint32_t gid);
void start_relays(struct streams *streams);
void close_job_ends(struct streams *streams);
long prepare_captured_streams(struct streams *streams);
void pass_captured(struct streams *streams, const struct channel *channel, int index);
bool reap_relay(struct streams *streams, int index);
void kill_relay(struct streams *streams, int index);
long write_to_reader(int descriptor, const unsigned char *bytes, long length);

/* terminal.c */
bool is_terminal(int descriptor);
void clear_terminal(struct terminal *terminal);
long prepare_terminal(struct terminal *terminal, int caller);
long make_terminal(struct streams *streams);
long take_terminal(const struct streams *streams);
long receive_terminal(struct terminal *terminal);

/* terminal-settings.c */
bool is_foreground(int terminal);
bool is_raw(const struct terminal *terminal, const struct termios *settings);
void restore_callers_terminal(const struct terminal *terminal);

/* terminal-input.c */
void start_terminal_input(struct streams *streams);

/* terminal-relay.c */
void keep_descriptors(int *kept, int count);
void start_terminal(struct streams *streams);
void suspend_terminal(struct streams *streams);
void resume_terminal(struct streams *streams);
bool end_terminal(struct streams *streams);
void leave_terminal(struct streams *streams);

/* owner.c */
long prepare_owner_namespaces(struct instruction *instruction);

/* first-process.c */
__attribute__((noreturn)) void first_process(struct launch *launch);
__attribute__((noreturn)) void report_guest_end(const struct launch *launch, const struct report *end);

/* sandbox.c: both report their own failures and do not return then. */
bool build_sandbox(const struct launch *launch);
__attribute__((noreturn)) void report_rehearsal(const struct launch *launch, bool is_covering);

/* job.c */
void leave_signals(void);
bool is_setup(const struct launch *launch, char **arguments);
long start_job(const struct launch *launch, char **arguments);

/* children.c */
bool end_children(void);
void end_other_children(const long *own, size_t count);
__attribute__((noreturn)) void leave_as(int status);

/* report.c */
void copy_subject(struct report *report, const char *subject);
void send_report(const struct launch *launch, const struct report *report);
__attribute__((noreturn)) void fail_launch(const struct launch *launch, int step, long error, const char *subject);

/* root.c: all report their own failures and do not return then. */
bool build_root(const struct launch *launch);
void build_shared_root(const struct launch *launch);
void build_own_part(const struct launch *launch);

/* content.c */
long make_contents(const struct instruction *instruction);
int leave_numbers_to_contents(const struct instruction *instruction, int descriptor);
long place_contents(const struct instruction *instruction);
long close_all_but(const struct instruction *instruction, int other);

/* network.c */
long bring_loopback_up(void);
long offer_listeners(const struct launch *launch);
bool offer_socket(int channel);

/* every-address.c */
bool is_direct(const struct instruction *instruction);
long lead_every_address_here(void);
long listen_at_every_address(uint16_t port);
long take_name_queries(void);

/* published-port.c */
long take_ports(const struct launch *launch, char *subject);
void tell_published(const struct channel *channel, const struct courier *courier, size_t count);

/* courier.c */
void clear_courier(struct courier *courier);
long start_courier(const struct launch *launch);
void leave_listeners(struct courier *courier);
int end_courier(struct courier *courier, bool is_patient);

/* layer.c */
void clear_layer(struct layer *layer);
const struct root_step *find_sized_layer(const struct instruction *instruction);
long prepare_layer(const struct launch *launch);
void leave_layer(struct layer *layer);
long offer_layer(const struct launch *launch, int tree);
long keep_layer(const struct launch *launch);

/* layer-server.c */
const struct root_step *find_served_layer(const struct instruction *instruction);
long start_layer_server(const struct launch *launch, const struct root_step *step);
long end_layer_server(struct layer *layer, bool is_patient);

/* landlock.c */
void prepare_landlock(const struct launch *launch);
void enter_landlock(const struct launch *launch);

/* granted-path.c */
long open_granted(const struct launch *launch, const char *path);

/* confinement.c */
static inline bool is_confined(const struct instruction *instruction)
{
    return instruction->path_rule_count > 0;
}
bool has_own_domain(void);
void enter_own_domain(const struct launch *launch);
void start_successor(const struct launch *launch);
void replace_successor(long ended);
void end_domain(void);

/* file-changes.c */
long offer_questions(int ends[2]);
void ask_about_changes(const struct launch *launch, int channel);
void take_questions(int channel);
int questions_descriptor(void);
void answer_question(const struct launch *launch);

/* privilege.c */
void map_own_ids(const struct launch *launch, uint32_t outside_uid, uint32_t outside_gid);
void take_outside_identity(const struct launch *launch);
void take_fresh_identity(const struct launch *launch);
void enter_user_namespace(const struct launch *launch);
void forbid_new_privileges(const struct launch *launch);
void load_filter(const struct launch *launch, const struct sock_fprog *filter);
void give_up_privileges(const struct launch *launch);

/* events.c */
void tell_failure(const struct channel *channel, const char *event, const struct report *report);
void tell_ready(const struct channel *channel, const struct report *report);
void tell_setup_end(const struct channel *channel, const struct report *report);
void tell_end(const struct channel *channel, const struct report *report);
void tell_number(const struct channel *channel, const char *event, const char *name, long long number);
void tell_numbers(const struct channel *channel, const char *event, const char *first, long long one,
                  const char *second, long long two);
void tell_maker_failure(const struct channel *channel, int status, const char *words);
void tell_suspended(const struct channel *channel);
void tell_streams(const struct channel *channel, const struct streams *streams);
void tell_residence(const struct channel *channel, const struct report *failure);
void tell_finished(const struct channel *channel, const struct streams *streams);
void send_frame(const struct channel *channel, uint32_t kind, const void *bytes, size_t length);

/* allowance.c */
struct allowance {
    const struct instruction *instruction;
    const struct streams *streams;
    int cpu_descriptor;
    /* Monotonic milliseconds. */
    int64_t began_ms, cpu_look_ms;
};
int64_t next_look_ms(const struct allowance *allowance);
bool is_used_up(struct allowance *allowance, const struct channel *channel);

/* supervise.c */
struct supervised {
    const struct launch *launch;
    struct channel channel;
    /* Signals for the job come from here; of a resident launcher's nothing but its end. */
    int control;
    bool is_control_quiet;
    long first_pid;
    int report;
    int command;
};
bool supervise(const struct supervised *supervised);

/* File types as in st_mode (inode(7)); a C library's headers and the kernel's both define S_IFMT, and then neither do.
 */
enum {
    type_mask = 0170000,
    type_fifo = 0010000,
    type_device = 0020000,
    type_directory = 0040000,
    type_file = 0100000,
    type_symlink = 0120000
};

static inline bool is_type(uint32_t mode, uint32_t type)
{
    return (mode & type_mask) == type;
}

static inline long set_hostname(const struct instruction *instruction)
{
    return kernel_call(__NR_sethostname, instruction->hostname, strlen(instruction->hostname));
}

/* Above every number that a descriptor can have, and no negative one where a kernel takes it for an int. */
enum { descriptors_end = 0x7fffffff };

/* The job's ids in the user namespace around the first process; a program that is a kernel has to be root there. */
static inline uint32_t mapped_uid(const struct launch *launch)
{
    return starts_guest(launch) ? 0 : launch->instruction->inside_uid;
}

static inline uint32_t mapped_gid(const struct launch *launch)
{
    return starts_guest(launch) ? 0 : launch->instruction->inside_gid;
}

/* Small things that several files do. */
static inline int64_t monotonic_us(void)
{
    struct __kernel_timespec time = {0};
    kernel_call(__NR_clock_gettime, 1 /* CLOCK_MONOTONIC */, &time);
    return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

static inline int64_t monotonic_ms(void)
{
    return monotonic_us() / 1000;
}

static inline void close_descriptor(int descriptor)
{
    if (descriptor >= 0)
        kernel_call(__NR_close, descriptor);
}

/* fork(2) without a library: no new stack, so both sides go on from here. */
static inline long fork_process(void)
{
    return kernel_call(__NR_clone, 17 /* SIGCHLD */, 0, 0, 0, 0);
}

#endif
