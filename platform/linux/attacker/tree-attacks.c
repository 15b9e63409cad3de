/* Group C, the tree: namespaces of one's own, and processes that their makers leave behind. */
#include "attacker.h"

#include <asm/signal.h>
#include <linux/fcntl.h>
#include <linux/prctl.h>
#include <linux/sched.h>

enum { new_time = 0x80 /* CLONE_NEWTIME */ };

static const char orphan_name[] = "attack-orphan";

static const struct {
    const char *name;
    unsigned long flag;
} namespaces[] = {
    {"user", CLONE_NEWUSER}, {"mnt", CLONE_NEWNS},  {"pid_for_children", CLONE_NEWPID}, {"net", CLONE_NEWNET},
    {"ipc", CLONE_NEWIPC},   {"uts", CLONE_NEWUTS}, {"time_for_children", new_time},    {"cgroup", CLONE_NEWCGROUP},
};

static void read_namespace(const char *name, char *link, size_t room)
{
    char path[64];
    const long length =
        kernel_call(__NR_readlinkat, AT_FDCWD, join(path, sizeof path, "/proc/self/ns/", name, ""), link, room - 1);
    link[length > 0 ? length : 0] = '\0';
}

/* Seen by its number and, where there is no /proc, by the capabilities that a user namespace gives. */
static int make_namespace(void *which)
{
    const size_t index = *(const size_t *)which;
    char before[64], after[64];
    struct identity was, is;
    read_identity(&was);
    read_namespace(namespaces[index].name, before, sizeof before);
    did("unshare", kernel_call(__NR_unshare, namespaces[index].flag));
    read_namespace(namespaces[index].name, after, sizeof after);
    read_identity(&is);
    if (strcmp(before, after) != 0 || is.effective != was.effective)
        gained("a namespace by unshare:", namespaces[index].name);
    return 0;
}

static int tell_capabilities(const char *how, unsigned long long before)
{
    struct identity is;
    read_identity(&is);
    if (is.effective != before)
        gained("capabilities in a user namespace by", how);
    return 0;
}

/* A child that has lost its parent's ids has gained all capabilities; root had them, and sees other ids. */
static void clone_namespace(void)
{
    struct identity was;
    char before[64], after[64];
    read_identity(&was);
    read_namespace("user", before, sizeof before);
    const long process = kernel_call(__NR_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);
    if (process == 0) {
        read_namespace("user", after, sizeof after);
        if (strcmp(before, after) != 0)
            gained("a namespace by clone", "");
        leave(tell_capabilities("clone", was.effective));
    }
    did("clone", process);
    if (process > 0)
        wait_for(process);
}

static void clone3_namespace(void)
{
    /* struct clone_args of its first version: flags, pidfd, child_tid, parent_tid, exit_signal, stack, its size, tls.
     */
    unsigned long arguments[8] = {CLONE_NEWUSER, 0, 0, 0, SIGCHLD, 0, 0, 0};
    struct identity was;
    char before[64], after[64];
    read_identity(&was);
    read_namespace("user", before, sizeof before);
    const long process = kernel_call(__NR_clone3, arguments, sizeof arguments);
    if (process == 0) {
        read_namespace("user", after, sizeof after);
        if (strcmp(before, after) != 0)
            gained("a namespace by clone3", "");
        leave(tell_capabilities("clone3", was.effective));
    }
    did("clone3", process);
    if (process > 0)
        wait_for(process);
}

enum ending attack_namespaces(void)
{
    enum { child_ms = 2000 };
    for (size_t index = 0; index < sizeof namespaces / sizeof *namespaces; index++)
        run_child(make_namespace, &index, child_ms);
    clone_namespace();
    clone3_namespace();
    return attempted;
}

/* In a session of its own, an orphan, with nothing open and a name that the host looks for. */
static void live_on(volatile long *is_told)
{
    enum { descriptors_max = 1024, otherwise = 10, most = 60 };
    const long seconds = key_number("daemon-seconds", otherwise, most);
    kernel_call(__NR_setsid);
    kernel_call(__NR_prctl, PR_SET_PDEATHSIG, 0, 0, 0, 0);
    if (kernel_call(__NR_clone, SIGCHLD, 0, 0, 0, 0) != 0)
        leave(0);
    kernel_call(__NR_prctl, PR_SET_NAME, mark(), 0, 0, 0);
    const unsigned long ignored[8] = {1};
    kernel_call(__NR_rt_sigaction, SIGTERM, ignored, 0, sizeof *ignored);
    kernel_call(__NR_rt_sigaction, SIGHUP, ignored, 0, sizeof *ignored);
    left(decimal(kernel_call(__NR_getpid)));
    *is_told = 1;
    for (long descriptor = 0; descriptor < descriptors_max; descriptor++)
        kernel_call(__NR_close, descriptor);
    sleep_milliseconds(seconds * 1000);
    leave(0);
}

/* Whoever started it may be there to end what it leaves. Without a sandbox that is the host's side: it is to be spared.
 */
static void end_parent(void)
{
    const long spared = key_number("spared-pid", 0, __INT_MAX__);
    if (spared == 0 || started_by <= 1 || started_by == spared)
        return;
    did("end-parent", kernel_call(__NR_kill, started_by, SIGKILL));
}

enum ending attack_daemon(void)
{
    enum { looks = 20, pause_ms = 10 };
    static volatile long otherwise;
    volatile long *is_told = shared_memory(sizeof *is_told);
    if (is_told == 0)
        is_told = &otherwise;
    const long process = fork_child(0);
    did("fork", process);
    if (process == 0)
        live_on(is_told);
    if (process > 0)
        wait_for(process);
    /* What it tells is told before this attack's end. */
    for (int look = 0; look < looks && *is_told == 0; look++)
        sleep_milliseconds(pause_ms);
    end_parent();
    return attempted;
}

/* Orphans of this attack alone: their name is the mark. */
static bool count_zombie(const char *name, void *context)
{
    char path[64], status[512], own[64];
    const char *at = name;
    if (parse_decimal(&at) < 0 || *at != '\0')
        return true;
    const long length = read_path(join(path, sizeof path, "/proc/", name, "/stat"), status, sizeof status);
    if (length > 0 && find_text(status, (size_t)length, join(own, sizeof own, "(", orphan_name, ") Z ")) != 0)
        ++*(long *)context;
    return true;
}

static long make_orphan(void)
{
    const long process = kernel_call(__NR_clone, SIGCHLD, 0, 0, 0, 0);
    if (process != 0)
        return process < 0 ? process : wait_for(process);
    kernel_call(__NR_prctl, PR_SET_NAME, orphan_name, 0, 0, 0);
    kernel_call(__NR_clone, SIGCHLD, 0, 0, 0, 0);
    leave(0);
}

/* Whoever they come to may take its time, and not more. */
enum ending attack_orphans(void)
{
    enum { otherwise = 300, most = 5000, pause_ms = 100, looks = 20 };
    const long count = key_number("process-count", otherwise, most);
    long made = 0, zombies = 1, result = 0;
    while (made < count && (result = make_orphan()) >= 0)
        made++;
    did("fork", result);
    for (int look = 0; look < looks && zombies > 0; look++) {
        sleep_milliseconds(pause_ms);
        zombies = 0;
        result = each_name("/proc", count_zombie, &zombies);
    }
    did("list", result);
    fact("orphans", made);
    fact("zombies", zombies);
    return attempted;
}
