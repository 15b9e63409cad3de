/* The parent of the command: it keeps what is to be kept, and takes what has lost its own parent. */
#include "bwrap.h"

#include <linux/fcntl.h>

/* struct flock (fcntl(2)) on 64-bit machines. */
struct file_lock {
    short type, whence;
    int64_t start, length;
    int process;
};

enum { read_lock = 0 /* F_RDLCK */ };

static void take_locks(const struct options *options)
{
    for (const struct item *item = options->locks.first; item != NULL; item = item->next) {
        const char *const path = ((const struct lock *)item)->path;
        const long file = kernel_call(__NR_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
        if (file < 0)
            die_of(file, "Unable to open lock file ", path, NULL);
        const struct file_lock lock = {.type = read_lock};
        const long result = kernel_call(__NR_fcntl, file, F_SETLK, &lock);
        if (result < 0)
            die_of(result, "Unable to lock file ", path, NULL);
    }
}

/* Until nobody is left; the command's end is told as soon as it is there. */
void reap(const struct sandbox *sandbox, long command)
{
    int code = 0;
    /* Before the locks, which are files that are open from then on. */
    const int kept[] = {sandbox->told[1], sandbox->options.sync};
    close_all_but(kept, 2);
    take_locks(&sandbox->options);
    drop_capabilities();
    load_filters(&sandbox->options);
    for (;;) {
        int status = 0;
        const long child = kernel_call(__NR_wait4, -1, &status, 0, NULL);
        if (child == command) {
            code = exit_code(status);
            tell(sandbox, message_ended, code);
        }
        if (child == -ECHILD)
            leave(code);
        /* A filter may forbid it. */
        if (child < 0 && child != -EINTR)
            die_of(child, "init wait()", NULL);
    }
}
