/* give-capability FILE: whoever executes it holds CAP_NET_RAW (capabilities(7), "File capability extended attributes"). */
#include <linux/capability.h>
#include <stdint.h>
#include <sys/xattr.h>

int main(int count, char **words)
{
    const struct vfs_cap_data data = {.magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE,
                                      .data = {{.permitted = 1U << CAP_NET_RAW}}};
    return count == 2 && setxattr(words[1], "security.capability", &data, sizeof data, 0) == 0 ? 0 : 1;
}
