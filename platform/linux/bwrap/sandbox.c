/* The process inside, from the namespaces that it finds itself in to the command that it becomes, or starts. */
#include "bwrap.h"

#include <asm/signal.h>
#include <linux/fcntl.h>
#include <linux/prctl.h>
#include <linux/sched.h>

/* In a namespace that was given other ids may be there to be had. The capabilities stay: it is not built yet. */
static void switch_ids(const struct sandbox *sandbox)
{
    const uint32_t uid = sandbox->inside_uid, gid = sandbox->inside_gid;
    long result = kernel_call(__NR_prctl, PR_SET_KEEPCAPS, 1, 0, 0, 0);
    if (result >= 0 && gid != sandbox->gid)
        result = kernel_call(__NR_setresgid, gid, gid, gid);
    if (result < 0)
        die_of(result, "unable to switch to gid ", number_text(gid), NULL);
    if (uid != sandbox->uid)
        result = kernel_call(__NR_setresuid, uid, uid, uid);
    if (result < 0)
        die_of(result, "unable to switch to uid ", number_text(uid), NULL);
    raise_capabilities();
}

static void take_ids(const struct sandbox *sandbox)
{
    const struct options *const options = &sandbox->options;
    if ((options->namespaces & CLONE_NEWUSER) != 0 && options->user_namespace_block == none)
        map_ids(sandbox, sandbox->first_uid, sandbox->first_gid, sandbox->uid, sandbox->gid);
    if (options->user_namespace != none)
        switch_ids(sandbox);
}

static void name_host(const struct options *options)
{
    if (options->hostname == NULL)
        return;
    const long result = kernel_call(__NR_sethostname, options->hostname, strlen(options->hostname));
    if (result < 0)
        die_of(result, "Can't set hostname to ", options->hostname, NULL);
}

static void leave_setup(const struct sandbox *sandbox)
{
    const struct options *const options = &sandbox->options;
    if (sandbox->needs_second_namespace)
        enter_second_namespace(sandbox);
    enter_last_namespace(options);
    if (options->asserts_user_namespaces_disabled || options->disables_user_namespaces)
        assert_disabled();
    keep_capabilities(sandbox);
}

static bool needs_reaper(const struct options *options)
{
    const bool keeps = options->locks.first != NULL || options->sync != none;
    return !options->is_first_process && (keeps || (options->namespaces & CLONE_NEWPID) != 0);
}

/* A monitor that is gone hears nothing, and is told nothing else either. */
void tell(const struct sandbox *sandbox, int32_t kind, int32_t status)
{
    const struct message message = {.kind = kind, .status = status};
    kernel_call(__NR_write, sandbox->told[1], &message, sizeof message);
}

static void split_off_reaper(const struct sandbox *sandbox)
{
    const long command = kernel_call(__NR_clone, SIGCHLD, 0, 0, 0, 0);
    if (command < 0)
        die_of(command, "Can't fork for child", NULL);
    if (command > 0)
        reap(sandbox, command);
    die_with_parent(&sandbox->options);
    close_descriptor(sandbox->options.sync);
}

void enter_sandbox(struct sandbox *sandbox)
{
    struct options *const options = &sandbox->options;
    /* Theirs who wait for the end of what is told, and nobody's here to tell anything on. */
    close_descriptor(options->information);
    close_descriptor(options->status);
    /* Until the monitor has told of this process, and whoever maps its ids has. Without the monitor nothing comes. */
    if (!wait_at(sandbox->go[0]))
        leave(1);
    take_ids(sandbox);
    /* After the ids, with whose change it is forgotten (prctl(2)). */
    die_with_parent(options);
    if ((options->namespaces & CLONE_NEWNET) != 0)
        bring_loopback_up();
    /* The modes of what is made are those that were asked for. */
    const long mask = kernel_call(__NR_umask, 0);
    build_root(sandbox);
    name_host(options);
    leave_setup(sandbox);
    die_with_parent(options);
    wait_at(options->block);
    read_last_filter(options);
    kernel_call(__NR_umask, mask);
    change_directory(sandbox);
    const long session = options->is_new_session ? kernel_call(__NR_setsid) : 0;
    if (session < 0)
        die_of(session, "setsid", NULL);
    tell(sandbox, message_started, 0);
    if (needs_reaper(options))
        split_off_reaper(sandbox);
    execute(sandbox);
}
