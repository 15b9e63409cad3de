/*
 * What answers a system call: the kernel or a filter in front of it. Every call has arguments that no kernel accepts
 * and that it looks at before it asks for privileges, so nothing is done, whoever calls. Which answer is whose is
 * TypeScript's business.
 */
#include "prober.h"

#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/stat.h>
#include <linux/userfaultfd.h>

/* Bits outside of the flags of any of the calls below that are given them (their manual pages, and linux/ headers). */
enum { bad_bit = 0x1, bad_flag = 0x40000000, bad_memfd_flag = 0x100, no_command = 9999 };

/* clone and unshare refuse CLONE_FS beside CLONE_NEWUSER. Pointers are null, descriptors -1 and processes -1. */
static const struct {
    const char *step;
    long number;
    long arguments[5];
} calls[] = {
    {"unshare", __NR_unshare, {0}},
    {"unshare-user", __NR_unshare, {CLONE_NEWUSER | bad_bit}},
    {"unshare-mount", __NR_unshare, {CLONE_NEWNS | bad_bit}},
    {"clone-user", __NR_clone, {CLONE_NEWUSER | CLONE_FS}},
    {"clone3", __NR_clone3, {0, 0}},
    {"setns", __NR_setns, {-1, 0}},
    {"mount", __NR_mount, {0}},
    {"umount2", __NR_umount2, {0, bad_flag}},
    {"open-tree", __NR_open_tree, {-1, 0, bad_flag}},
    {"mount-setattr", __NR_mount_setattr, {-1, 0, bad_flag}},
    {"fsopen", __NR_fsopen, {0, bad_flag}},
    {"pivot-root", __NR_pivot_root, {0, 0}},
    {"ptrace", __NR_ptrace, {no_command, -1}},
    {"process-vm-readv", __NR_process_vm_readv, {-1, 0, 0, 0, 0}},
    {"bpf", __NR_bpf, {no_command, 0, 0}},
    {"perf-event-open", __NR_perf_event_open, {0, 0, -1, -1, bad_flag}},
    {"io-uring-enter", __NR_io_uring_enter, {-1, 0, 0, 0, 0}},
    {"userfaultfd", __NR_userfaultfd, {bad_flag | UFFD_USER_MODE_ONLY}},
    {"keyctl", __NR_keyctl, {no_command, 0, 0, 0, 0}},
    {"add-key", __NR_add_key, {0, 0, 0, 0, 0}},
    {"request-key", __NR_request_key, {0, 0, 0, 0}},
    {"seccomp", __NR_seccomp, {no_command, 0, 0}},
    {"landlock", __NR_landlock_create_ruleset, {0, 0, bad_flag}},
    {"name-to-handle-at", __NR_name_to_handle_at, {-1, 0, 0, 0, bad_flag}},
    {"open-by-handle-at", __NR_open_by_handle_at, {-1, 0, 0}},
    {"openat2", __NR_openat2, {-1, 0, 0, 0}},
    {"renameat2", __NR_renameat2, {-1, 0, -1, 0, bad_flag}},
    {"statx", __NR_statx, {-1, 0, 0, STATX__RESERVED, 0}},
    {"memfd-create", __NR_memfd_create, {0, bad_memfd_flag}},
    {"pidfd-open", __NR_pidfd_open, {-1, 0}},
    {"pidfd-getfd", __NR_pidfd_getfd, {-1, -1, 1}},
    {"close-range", __NR_close_range, {1, 0, 0}},
};

static int call_each(void *argument)
{
    (void)argument;
    for (size_t index = 0; index < sizeof calls / sizeof *calls; index++) {
        const long *const with = calls[index].arguments;
        const long caller = kernel_call(__NR_getpid);
        const long result = kernel_call(calls[index].number, with[0], with[1], with[2], with[3], with[4]);
        /* A kernel that takes the flags of clone for good has made a process of it. */
        if (kernel_call(__NR_getpid) != caller)
            leave(0);
        report(calls[index].step, result);
    }
    return 0;
}

void probe_system_calls(int count, char **arguments)
{
    (void)count;
    (void)arguments;
    report("seccomp-mode", kernel_call(__NR_prctl, PR_GET_SECCOMP, 0, 0, 0, 0));
    report("capabilities", capability_set(0));
    /* In a child: a filter may kill for a call instead of answering. */
    report_child("calls", call_each, 0, 1000);
}
