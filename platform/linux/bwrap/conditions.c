/* What options ask of each other, and what they come to on this host for this caller. */
#include "bwrap.h"

#include <asm/signal.h>
#include <linux/fcntl.h>
#include <linux/sched.h>

static bool has(const struct options *options, unsigned long namespace)
{
    return (options->namespaces & namespace) != 0;
}

/* By doing it, in a process that is thrown away. */
static bool can_make_user_namespace(void)
{
    const long child = kernel_call(__NR_clone, SIGCHLD, 0, 0, 0, 0);
    if (child == 0)
        leave(kernel_call(__NR_unshare, CLONE_NEWUSER) < 0 ? 1 : 0);
    return child > 0 && wait_for(child) == 0;
}

static void settle_namespaces(struct sandbox *sandbox)
{
    struct options *const options = &sandbox->options;
    const bool is_given = options->user_namespace != none;
    if (is_given && has(options, CLONE_NEWUSER))
        die("--userns incompatible with --unshare-user", NULL);
    if (is_given && options->tries_user)
        die("--userns incompatible with --unshare-user-try", NULL);
    if (options->disables_user_namespaces && (is_given || !has(options, CLONE_NEWUSER)))
        die("--disable-userns requires --unshare-user", NULL);
    if (options->disables_user_namespaces && options->user_namespace_block != none)
        die("--disable-userns is not compatible with --userns-block-fd", NULL);
    if (!has(options, CLONE_NEWUSER) && options->user_namespace_block != none)
        die("--userns-block-fd requires --unshare-user", NULL);
    /* Nobody but root may make the other kinds without one. */
    if (sandbox->uid != 0 && !is_given)
        options->namespaces |= CLONE_NEWUSER;
    if (options->tries_user && can_make_user_namespace())
        options->namespaces |= CLONE_NEWUSER;
    const long cgroup = options->tries_cgroup ? open_process_file(sandbox, "self/ns/cgroup", O_PATH) : -ENOENT;
    if (cgroup >= 0)
        options->namespaces |= CLONE_NEWCGROUP;
    close_descriptor((int)cgroup);
}

static void check_needs(const struct sandbox *sandbox)
{
    const struct options *const options = &sandbox->options;
    const bool has_user = has(options, CLONE_NEWUSER) || options->user_namespace != none;
    if (!has_user && options->uid != none && options->uid != sandbox->uid)
        die("Specifying --uid requires --unshare-user or --userns", NULL);
    if (!has_user && options->gid != none && options->gid != sandbox->gid)
        die("Specifying --gid requires --unshare-user or --userns", NULL);
    if (options->user_namespace_block != none && options->information == none)
        die("--userns-block-fd requires --info-fd", NULL);
    if (options->second_user_namespace != none && options->user_namespace == none)
        die("--userns2 requires --userns", NULL);
    if (!has(options, CLONE_NEWUTS) && options->hostname != NULL)
        die("Specifying --hostname requires --unshare-uts", NULL);
    if (options->is_first_process && !has(options, CLONE_NEWPID))
        die("Specifying --as-pid-1 requires --unshare-pid", NULL);
    if (options->is_first_process && options->locks.first != NULL)
        die("Specifying --as-pid-1 and --lock-file is not permitted", NULL);
}

static bool needs_pseudo_terminals(const struct options *options)
{
    for (const struct item *item = options->operations.first; item != NULL; item = item->next)
        if (((const struct operation *)item)->kind == operation_devices)
            return true;
    return false;
}

/*
 * A file system of pseudo-terminals has to be root's, and so root has to be somebody in the namespace that it is
 * mounted in (fs/devpts); the command's ids are those of a second one then.
 */
static void settle_ids(struct sandbox *sandbox)
{
    const struct options *const options = &sandbox->options;
    const uint32_t uid = options->uid == none ? sandbox->uid : (uint32_t)options->uid;
    const uint32_t gid = options->gid == none ? sandbox->gid : (uint32_t)options->gid;
    const bool is_root = needs_pseudo_terminals(options) && options->user_namespace_block == none;
    sandbox->inside_uid = uid;
    sandbox->inside_gid = gid;
    sandbox->first_uid = is_root ? 0 : uid;
    sandbox->first_gid = is_root ? 0 : gid;
    sandbox->needs_second_namespace =
        has(options, CLONE_NEWUSER) &&
        (sandbox->first_uid != uid || sandbox->first_gid != gid || options->disables_user_namespaces);
}

void settle_options(struct sandbox *sandbox)
{
    if (sandbox->uid != 0 && is_privileged())
        die("Unexpected capabilities but not setuid, old file caps config?", NULL);
    settle_namespaces(sandbox);
    check_needs(sandbox);
    settle_ids(sandbox);
}
