/* /dev and /proc of a sandbox. */
#include "bwrap.h"

#include <asm/ioctls.h>
#include <asm/stat.h>
#include <asm/termbits.h>
#include <linux/fcntl.h>
#include <linux/mount.h>
#include <linux/sched.h>

static const char *const devices[] = {"null", "zero", "full", "random", "urandom", "tty"};

static const struct {
    const char *name;
    const char *target;
} links[] = {
    {"stdin", "/proc/self/fd/0"}, {"stdout", "/proc/self/fd/1"}, {"stderr", "/proc/self/fd/2"},
    {"fd", "/proc/self/fd"},      {"core", "/proc/kcore"},       {"ptmx", "pts/ptmx"},
};

static const struct operation as_device = {.descriptor = none, .has_devices = true};

static void bind_device(const struct sandbox *sandbox, const char *source, const char *destination)
{
    make_file(destination, 0444);
    bind_mount(sandbox, join(old_root, source, NULL), destination, &as_device);
}

static bool is_of(const char *path, const struct stat *terminal)
{
    struct stat found;
    return kernel_call(__NR_newfstatat, AT_FDCWD, path, &found, 0) >= 0 && found.st_dev == terminal->st_dev &&
           found.st_ino == terminal->st_ino && found.st_rdev == terminal->st_rdev;
}

/* The caller's terminal, where standard output is one (ttyname(3)): in a sandbox its path may lead to another. */
static const char *own_terminal(const struct sandbox *sandbox)
{
    struct termios settings;
    struct stat terminal;
    if (kernel_call(__NR_ioctl, 1, TCGETS, &settings) < 0 ||
        kernel_call(__NR_newfstatat, 1, "", &terminal, AT_EMPTY_PATH) < 0)
        return NULL;
    const char *const path = path_of(sandbox, 1);
    if (starts_with(path, "/dev/") && is_of(path, &terminal))
        return path;
    return is_of("/dev/console", &terminal) ? "/dev/console" : NULL;
}

/* Found while the host's /dev is still at its place. */
void note_terminal(struct sandbox *sandbox)
{
    sandbox->terminal = own_terminal(sandbox);
}

void make_devices(const struct sandbox *sandbox, const char *destination)
{
    make_directory(destination, usual_mode);
    mount_new("tmpfs", destination, MS_SILENT | MS_NOSUID | MS_NODEV, "mode=0755");
    for (size_t index = 0; index < sizeof devices / sizeof devices[0]; index++)
        bind_device(sandbox, join("/dev/", devices[index], NULL), join(destination, "/", devices[index], NULL));
    make_directory(join(destination, "/shm", NULL), usual_mode);
    const char *const terminals = join(destination, "/pts", NULL);
    make_directory(terminals, usual_mode);
    mount_new("devpts", terminals, MS_SILENT | MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=620");
    for (size_t index = 0; index < sizeof links / sizeof links[0]; index++) {
        const char *const path = join(destination, "/", links[index].name, NULL);
        const long result = kernel_call(__NR_symlinkat, links[index].target, AT_FDCWD, path);
        if (result < 0)
            die_of(result, "Can't create symlink ", shown(path), NULL);
    }
    if (sandbox->terminal != NULL)
        bind_device(sandbox, sandbox->terminal, join(destination, "/console", NULL));
}

/* What a process of root's could change the machine by (proc(5)). */
static const char *const covered[] = {"sys", "sysrq-trigger", "irq", "bus"};

static const struct operation as_read_only = {.descriptor = none, .is_read_only = true};
static const struct operation as_it_is = {.descriptor = none};

enum { may_write = 2 /* W_OK */ };

/* A view of one's own processes takes a PID namespace: without one it is the host's. */
void make_proc(const struct sandbox *sandbox, const char *destination)
{
    const bool is_own = (sandbox->options.namespaces & CLONE_NEWPID) != 0 || sandbox->options.pid_namespace != none;
    make_directory(destination, usual_mode);
    if (is_own)
        mount_new("proc", destination, MS_SILENT | MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL);
    else
        bind_mount(sandbox, join(old_root, "/proc", NULL), destination, &as_it_is);
    for (size_t index = 0; index < sizeof covered / sizeof covered[0]; index++) {
        const char *const path = join(destination, "/", covered[index], NULL);
        const long allowed = kernel_call(__NR_faccessat, AT_FDCWD, path, may_write);
        if (allowed != -EACCES && allowed != -ENOENT && allowed != -EROFS)
            bind_mount(sandbox, path, path, &as_read_only);
    }
}
