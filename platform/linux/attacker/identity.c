/* Who this process is, and namespaces in which it is somebody else. */
#include "attacker.h"

#include <linux/capability.h>
#include <linux/fcntl.h>
#include <linux/mount.h>
#include <linux/prctl.h>
#include <linux/sched.h>

void read_identity(struct identity *identity)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] = {{0, 0, 0}, {0, 0, 0}};
    kernel_call(__NR_capget, &header, data);
    identity->uid = kernel_call(__NR_getuid);
    identity->effective_uid = kernel_call(__NR_geteuid);
    identity->no_new_privileges = kernel_call(__NR_prctl, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
    identity->effective = (unsigned long long)data[1].effective << 32 | data[0].effective;
    identity->permitted = (unsigned long long)data[1].permitted << 32 | data[0].permitted;
    identity->inheritable = (unsigned long long)data[1].inheritable << 32 | data[0].inheritable;
}

static const char *hexadecimal(unsigned long long number)
{
    static char text[17];
    for (size_t at = 0; at < 16; at++)
        text[at] = "0123456789abcdef"[(number >> (60 - 4 * at)) & 15];
    return text;
}

int say_identity(void)
{
    struct identity own;
    char words[160], line[200];
    read_identity(&own);
    join(words, sizeof words, decimal(own.uid), " ", decimal(own.effective_uid));
    join(line, sizeof line, "identity ", words, " ");
    join(words, sizeof words, decimal(own.no_new_privileges), " ", hexadecimal(own.effective));
    join(line, sizeof line, line, words, "\n");
    write_all(1, line, strlen(line));
    return 0;
}

static void map_id(const char *path, long id)
{
    char line[2 * number_room];
    join(line, sizeof line, "0 ", decimal(id), " 1");
    write_path(path, O_WRONLY, line);
}

long enter_namespaces(unsigned long flags)
{
    const long uid = kernel_call(__NR_getuid), gid = kernel_call(__NR_getgid);
    const long result = kernel_call(__NR_unshare, flags);
    if (result < 0 || (flags & CLONE_NEWUSER) == 0)
        return result;
    /* user_namespaces(7): without this no group can be mapped. */
    write_path("/proc/self/setgroups", O_WRONLY, "deny");
    map_id("/proc/self/uid_map", uid);
    map_id("/proc/self/gid_map", gid);
    return 0;
}

bool may_change_mounts(bool with_user)
{
    const bool is_inside = key_is("inside", "yes");
    const unsigned long flags = CLONE_NEWNS | (with_user ? CLONE_NEWUSER : 0);
    const long own = enter_namespaces(flags);
    did(with_user ? "own-user-and-mounts" : "own-mounts", own);
    if (own < 0)
        return is_inside;
    /* Otherwise what is mounted here would be mounted for everybody, too. */
    const long hidden = kernel_call(__NR_mount, 0, "/", 0, MS_REC | MS_PRIVATE, 0);
    did(with_user ? "user-private" : "private", hidden);
    return hidden == 0 || is_inside;
}
