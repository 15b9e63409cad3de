/*
 * Called by cupel, whose runtime leaves traces, it takes one word more in front: the limit on open files that cupel was
 * given itself, or "-" where that is not known. Its own name then is one that no file has. See bwrap.h.
 */
#include "bwrap.h"

#include <asm/signal.h>
#include <linux/fcntl.h>
#include <linux/prctl.h>
#include <linux/resource.h>

/* The runtime of cupel ignores these two for itself, and raises the soft limit on open files to the hard one. */
static void undo_runtime(const char *open_files)
{
    static const int ignored[] = {SIGPIPE, SIGXFSZ};
    const unsigned long default_action[8] = {0};
    for (size_t index = 0; index < sizeof ignored / sizeof ignored[0]; index++)
        kernel_call(__NR_rt_sigaction, ignored[index], default_action, NULL, sizeof(unsigned long));
    uint64_t limits[2];
    uint64_t wanted;
    if (!parse_number(open_files, 10, ~(uint64_t)0 >> 1, &wanted) ||
        kernel_call(__NR_prlimit64, 0, RLIMIT_NOFILE, NULL, limits) < 0 || wanted > limits[1])
        return;
    limits[0] = wanted;
    kernel_call(__NR_prlimit64, 0, RLIMIT_NOFILE, limits, NULL);
}

static struct sandbox sandbox = {
    .options = {.user_namespace = none,
                .second_user_namespace = none,
                .pid_namespace = none,
                .block = none,
                .user_namespace_block = none,
                .sync = none,
                .information = none,
                .status = none,
                .uid = none,
                .gid = none},
};

static const char called_by_cupel[] = "cupel bwrap";

int program(int argument_count, char **arguments, char **environment)
{
    if (argument_count == 0)
        die("called without a name", NULL);
    const bool is_called_by_cupel = argument_count > 1 && strcmp(arguments[0], called_by_cupel) == 0;
    if (is_called_by_cupel)
        undo_runtime(arguments[1]);
    /* A caller that ignores it would have children vanish before they are waited for (wait(2)). */
    const unsigned long default_action[8] = {0};
    kernel_call(__NR_rt_sigaction, SIGCHLD, default_action, NULL, sizeof(unsigned long));
    /* Before anything is looked at: nothing that is executed from here on gains a privilege (prctl(2)). */
    const long denied = kernel_call(__NR_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (denied < 0)
        die_of(denied, "prctl(PR_SET_NO_NEW_PRIVS) failed", NULL);
    sandbox.uid = (uint32_t)kernel_call(__NR_getuid);
    sandbox.gid = (uint32_t)kernel_call(__NR_getgid);
    sandbox.options.capabilities = sandbox.uid == 0 ? own_capabilities() : 0;
    keep_environment(environment);
    parse_arguments(&sandbox.options, arguments + (is_called_by_cupel ? 2 : 1));
    const long processes = kernel_call(__NR_openat, AT_FDCWD, "/proc", O_PATH | O_CLOEXEC, 0);
    if (processes < 0)
        die_of(processes, "Can't open /proc", NULL);
    sandbox.processes = (int)processes;
    settle_options(&sandbox);
    read_filters(&sandbox.options);
    return monitor(&sandbox);
}
