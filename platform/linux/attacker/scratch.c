/* A directory for what attacks make. */
#include "attacker.h"

#include <linux/fcntl.h>

static char scratch[path_room];

static long try_in(const char *directory)
{
    char name[64];
    join(name, sizeof name, "/cupel-attack-", mark(), "-");
    join(scratch, sizeof scratch, directory, name, decimal(kernel_call(__NR_getpid)));
    const long made = kernel_call(__NR_mkdirat, AT_FDCWD, scratch, 0700);
    return made < 0 ? made : kernel_call(__NR_chdir, scratch);
}

bool enter_scratch(void)
{
    const char *places[] = {key("scratch"), key("workspace"), "/tmp", "/dev/shm", "/var/tmp"};
    long result = -ENOENT;
    for (size_t place = 0; place < sizeof places / sizeof *places; place++) {
        if (places[place] == 0)
            continue;
        result = try_in(places[place]);
        if (result >= 0)
            break;
    }
    did("scratch", result);
    return result >= 0;
}

static bool remove_name(const char *name, void *context)
{
    (void)context;
    if (kernel_call(__NR_unlinkat, AT_FDCWD, name, 0) < 0)
        kernel_call(__NR_unlinkat, AT_FDCWD, name, AT_REMOVEDIR);
    return true;
}

void leave_scratch(void)
{
    /* Removing names moves the others in some listings: a second look takes what the first one missed. */
    if (kernel_call(__NR_chdir, scratch) < 0)
        return;
    for (int round = 0; round < 3; round++)
        each_name(".", remove_name, 0);
    kernel_call(__NR_chdir, "/");
    kernel_call(__NR_unlinkat, AT_FDCWD, scratch, AT_REMOVEDIR);
}
