/* Ids in user namespaces, and capabilities in the last of them. */
#include "bwrap.h"

#include <asm/signal.h>
#include <linux/capability.h>
#include <linux/fcntl.h>
#include <linux/prctl.h>
#include <linux/sched.h>

static void write_file(const struct sandbox *sandbox, const char *name, const char *text, bool may_be_absent)
{
    const long file = open_process_file(sandbox, name, O_WRONLY);
    if (file == -ENOENT && may_be_absent)
        return;
    const long result = file < 0 ? file : kernel_call(__NR_write, file, text, strlen(text));
    if (result < 0)
        die_of(result, "setting up ", name, NULL);
    close_descriptor((int)file);
}

/* One line, one id, and setgroups given up first: what a process may do by itself (user_namespaces(7)). */
void map_ids(const struct sandbox *sandbox, uint32_t uid, uint32_t gid, uint32_t outside_uid, uint32_t outside_gid)
{
    write_file(sandbox, "self/uid_map", join(number_text(uid), " ", number_text(outside_uid), " 1\n", NULL), false);
    write_file(sandbox, "self/setgroups", "deny", true);
    write_file(sandbox, "self/gid_map", join(number_text(gid), " ", number_text(outside_gid), " 1\n", NULL), false);
}

/* Where none is to be made in the sandbox, this one is the last that the first allows, and cannot raise that number. */
void enter_second_namespace(const struct sandbox *sandbox)
{
    if (sandbox->options.disables_user_namespaces)
        write_file(sandbox, "sys/user/max_user_namespaces", "1", false);
    const long result = kernel_call(__NR_unshare, CLONE_NEWUSER);
    if (result < 0)
        die_of(result, "unshare user ns", NULL);
    map_ids(sandbox, sandbox->inside_uid, sandbox->inside_gid, sandbox->first_uid, sandbox->first_gid);
}

/* By the attempt, in a process that is thrown away. */
void assert_disabled(void)
{
    const long child = kernel_call(__NR_clone, SIGCHLD, 0, 0, 0, 0);
    if (child < 0)
        die_of(child, "Can't fork for child", NULL);
    if (child == 0)
        leave(kernel_call(__NR_unshare, CLONE_NEWUSER) < 0 ? 0 : 1);
    if (wait_for(child) != 0)
        die("creation of new user namespaces was not disabled as requested", NULL);
}

static struct __user_cap_header_struct own_header(void)
{
    return (struct __user_cap_header_struct){.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
}

static void read_capabilities(struct __user_cap_data_struct data[2])
{
    struct __user_cap_header_struct header = own_header();
    const long result = kernel_call(__NR_capget, &header, data);
    if (result < 0)
        die_of(result, "capget failed", NULL);
}

static void set_capabilities(uint64_t set)
{
    struct __user_cap_header_struct header = own_header();
    struct __user_cap_data_struct data[2];
    for (int half = 0; half < 2; half++) {
        const uint32_t bits = (uint32_t)(set >> (half * 32));
        data[half] = (struct __user_cap_data_struct){.effective = bits, .permitted = bits, .inheritable = bits};
    }
    const long result = kernel_call(__NR_capset, &header, data);
    if (result < 0)
        die_of(result, "capset failed", NULL);
}

uint64_t own_capabilities(void)
{
    struct __user_cap_data_struct data[2] = {{0}};
    read_capabilities(data);
    return data[0].effective | (uint64_t)data[1].effective << 32;
}

bool is_privileged(void)
{
    struct __user_cap_data_struct data[2] = {{0}};
    read_capabilities(data);
    return (data[0].permitted | data[1].permitted) != 0;
}

/* For a process that executes nothing and builds nothing any more. With its permitted set goes the ambient one. */
void drop_capabilities(void)
{
    set_capabilities(0);
}

/* With another uid the effective set is empty, and the permitted one is kept (capabilities(7)). */
void raise_capabilities(void)
{
    struct __user_cap_header_struct header = own_header();
    struct __user_cap_data_struct data[2] = {{0}};
    read_capabilities(data);
    for (int half = 0; half < 2; half++)
        data[half].effective = data[half].permitted;
    const long result = kernel_call(__NR_capset, &header, data);
    if (result < 0)
        die_of(result, "capset failed", NULL);
}

static void bound(uint64_t kept)
{
    for (int number = 0; number < 64; number++) {
        const long is_there = kernel_call(__NR_prctl, PR_CAPBSET_READ, number, 0, 0, 0);
        if (is_there == -EINVAL)
            break; /* Past the last of this kernel. */
        if (is_there != 1 || (kept >> number & 1) != 0)
            continue;
        const long result = kernel_call(__NR_prctl, PR_CAPBSET_DROP, number, 0, 0, 0);
        if (result < 0)
            die_of(result, "Dropping capability ", number_text((uint64_t)number), " from bounds", NULL);
    }
}

static bool is_left_alone(const struct sandbox *sandbox)
{
    return sandbox->uid == 0 && !sandbox->options.has_capabilities;
}

/* So that what is kept is kept over the execution, too, by whoever is not root. */
void make_capabilities_ambient(const struct sandbox *sandbox)
{
    const uint64_t kept = is_left_alone(sandbox) ? 0 : own_capabilities();
    for (int number = 0; number < 64; number++) {
        if ((kept >> number & 1) == 0)
            continue;
        const long result = kernel_call(__NR_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, number, 0, 0);
        /* Linux before 4.3 has no ambient set. */
        if (result < 0 && result != -EINVAL)
            die_of(result, "Adding ambient capability ", number_text((uint64_t)number), NULL);
    }
}

void keep_capabilities(const struct sandbox *sandbox)
{
    const struct options *const options = &sandbox->options;
    const uint64_t kept = options->capabilities & own_capabilities();
    /* In a user namespace that is new to it a process has all of them (user_namespaces(7)). */
    if ((options->namespaces & CLONE_NEWUSER) != 0 || options->user_namespace != none)
        bound(kept);
    /* Root keeps what it has, as it has it, unless something was said of it. */
    if (!is_left_alone(sandbox))
        set_capabilities(kept);
}
