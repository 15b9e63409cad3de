/* Where the caller is. */
#include "bwrap.h"

#include <asm/stat.h>
#include <linux/fcntl.h>

static bool is_here(const char *path)
{
    struct stat here, there;
    return kernel_call(__NR_newfstatat, AT_FDCWD, ".", &here, 0) >= 0 &&
           kernel_call(__NR_newfstatat, AT_FDCWD, path, &there, 0) >= 0 && here.st_dev == there.st_dev &&
           here.st_ino == there.st_ino;
}

/* By the name that the caller has for it, where that leads there (get_current_dir_name(3)); NULL where none does. */
const char *own_directory(void)
{
    enum { path_bytes = 4096 };
    const char *const named = variable("PWD");
    if (named != NULL && named[0] == '/' && is_here(named))
        return named;
    char *const path = allocate(path_bytes);
    /* What lies outside of this root has a name in brackets before it (getcwd(2)). */
    return kernel_call(__NR_getcwd, path, path_bytes) > 0 && path[0] == '/' ? path : NULL;
}
