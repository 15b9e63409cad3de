/* Every option of bwrap(1) that makes nothing in the file system (for those see file-options.c), and what it notes. */
#include "bwrap.h"

#include <linux/sched.h>

static void *place_in(struct options *options, const struct named_option *option)
{
    return (char *)options + option->place;
}

static void take_flag(struct options *options, const struct named_option *option, char **values)
{
    (void)values;
    *(bool *)place_in(options, option) = true;
}

static void take_text(struct options *options, const struct named_option *option, char **values)
{
    const char **const text = place_in(options, option);
    if (*text != NULL)
        warn_of_last(option->name);
    *text = values[0];
}

static void take_descriptor(struct options *options, const struct named_option *option, char **values)
{
    int *const descriptor = place_in(options, option);
    if (*descriptor != none)
        warn_of_last(option->name);
    *descriptor = parse_descriptor(values[0]);
}

static void take_namespace(struct options *options, const struct named_option *option, char **values)
{
    (void)values;
    options->namespaces |= option->flags;
}

/* The last number means none (setresuid(2)); bwrap's are those that an int holds. */
static void take_id(struct options *options, const struct named_option *option, char **values)
{
    uint64_t number;
    if (!parse_number(values[0], 10, 0x7fffffff, &number))
        die("Invalid ", option->name + 2, ": ", values[0], NULL);
    long long *const id = place_in(options, option);
    if (*id != none)
        warn_of_last(option->name);
    *id = (long long)number;
}

static void take_all(struct options *options, const struct named_option *option, char **values)
{
    take_namespace(options, option, values);
    options->tries_user = options->tries_cgroup = true;
}

static void take_share_net(struct options *options, const struct named_option *option, char **values)
{
    (void)values;
    options->namespaces &= ~(unsigned long)option->flags;
}

static void take_level_prefix(struct options *options, const struct named_option *option, char **values)
{
    (void)options, (void)option, (void)values;
    prefix_level();
}

static void take_program_name(struct options *options, const struct named_option *option, char **values)
{
    if (options->program_name != NULL)
        die("--argv0 used multiple times", NULL);
    take_text(options, option, values);
}

static void take_set_variable(struct options *options, const struct named_option *option, char **values)
{
    (void)options, (void)option;
    set_variable(values[0], values[1]);
}

static void take_unset_variable(struct options *options, const struct named_option *option, char **values)
{
    (void)options, (void)option;
    unset_variable(values[0]);
}

static void take_clear_variables(struct options *options, const struct named_option *option, char **values)
{
    (void)options, (void)option, (void)values;
    clear_variables();
}

static void take_lock(struct options *options, const struct named_option *option, char **values)
{
    (void)option;
    struct lock *const lock = allocate(sizeof *lock);
    *lock = (struct lock){.path = values[0]};
    append_item(&options->locks, &lock->item);
}

static struct filter *new_filter(const char *value)
{
    struct filter *const filter = allocate(sizeof *filter);
    *filter = (struct filter){.descriptor = parse_descriptor(value)};
    return filter;
}

static void take_filter(struct options *options, const struct named_option *option, char **values)
{
    if (options->filters.first != NULL)
        die(option->name, " cannot be combined with --add-seccomp-fd", NULL);
    if (options->only_filter != NULL)
        warn_of_last(option->name);
    options->only_filter = new_filter(values[0]);
}

static void take_further_filter(struct options *options, const struct named_option *option, char **values)
{
    if (options->only_filter != NULL)
        die(option->name, " cannot be combined with --seccomp", NULL);
    append_item(&options->filters, &new_filter(values[0])->item);
}

/* cupel has nothing of SELinux's, and says so where a label is asked for: it is not dropped in silence. */
static void refuse_label(struct options *options, const struct named_option *option, char **values)
{
    (void)options, (void)values;
    die(option->name, " is not supported by cupel, which sets no labels of SELinux: leave it out", NULL);
}

static void take_add_capability(struct options *options, const struct named_option *option, char **values)
{
    (void)option;
    options->has_capabilities = true;
    options->capabilities |= parse_capabilities(values[0]);
}

static void take_drop_capability(struct options *options, const struct named_option *option, char **values)
{
    (void)option;
    options->has_capabilities = true;
    options->capabilities &= ~parse_capabilities(values[0]);
}

#define PLACE(field) offsetof(struct options, field)

enum { all_namespaces = CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWNET };

static const struct named_option table[] = {
    {"--level-prefix", 0, take_level_prefix, 0, 0, "", "Begin each line of messages with its level, as <3>"},
    {"--argv0", 1, take_program_name, PLACE(program_name), 0, "VALUE", "Give the command this name as its argv[0]"},
    {"--unshare-user", 0, take_namespace, 0, CLONE_NEWUSER, "",
     "New user namespace (always, unless called by root or given --userns)"},
    {"--unshare-user-try", 0, take_flag, PLACE(tries_user), 0, "", "New user namespace, where one can be made"},
    {"--unshare-ipc", 0, take_namespace, 0, CLONE_NEWIPC, "", "New IPC namespace"},
    {"--unshare-pid", 0, take_namespace, 0, CLONE_NEWPID, "", "New PID namespace"},
    {"--unshare-net", 0, take_namespace, 0, CLONE_NEWNET, "", "New network namespace, with a loopback"},
    {"--unshare-uts", 0, take_namespace, 0, CLONE_NEWUTS, "", "New UTS namespace"},
    {"--unshare-cgroup", 0, take_namespace, 0, CLONE_NEWCGROUP, "", "New cgroup namespace"},
    {"--unshare-cgroup-try", 0, take_flag, PLACE(tries_cgroup), 0, "", "New cgroup namespace, where there are any"},
    {"--unshare-all", 0, take_all, 0, all_namespaces, "", "All of these: user and cgroup as with -try"},
    {"--share-net", 0, take_share_net, 0, CLONE_NEWNET, "",
     "Keep the network namespace, after --unshare-all or --unshare-net"},
    {"--userns", 1, take_descriptor, PLACE(user_namespace), 0, "FD",
     "Enter this user namespace in the place of a new one"},
    {"--userns2", 1, take_descriptor, PLACE(second_user_namespace), 0, "FD",
     "Enter this one when the sandbox is made; needs --userns"},
    {"--disable-userns", 0, take_flag, PLACE(disables_user_namespaces), 0, "",
     "Let nobody in the sandbox make user namespaces; needs --unshare-user"},
    {"--assert-userns-disabled", 0, take_flag, PLACE(asserts_user_namespaces_disabled), 0, "",
     "Fail unless nobody in the sandbox can make user namespaces"},
    {"--pidns", 1, take_descriptor, PLACE(pid_namespace), 0, "FD",
     "Enter this PID namespace; a new one is made below it"},
    {"--uid", 1, take_id, PLACE(uid), 0, "UID", "The command's user id; needs --unshare-user or --userns"},
    {"--gid", 1, take_id, PLACE(gid), 0, "GID", "The command's group id; needs --unshare-user or --userns"},
    {"--hostname", 1, take_text, PLACE(hostname), 0, "NAME", "Host name in the sandbox; needs --unshare-uts"},
    {"--chdir", 1, take_text, PLACE(directory), 0, "DIR", "Start the command in this directory"},
    {"--setenv", 2, take_set_variable, 0, 0, "VAR VALUE", "Set a variable of the environment"},
    {"--unsetenv", 1, take_unset_variable, 0, 0, "VAR", "Remove a variable of the environment"},
    {"--clearenv", 0, take_clear_variables, 0, 0, "", "Remove all variables of the environment"},
    {"--lock-file", 1, take_lock, 0, 0, "DEST", "Hold a read lock on this file while the sandbox is there"},
    {"--sync-fd", 1, take_descriptor, PLACE(sync), 0, "FD", "Keep this descriptor open while the sandbox is there"},
    {"--seccomp", 1, take_filter, 0, 0, "FD", "Load the filter of system calls that is read here; the last one counts"},
    {"--add-seccomp-fd", 1, take_further_filter, 0, 0, "FD",
     "Load this filter, and all others that are given so, in their order"},
    {"--exec-label", 1, refuse_label, 0, 0, "LABEL", "Not supported: SELinux"},
    {"--file-label", 1, refuse_label, 0, 0, "LABEL", "Not supported: SELinux"},
    {"--block-fd", 1, take_descriptor, PLACE(block), 0, "FD", "Start the command when something can be read here"},
    {"--userns-block-fd", 1, take_descriptor, PLACE(user_namespace_block), 0, "FD",
     "Go on when something can be read here, and leave the id maps to others"},
    {"--info-fd", 1, take_descriptor, PLACE(information), 0, "FD",
     "Write the sandbox's process and namespaces here, as JSON"},
    {"--json-status-fd", 1, take_descriptor, PLACE(status), 0, "FD",
     "Write its start and its end here, a line of JSON each"},
    {"--new-session", 0, take_flag, PLACE(is_new_session), 0, "", "A new terminal session (setsid)"},
    {"--die-with-parent", 0, take_flag, PLACE(dies_with_parent), 0, "",
     "End all of it by SIGKILL when the caller ends"},
    {"--as-pid-1", 0, take_flag, PLACE(is_first_process), 0, "",
     "No process beside the command that takes in orphans; needs --unshare-pid"},
    {"--cap-add", 1, take_add_capability, 0, 0, "CAP", "Leave the command this capability, or ALL"},
    {"--cap-drop", 1, take_drop_capability, 0, 0, "CAP", "Take this capability from it, or ALL"},
};

const struct option_table plain_options = {table, sizeof table / sizeof table[0]};
