/* Capabilities by their names (capabilities(7)), as linux/capability.h numbers them. */
#include "bwrap.h"

static const char *const names[] = {
    "cap_chown",
    "cap_dac_override",
    "cap_dac_read_search",
    "cap_fowner",
    "cap_fsetid",
    "cap_kill",
    "cap_setgid",
    "cap_setuid",
    "cap_setpcap",
    "cap_linux_immutable",
    "cap_net_bind_service",
    "cap_net_broadcast",
    "cap_net_admin",
    "cap_net_raw",
    "cap_ipc_lock",
    "cap_ipc_owner",
    "cap_sys_module",
    "cap_sys_rawio",
    "cap_sys_chroot",
    "cap_sys_ptrace",
    "cap_sys_pacct",
    "cap_sys_admin",
    "cap_sys_boot",
    "cap_sys_nice",
    "cap_sys_resource",
    "cap_sys_time",
    "cap_sys_tty_config",
    "cap_mknod",
    "cap_lease",
    "cap_audit_write",
    "cap_audit_control",
    "cap_setfcap",
    "cap_mac_override",
    "cap_mac_admin",
    "cap_syslog",
    "cap_wake_alarm",
    "cap_block_suspend",
    "cap_audit_read",
    "cap_perfmon",
    "cap_bpf",
    "cap_checkpoint_restore",
};

enum { count = sizeof names / sizeof names[0], numbers_end = 64 };

/* Names have letters of either case. */
static bool is_same(const char *lower, const char *text)
{
    for (; *lower != '\0'; lower++, text++) {
        const char letter = (char)(*text >= 'A' && *text <= 'Z' ? *text + ('a' - 'A') : *text);
        if (letter != *lower)
            return false;
    }
    return *text == '\0';
}

/* As a set: by name, by number, as cap_from_name(3) takes them, or all. */
uint64_t parse_capabilities(const char *name)
{
    for (unsigned index = 0; index < count; index++)
        if (is_same(names[index], name))
            return (uint64_t)1 << index;
    uint64_t number;
    if (parse_number(name, 10, numbers_end - 1, &number))
        return (uint64_t)1 << number;
    if (is_same("all", name))
        return ~(uint64_t)0;
    die("unknown cap: ", name, NULL);
}
