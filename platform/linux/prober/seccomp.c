/* System call filters: one that denies with an errno which nothing else gives, one that kills, one that asks. */
#include "prober.h"

#include <asm/poll.h>
#include <asm/signal.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/ioctl.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <linux/time_types.h>

#if defined(__x86_64__)
enum { own_architecture = (int)AUDIT_ARCH_X86_64 };
#else
enum { own_architecture = (int)AUDIT_ARCH_AARCH64 };
#endif

/* getppid(2) never fails and reads no argument: the best canary for a filter. */
enum { canary = __NR_getppid, notified_answer = 4242 };

static long install(unsigned int action, unsigned int flags)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned int)own_architecture, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, canary, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, action),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog filter = {.len = sizeof code / sizeof *code, .filter = code};
    return kernel_call(__NR_seccomp, SECCOMP_SET_MODE_FILTER, flags, &filter);
}

static long renounce(void)
{
    return kernel_call(__NR_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

static int without_renouncing(void *argument)
{
    report(argument, install(SECCOMP_RET_ALLOW, 0));
    return 0;
}

static int deny_one_call(void *argument)
{
    (void)argument;
    report("control", kernel_call(canary) >= 0 ? 0 : -EIO);
    report("no-new-privs", renounce());
    const long installed = install(SECCOMP_RET_ERRNO | EDOM, 0);
    report("install", installed);
    if (installed < 0)
        return 0;
    const long denied = kernel_call(canary);
    report("denied-call", denied < 0 ? denied : 0);
    report("other-call", kernel_call(__NR_getuid) >= 0 ? 0 : -EIO);
    return 0;
}

static int kill_on_call(void *argument)
{
    (void)argument;
    renounce();
    if (install(SECCOMP_RET_KILL_PROCESS, 0) < 0)
        return 1;
    kernel_call(canary);
    return 2;
}

static int install_with_flag(void *argument)
{
    renounce();
    report(argument, install(SECCOMP_RET_ALLOW,
                             strcmp(argument, "tsync") == 0 ? SECCOMP_FILTER_FLAG_TSYNC : SECCOMP_FILTER_FLAG_LOG));
    return 0;
}

static void report_actions(void)
{
    static const struct {
        const char *step;
        unsigned int action;
    } actions[] = {
        {"action-errno", SECCOMP_RET_ERRNO}, {"action-kill-process", SECCOMP_RET_KILL_PROCESS},
        {"action-log", SECCOMP_RET_LOG},     {"action-kill-thread", SECCOMP_RET_KILL_THREAD},
        {"action-trap", SECCOMP_RET_TRAP},   {"action-trace", SECCOMP_RET_TRACE},
        {"action-allow", SECCOMP_RET_ALLOW}, {"action-user-notification", SECCOMP_RET_USER_NOTIF},
    };
    for (size_t index = 0; index < sizeof actions / sizeof *actions; index++)
        report(actions[index].step, kernel_call(__NR_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &actions[index].action));
}

/* Answers the first notification; -errno of the step that failed. */
static long answer_notification(long listener)
{
    struct seccomp_notif request;
    memset(&request, 0, sizeof request);
    const long received = kernel_call(__NR_ioctl, listener, SECCOMP_IOCTL_NOTIF_RECV, &request);
    if (received < 0)
        return received;
    struct seccomp_notif_resp response = {.id = request.id, .val = notified_answer, .error = 0, .flags = 0};
    return kernel_call(__NR_ioctl, listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

static int notify(void *argument)
{
    (void)argument;
    renounce();
    const long listener = install(SECCOMP_RET_USER_NOTIF, SECCOMP_FILTER_FLAG_NEW_LISTENER);
    report("listener", listener < 0 ? listener : 0);
    if (listener < 0)
        return 0;
    /* One listener in all filters of a process (seccomp(2)): a second one is EBUSY. */
    const long second = install(SECCOMP_RET_USER_NOTIF, SECCOMP_FILTER_FLAG_NEW_LISTENER);
    report("second-listener", second < 0 ? second : 0);
    /* A plain clone: fork_child asks for its parent, the very call that would now wait for an answer. */
    const long asking = kernel_call(__NR_clone, SIGCHLD, 0, 0, 0, 0);
    if (asking == 0)
        leave(kernel_call(canary) == notified_answer ? 0 : 1);
    struct {
        int descriptor;
        short events, happened;
    } waiting = {(int)listener, POLLIN, 0};
    const struct __kernel_timespec patience = {1, 0};
    const long ready = kernel_call(__NR_ppoll, &waiting, 1, &patience, 0, 0);
    report("answer", ready == 1 ? answer_notification(listener) : -ETIMEDOUT);
    if (ready != 1)
        kernel_call(__NR_kill, asking, SIGKILL);
    const struct ending ending = wait_for(asking);
    report("notified-call", ending.signal == 0 && ending.status == 0 ? 0 : -EIO);
    return 0;
}

void probe_seccomp(int count, char **arguments)
{
    (void)count;
    (void)arguments;
    report("mode", kernel_call(__NR_prctl, PR_GET_SECCOMP, 0, 0, 0, 0));
    report("inherited-no-new-privs", kernel_call(__NR_prctl, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    report_actions();
    report_child("install-without-nnp", without_renouncing, "install-without-nnp", 1000);
    report_child("deny", deny_one_call, 0, 1000);
    const struct ending killed = run_child(kill_on_call, 0, 1000);
    report_both("kill-process", killed.error, killed.signal, 0);
    report_child("tsync", install_with_flag, "tsync", 1000);
    report_child("log-flag", install_with_flag, "log-flag", 1000);
    report_child("notify", notify, 0, 3000);
    report_foreign_calls();
}
