/* Ids, capabilities, and namespaces of one's own. */
#include "../shared/write-line.h"
#include "prober.h"

#include <linux/capability.h>
#include <linux/prctl.h>
#include <linux/sched.h>

static long write_map(const char *path, long inside, long outside)
{
    struct line map;
    map.length = 0;
    put_number(&map, inside);
    put_byte(&map, ' ');
    put_number(&map, outside);
    put_raw(&map, " 1\n");
    map.text[map.length] = '\0';
    return write_file(path, map.text);
}

long write_id_map(const char *path, long id)
{
    return write_map(path, id, id);
}

/* user_namespaces(7): an unprivileged writer of gid_map must have given up setgroups(2) before. */
static long map_own_ids(long user, long group, bool as_root)
{
    const long denied = write_file("/proc/self/setgroups", "deny");
    if (denied < 0)
        return denied;
    const long users = write_map("/proc/self/uid_map", as_root ? 0 : user, user);
    return users < 0 ? users : write_map("/proc/self/gid_map", as_root ? 0 : group, group);
}

static long enter(unsigned long flags, bool as_root)
{
    const long user = kernel_call(__NR_geteuid);
    const long group = kernel_call(__NR_getegid);
    /* A non-dumpable process may not write its own id maps: EACCES, exactly what an LSM would say. */
    kernel_call(__NR_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0);
    const long result = kernel_call(__NR_unshare, flags);
    if (result < 0 || (flags & CLONE_NEWUSER) == 0)
        return result;
    return map_own_ids(user, group, as_root);
}

long enter_namespaces(unsigned long flags)
{
    return enter(flags, false);
}

long enter_namespaces_as_root(unsigned long flags)
{
    return enter(flags, true);
}

long enter_network_namespace(void)
{
    const long result = kernel_call(__NR_geteuid) == 0 ? enter_namespaces(CLONE_NEWNET) : -EPERM;
    return result == -EPERM ? enter_namespaces(CLONE_NEWUSER | CLONE_NEWNET) : result;
}

long become_foreign(void)
{
    const long groups = kernel_call(__NR_setgroups, 0, 0);
    const long group = kernel_call(__NR_setresgid, foreign_id, foreign_id, foreign_id);
    const long user = kernel_call(__NR_setresuid, foreign_id, foreign_id, foreign_id);
    /* Whoever changes ids is not dumpable, and may then not write its own id maps. */
    kernel_call(__NR_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0);
    return groups < 0 ? groups : group < 0 ? group : user;
}

long long capability_set(int which)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    struct __user_cap_data_struct data[2] = {{0, 0, 0}, {0, 0, 0}};
    const long result = kernel_call(__NR_capget, &header, data);
    if (result < 0)
        return result;
    const uint32_t low[] = {data[0].effective, data[0].permitted, data[0].inheritable};
    const uint32_t high[] = {data[1].effective, data[1].permitted, data[1].inheritable};
    return (long long)low[which] | (long long)high[which] << 32;
}
