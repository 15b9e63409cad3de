/* Identity and privileges: taken in the order in which each step still has what the next one gives up. */
#include "../shared/append.h"
#include "launcher.h"

#include <linux/capability.h>
#include <linux/fcntl.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>

static void must(const struct launch *launch, long result, int step, const char *subject)
{
    if (result < 0)
        fail_launch(launch, step, result, subject);
}

/* A file of /proc/self, by the handle that was taken while the host's /proc was in sight. */
static long write_own_file(const struct launch *launch, const char *name, const char *text, size_t length)
{
    const int own = launch->own_process_descriptor;
    const long descriptor = own < 0 ? -ENOENT : kernel_call(__NR_openat, own, name, O_WRONLY | O_CLOEXEC, 0);
    if (descriptor < 0)
        return descriptor;
    const long result = kernel_call(__NR_write, descriptor, text, length);
    kernel_call(__NR_close, descriptor);
    return result < 0 ? result : 0;
}

static long write_id_map(const struct launch *launch, const char *name, uint32_t inside, uint32_t outside)
{
    char text[64];
    char *end = append_text(append_number(text, inside, 10), " ");
    end = append_text(append_number(end, outside, 10), " 1\n");
    return write_own_file(launch, name, text, (size_t)(end - text));
}

/*
 * A process may map its own ids itself: one line, one id, and setgroups given up first (user_namespaces(7)). A process
 * that changed ids is not dumpable, and its /proc files are then root's (proc(5)): hence dumpable, for these three.
 */
void map_own_ids(const struct launch *launch, uint32_t outside_uid, uint32_t outside_gid)
{
    must(launch, kernel_call(__NR_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0), step_map_ids, "dumpable");
    const long denied = write_own_file(launch, "setgroups", "deny", 4);
    /* gVisor's kernel has none, and lets no process have groups that are not mapped. */
    if (denied != -ENOENT || !launch->is_guest)
        must(launch, denied, step_map_ids, "/proc/self/setgroups");
    must(launch, write_id_map(launch, "uid_map", mapped_uid(launch), outside_uid), step_map_ids, "/proc/self/uid_map");
    must(launch, write_id_map(launch, "gid_map", mapped_gid(launch), outside_gid), step_map_ids, "/proc/self/gid_map");
}

static bool may_change_bounding_set(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    struct __user_cap_data_struct data[2] = {{0}};
    const long result = kernel_call(__NR_capget, &header, data);
    return result >= 0 && (data[0].effective & (1u << CAP_SETPCAP)) != 0;
}

static void drop_bounding_set(const struct launch *launch)
{
    for (int capability = 0; capability < 64; capability++) {
        const long result = kernel_call(__NR_prctl, PR_CAPBSET_DROP, capability, 0, 0, 0);
        if (result == -EINVAL)
            break; /* Past the last capability of this kernel. */
        must(launch, result, step_capabilities, "bounding set");
    }
}

/* Groups first, then gid, then uid: each needs the privilege that the last one ends. */
void take_outside_identity(const struct launch *launch)
{
    const struct instruction *instruction = launch->instruction;
    const uint32_t uid = instruction->outside_uid;
    const uint32_t gid = instruction->outside_gid;
    /* With the uid goes the right to do this; a user namespace, if one follows, starts with a full set again anyway. */
    if ((instruction->namespaces & CLONE_NEWUSER) == 0 && may_change_bounding_set())
        drop_bounding_set(launch);
    must(launch, kernel_call(__NR_setgroups, 0, NULL), step_drop_identity, "setgroups");
    must(launch, kernel_call(__NR_setresgid, gid, gid, gid), step_drop_identity, "setresgid");
    must(launch, kernel_call(__NR_setresuid, uid, uid, uid), step_drop_identity, "setresuid");
}

/* The same in a user namespace of the job's own, where it is to have one. */
void take_fresh_identity(const struct launch *launch)
{
    take_outside_identity(launch);
    enter_user_namespace(launch);
}

/* Of a process that has its ids outside already. */
void enter_user_namespace(const struct launch *launch)
{
    const struct instruction *instruction = launch->instruction;
    if ((instruction->namespaces & CLONE_NEWUSER) == 0)
        return;
    must(launch, kernel_call(__NR_unshare, CLONE_NEWUSER), step_user_namespace, "unshare");
    /* In the user namespace of a daemon without root's rights the caller is root. */
    const bool is_rootless = instruction->daemon != NULL;
    map_own_ids(launch, is_rootless ? 0 : instruction->outside_uid, is_rootless ? 0 : instruction->outside_gid);
}

/* While CAP_SETPCAP is still there: bounding set and securebits. Without it there is nothing that exec could add. */
static void drop_capabilities(const struct launch *launch)
{
    if (may_change_bounding_set()) {
        drop_bounding_set(launch);
        const unsigned bits = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
                              SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE |
                              SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;
        const long result = kernel_call(__NR_prctl, PR_SET_SECUREBITS, bits, 0, 0, 0);
        /* gVisor's kernel has none. Without a bounding set root has nothing to gain either way. */
        if (result != -EINVAL || !launch->is_guest)
            must(launch, result, step_capabilities, "securebits");
    }
    const long ambient = kernel_call(__NR_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    if (ambient != -EINVAL) /* Linux before 4.3 has no ambient set. */
        must(launch, ambient, step_capabilities, "ambient set");
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    const struct __user_cap_data_struct none[2] = {{0}};
    must(launch, kernel_call(__NR_capset, &header, none), step_capabilities, "capset");
}

/*
 * For a process that stays and keeps its capabilities: it executes nothing, and what it starts cannot gain more than it
 * has. Not dumpable: its memory and descriptors are nobody's to look into.
 */
void forbid_new_privileges(const struct launch *launch)
{
    must(launch, kernel_call(__NR_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), step_no_new_privs, "");
    must(launch, kernel_call(__NR_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0), step_no_new_privs, "dumpable");
}

/* no_new_privs must be set for it, and both hold for good. */
void load_filter(const struct launch *launch, const struct sock_fprog *filter)
{
    if (filter->len > 0)
        must(launch, kernel_call(__NR_seccomp, SECCOMP_SET_MODE_FILTER, 0, filter), step_seccomp, "");
}

/* The filter comes last: it denies some of the calls above. */
void give_up_privileges(const struct launch *launch)
{
    const struct instruction *instruction = launch->instruction;
    /* A session keyring of its own: the caller's would be shared (keyrings(7)). A kernel without keys has none, and
     * gVisor's says EACCES. */
    const long keyring = kernel_call(__NR_keyctl, 1 /* KEYCTL_JOIN_SESSION_KEYRING */, NULL, 0, 0, 0);
    if (keyring != -ENOSYS && keyring != -EPERM && keyring != -EDQUOT && (keyring != -EACCES || !launch->is_guest))
        must(launch, keyring, step_keyring, "session keyring");
    if (has_option(instruction, option_drop_capabilities))
        drop_capabilities(launch);
    must(launch, kernel_call(__NR_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), step_no_new_privs, "");
    /* What the first process is must not be readable, nor traceable, from inside. */
    must(launch, kernel_call(__NR_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0), step_no_new_privs, "dumpable");
    /* A confined job loads its own: what is asked by it is answered here, with calls that it denies. On a kernel of its
     * own it still has to become who it is. */
    if (!is_confined(instruction) && !launch->is_guest)
        load_filter(launch, &instruction->seccomp);
}
