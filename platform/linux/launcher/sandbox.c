/*
 * The sandbox around its first process: namespaces, root, identity, limits and filters, each while the one before still
 * leaves the right to it.
 */
#include "maker.h"

#include <linux/fcntl.h>
#include <linux/sched.h>

static void must(const struct launch *launch, long result, int step, const char *subject)
{
    if (result < 0)
        fail_launch(launch, step, result, subject);
}

static void set_resource_limits(const struct launch *launch)
{
    const struct instruction *instruction = launch->instruction;
    for (size_t index = 0; index < instruction->resource_limit_count; index++) {
        const struct resource_limit *limit = &instruction->resource_limits[index];
        uint64_t values[2];
        must(launch, kernel_call(__NR_prlimit64, 0, limit->resource, NULL, values), step_resource_limit, "getrlimit");
        /* A limit that is lower already keeps the promise too, and only root may raise it. */
        values[1] = limit->hard < values[1] ? limit->hard : values[1];
        values[0] = limit->soft < values[1] ? limit->soft : values[1];
        must(launch, kernel_call(__NR_prlimit64, 0, limit->resource, values, NULL), step_resource_limit, "setrlimit");
    }
}

/* The namespaces and the root; true where the host's root stays below the new one. */
static bool enter_sandbox(const struct launch *launch)
{
    const struct instruction *instruction = launch->instruction;
    const uint64_t namespaces = instruction->namespaces;
    const bool fresh = has_option(instruction, option_fresh_identity);
    join_control_groups(launch);
    if ((namespaces & CLONE_NEWUSER) != 0 && !fresh)
        map_own_ids(launch, instruction->outside_uid, instruction->outside_gid);
    /* Only now is this process in its own cgroup, which becomes the root of what the job sees. */
    if ((namespaces & CLONE_NEWCGROUP) != 0)
        must(launch, kernel_call(__NR_unshare, CLONE_NEWCGROUP), step_cgroup_namespace, "");
    bool is_covering = false;
    if (launch->is_root_shared)
        build_own_part(launch);
    else if (instruction->root_count > 0)
        is_covering = build_root(launch);
    const uint64_t prepared = launch->prepared_namespaces;
    if (instruction->hostname != NULL && (prepared & CLONE_NEWUTS) == 0)
        must(launch, set_hostname(instruction), step_hostname, instruction->hostname);
    if (has_option(instruction, option_loopback_up) && (prepared & CLONE_NEWNET) == 0)
        must(launch, bring_loopback_up(), step_loopback, "lo");
    return is_covering;
}

/* What systemd makes no namespace of, or none with a name of the job's own. */
static void enter_missing_namespaces(const struct launch *launch)
{
    const struct instruction *instruction = launch->instruction;
    const uint64_t namespaces = instruction->namespaces;
    if ((namespaces & CLONE_NEWCGROUP) != 0)
        must(launch, kernel_call(__NR_unshare, CLONE_NEWCGROUP), step_cgroup_namespace, "");
    if (!joins_by_input(instruction) || (namespaces & CLONE_NEWUTS) == 0)
        return;
    must(launch, kernel_call(__NR_unshare, CLONE_NEWUTS), step_hostname, "unshare");
    if (instruction->hostname != NULL)
        must(launch, set_hostname(instruction), step_hostname, instruction->hostname);
}

/* In its user namespace it has the right to make its control groups the root of what the job sees. */
static void enter_daemons_container(const struct launch *launch)
{
    enter_user_namespace(launch);
    if ((launch->instruction->namespaces & CLONE_NEWUSER) == 0)
        return;
    enter_missing_namespaces(launch);
    if (joins_by_input(launch->instruction))
        settle_unit(launch);
    else if (launch->instruction->daemon != NULL)
        settle_rootless(launch);
}

/*
 * systemd starts a service of root's as another user only where the host knows that one (systemd.exec(5), User=). So
 * the first process comes with rights of root's: it makes with them what only they make, and is the job's user before
 * it looks at anything that was granted.
 */
void enter_unit(const struct launch *launch)
{
    if (!has_option(launch->instruction, option_fresh_identity))
        return;
    if ((launch->instruction->namespaces & CLONE_NEWUSER) == 0) {
        enter_missing_namespaces(launch);
        settle_unit(launch);
    }
    take_outside_identity(launch);
}

static void open_network(const struct launch *launch)
{
    const struct instruction *instruction = launch->instruction;
    if (is_direct(instruction))
        must(launch, lead_every_address_here(), step_direct, "lo");
    if (instruction->listener_count > 0)
        must(launch, offer_listeners(launch), step_proxy, "127.0.0.1");
    if (instruction->published_count == 0)
        leave_listeners(launch->courier);
}

/* What the first process has to keep of its rights is what a program needs that is the job's kernel. */
bool build_sandbox(const struct launch *launch)
{
    const struct instruction *instruction = launch->instruction;
    const bool is_covering = launch->is_made ? false : enter_sandbox(launch);
    if (!launch->is_guest)
        open_network(launch);
    /* While it may: a job that is the caller has them already. */
    if (has_option(instruction, option_fresh_identity) && !launch->is_made) {
        give_streams(launch->streams, instruction->outside_uid, instruction->outside_gid);
        take_fresh_identity(launch);
    }
    /* A daemon gives a container's first process the ids that the job has outside, and no user namespace. */
    if (launch->is_made && has_daemon(instruction))
        enter_daemons_container(launch);
    if (starts_guest(launch)) {
        forbid_new_privileges(launch);
        return is_covering;
    }
    if (launch->is_guest)
        enter_guest(launch);
    if (has_option(instruction, option_terminal))
        must(launch, make_terminal(launch->streams), step_terminal, "/dev/ptmx");
    /* As the job's user, so that a directory which that user may not enter is found out here. */
    must(launch, kernel_call(__NR_chdir, instruction->directory), step_working_directory, instruction->directory);
    kernel_call(__NR_umask, instruction->umask);
    /* Before the caps on open files, and before a filter that may not let any memory have a descriptor. */
    must(launch, make_contents(instruction), step_descriptor, "");
    set_resource_limits(launch);
    give_up_privileges(launch);
    /* It takes no_new_privs, where it does not take a capability. */
    enter_own_domain(launch);
    prepare_landlock(launch);
    return is_covering;
}

static uint64_t namespace_inode(const struct launch *launch, const char *name)
{
    char text[64];
    const long length = kernel_call(__NR_readlinkat, launch->own_process_descriptor, name, text, sizeof text - 1);
    uint64_t inode = 0;
    for (long index = 0; index < length; index++)
        if (text[index] >= '0' && text[index] <= '9')
            inode = inode * 10 + (uint64_t)(text[index] - '0');
    return inode;
}

__attribute__((noreturn)) void report_rehearsal(const struct launch *launch, bool is_covering)
{
    static const char *const names[namespace_kinds] = {"ns/user", "ns/mnt",    "ns/pid", "ns/ipc",
                                                       "ns/uts",  "ns/cgroup", "ns/net"};
    struct report report = {.kind = report_ready, .is_covering = is_covering};
    for (int index = 0; index < namespace_kinds; index++)
        report.namespaces[index] = namespace_inode(launch, names[index]);
    send_report(launch, &report);
    leave(0);
}
