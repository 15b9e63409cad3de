/* Capabilities regained, terminals taken, and the sandboxes that a job may make for itself. */
#include "attacker.h"

#include <asm/ioctls.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/fcntl.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/seccomp.h>

enum { child_ms = 2000 };

static void gain_if_more(const char *how, unsigned long long before)
{
    struct identity is;
    read_identity(&is);
    if ((is.effective & ~before) != 0 || (is.permitted & ~before) != 0)
        gained("capabilities by", how);
}

static int take_ids(void *argument)
{
    struct identity was;
    (void)argument;
    read_identity(&was);
    did("set-ids", kernel_call(__NR_setresuid, 0, 0, 0));
    if (was.uid != 0 && kernel_call(__NR_geteuid) == 0)
        gained("root's id", "");
    gain_if_more("setresuid", was.effective | was.permitted);
    return 0;
}

static int set_capabilities(void *argument)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    const struct __user_cap_data_struct all[2] = {{~0U, ~0U, ~0U}, {~0U, ~0U, ~0U}};
    struct identity was;
    (void)argument;
    read_identity(&was);
    did("set", kernel_call(__NR_capset, &header, all));
    did("raise", kernel_call(__NR_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SYS_ADMIN, 0, 0));
    gain_if_more("capset", was.effective | was.permitted);
    return 0;
}

/* Capabilities of a file come with its execution; the new program tells what it has in hexadecimal. */
static int execute_with_capabilities(void *argument)
{
    int pipe[2];
    char words[256];
    (void)argument;
    if (kernel_call(__NR_pipe2, pipe, O_CLOEXEC) < 0)
        return 1;
    const long process = fork_child(child_ms);
    if (process == 0) {
        const char *arguments[] = {key("capability-file"), "--identity", 0}, *environment[] = {0};
        kernel_call(__NR_dup3, pipe[1], 1, 0);
        leave((int)-kernel_call(__NR_execve, key("capability-file"), arguments, environment));
    }
    close_file(pipe[1]);
    const long length = read_open(pipe[0], words, sizeof words);
    const long status = process < 0 ? process : wait_for(process);
    did("exec", status < 0 ? status : -((status >> 8) & 0xff));
    if (length <= 0)
        return 0;
    saw_text("identity", words);
    const bool has_none = find_text(words, (size_t)length, " 0000000000000000\n") != 0;
    struct identity own;
    read_identity(&own);
    if (!has_none && own.effective == 0)
        gained("capabilities by", "a file that has them");
    return 0;
}

enum ending attack_capabilities(void)
{
    run_child(take_ids, 0, child_ms);
    run_child(set_capabilities, 0, child_ms);
    if (key("capability-file") != 0)
        run_child(execute_with_capabilities, 0, 2 * child_ms);
    return attempted;
}

/* One rule-less domain: then nothing can be read, which one read more shows. */
static int restrict_by_landlock(void *argument)
{
    const struct landlock_ruleset_attr rules = {.handled_access_fs = LANDLOCK_ACCESS_FS_READ_FILE};
    (void)argument;
    const long ruleset = kernel_call(__NR_landlock_create_ruleset, &rules, sizeof rules.handled_access_fs, 0);
    did("ruleset", ruleset);
    const long readable = open_file("/proc/self/exe", O_RDONLY);
    kernel_call(__NR_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    did("restrict", ruleset < 0 ? ruleset : kernel_call(__NR_landlock_restrict_self, ruleset, 0));
    const long denied = open_file("/proc/self/exe", O_RDONLY);
    fact("landlock", readable >= 0 && denied == -EACCES ? 1 : 0);
    return 0;
}

static int restrict_by_seccomp(void *argument)
{
    struct sock_filter filter[] = {
        {BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, nr)},
        {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, __NR_getppid},
        {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | EDOM},
        {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
    };
    const struct sock_fprog rules = {sizeof filter / sizeof *filter, filter};
    (void)argument;
    kernel_call(__NR_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    did("filter", kernel_call(__NR_seccomp, SECCOMP_SET_MODE_FILTER, 0, &rules));
    fact("seccomp", kernel_call(__NR_getppid) == -EDOM ? 1 : 0);
    return 0;
}

enum ending attack_more_sandboxes(void)
{
    run_child(restrict_by_landlock, 0, child_ms);
    run_child(restrict_by_seccomp, 0, child_ms);
    fact("threads", start_idle_thread() > 0 ? 1 : 0);
    return attempted;
}

static bool is_terminal(long descriptor)
{
    char settings[64];
    return kernel_call(__NR_ioctl, descriptor, TCGETS, settings) == 0;
}

/* The mark without a line's end: a shell that gets it has nothing to carry out yet. */
static void push(long terminal, const char *step, unsigned long request)
{
    long result = 0;
    for (const char *at = mark(); *at != '\0' && result == 0; at++)
        result = kernel_call(__NR_ioctl, terminal, request, at);
    did(step, result);
    if (result == 0)
        gained("input pushed into a terminal by", step);
}

static void take_terminal(long terminal)
{
    static const unsigned long high_bits = 1UL << 32;
    enum { linux_request = TIOCLINUX, paste = 3 };
    char title[128];
    const char request = paste;
    push(terminal, "push", TIOCSTI);
    push(terminal, "push-high-bits", TIOCSTI | high_bits);
    did("paste", kernel_call(__NR_ioctl, terminal, linux_request, &request));
    did("steal", kernel_call(__NR_ioctl, terminal, TIOCSCTTY, 1));
    /* xterm's "set title": what a terminal shows is not guarded, what it can be asked to answer is its own affair. */
    join(title, sizeof title, "\033]0;", mark(), "\007");
    did("title", kernel_call(__NR_write, terminal, title, strlen(title)));
}

/* Standard output carries this program's own lines: its terminal is written to by way of the others. */
enum ending attack_terminal(void)
{
    bool is_there = false;
    const bool is_own = key_is("tty", "own");
    for (long descriptor = 0; is_own && descriptor <= 2; descriptor++)
        if (is_terminal(descriptor)) {
            is_there = true;
            take_terminal(descriptor);
        }
    const long terminal = open_file(is_own ? "/dev/tty" : key("tty"), O_RDWR);
    did("open", terminal);
    if (terminal >= 0 && is_terminal(terminal)) {
        is_there = true;
        take_terminal(terminal);
    }
    close_file(terminal);
    return is_there || !is_own ? attempted : no_terminal;
}
