/* What a job sees: run by a trial as the job itself, inside the sandbox. One fact a step; nothing is left behind. */
#include "prober.h"

#include <asm/signal.h>
#include <linux/fcntl.h>
#include <linux/mount.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/stat.h>
#include <linux/un.h>
#include <linux/utsname.h>

enum { most_descriptors = 4096, get_flags = 0x8913 /* SIOCGIFFLAGS */, interface_up = 1 };

/* struct linux_dirent64 of getdents64(2); the name follows in place. */
struct directory_entry {
    uint64_t inode;
    int64_t offset;
    uint16_t length;
    uint8_t kind;
    char name[];
};

static void report_process(void)
{
    const long process = kernel_call(__NR_getpid);
    report("uid", kernel_call(__NR_getuid));
    report("gid", kernel_call(__NR_getgid));
    report("groups", kernel_call(__NR_getgroups, 0, 0));
    report("pid", process);
    report("ppid", kernel_call(__NR_getppid));
    report("session-leader", kernel_call(__NR_getsid, 0) == process);
    report("no-new-privs", kernel_call(__NR_prctl, PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    report("seccomp-mode", kernel_call(__NR_prctl, PR_GET_SECCOMP, 0, 0, 0, 0));
    report("capabilities-effective", capability_set(0));
    report("capabilities-permitted", capability_set(1));
    report("capabilities-inheritable", capability_set(2));
    long long bounding = 0, ambient = 0;
    for (long capability = 0; capability < 63; capability++) {
        if (kernel_call(__NR_prctl, PR_CAPBSET_READ, capability, 0, 0, 0) == 1)
            bounding |= 1LL << capability;
        if (kernel_call(__NR_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, capability, 0, 0) == 1)
            ambient |= 1LL << capability;
    }
    report("capabilities-bounding", bounding);
    report("capabilities-ambient", ambient);
    long long open = 0;
    for (long descriptor = 0; descriptor < most_descriptors; descriptor++)
        if (kernel_call(__NR_fcntl, descriptor, F_GETFD, 0) >= 0)
            open++;
    report("descriptors", open);
}

/* The number of entries of /proc whose name begins with a digit, or -errno. */
static long long count_processes(void)
{
    static _Alignas(8) char buffer[16384];
    const long directory = open_path("/proc", O_RDONLY | O_DIRECTORY);
    if (directory < 0)
        return directory;
    long long count = 0;
    long length;
    while ((length = kernel_call(__NR_getdents64, directory, buffer, sizeof buffer)) > 0)
        for (long at = 0; at < length;) {
            const struct directory_entry *entry = (const struct directory_entry *)(buffer + at);
            if (entry->name[0] >= '1' && entry->name[0] <= '9')
                count++;
            at += entry->length;
        }
    kernel_call(__NR_close, directory);
    return length < 0 ? length : count;
}

static void report_open(const char *step, const char *path, int flags)
{
    const long descriptor = open_path(path, flags);
    if (descriptor >= 0)
        kernel_call(__NR_close, descriptor);
    report_text(step, descriptor < 0 ? descriptor : 0, path);
}

/*
 * A file without a name: where the job shares the host's root, not even its directory's time changes. gVisor's kernel
 * makes none (open(2), EOPNOTSUPP), and is asked for one with a name.
 */
static void report_root_write(void)
{
    static const char name[] = "/.cupel-prober";
    long descriptor = open_path("/", O_WRONLY | O_TMPFILE);
    if (descriptor == -EOPNOTSUPP) {
        descriptor = kernel_call(__NR_openat, AT_FDCWD, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (descriptor >= 0)
            kernel_call(__NR_unlinkat, AT_FDCWD, name, 0);
    }
    if (descriptor >= 0)
        kernel_call(__NR_close, descriptor);
    report_text("root-write", descriptor < 0 ? descriptor : 0, "/");
}

static void report_files(void)
{
    report("processes", count_processes());
    report_root_write();
    report_open("core-pattern-write", "/proc/sys/kernel/core_pattern", O_WRONLY);
    report_open("sysrq-write", "/proc/sysrq-trigger", O_WRONLY);
    report_open("shadow-read", "/etc/shadow", O_RDONLY);
    /* Everybody's to read, where nothing keeps it away. */
    report_open("sys-read", "/sys", O_RDONLY | O_DIRECTORY);
    report_open("terminal-open", "/dev/tty", O_RDWR);
}

/* Interface names of /proc/net/dev, joined by blanks: two title lines, then "  name: numbers". */
static void report_interfaces(void)
{
    static char table[8192];
    char names[512];
    size_t length = 0;
    const long result = read_file("/proc/net/dev", table, sizeof table);
    const char *text = table;
    for (int line = 0; *text != '\0'; line++) {
        while (*text == ' ')
            text++;
        if (line >= 2 && length > 0 && length + 1 < sizeof names)
            names[length++] = ' ';
        for (; *text != '\0' && *text != ':' && *text != '\n'; text++)
            if (line >= 2 && length + 1 < sizeof names)
                names[length++] = *text;
        while (*text != '\0' && *text++ != '\n')
            ;
    }
    names[length] = '\0';
    report_text("interfaces", result < 0 ? result : 0, names);
}

static void report_loopback(void)
{
    struct {
        char name[16];
        short flags;
        char rest[22];
    } request = {.name = "lo", .flags = 0, .rest = {0}};
    enum { family_inet = 2, datagram = 2 };
    const long socket = kernel_call(__NR_socket, family_inet, datagram | O_CLOEXEC, 0);
    const long result = socket < 0 ? socket : kernel_call(__NR_ioctl, socket, get_flags, &request);
    if (socket >= 0)
        kernel_call(__NR_close, socket);
    report("loopback-up", result < 0 ? result : request.flags & interface_up);
}

static void report_namespaces(void)
{
    static const char *const paths[][2] = {
        {"namespace-user", "/proc/self/ns/user"},   {"namespace-mount", "/proc/self/ns/mnt"},
        {"namespace-pid", "/proc/self/ns/pid"},     {"namespace-ipc", "/proc/self/ns/ipc"},
        {"namespace-uts", "/proc/self/ns/uts"},     {"namespace-cgroup", "/proc/self/ns/cgroup"},
        {"namespace-network", "/proc/self/ns/net"},
    };
    for (size_t index = 0; index < sizeof paths / sizeof *paths; index++) {
        struct statx status;
        const long result = kernel_call(__NR_statx, AT_FDCWD, paths[index][1], 0, STATX_INO, &status);
        report(paths[index][0], result < 0 ? result : (long long)status.stx_ino);
    }
    struct new_utsname names;
    const long named = kernel_call(__NR_uname, &names);
    report_text("hostname", named, named < 0 ? 0 : names.nodename);
}

static int try_unshare(void *argument)
{
    report(argument, kernel_call(__NR_unshare, CLONE_NEWUSER));
    return 0;
}

static int try_mount(void *argument)
{
    /* In a mount namespace of its own where that is allowed, so that even a success leaves nothing. */
    kernel_call(__NR_unshare, CLONE_NEWNS);
    const long result = kernel_call(__NR_mount, 0, "/", 0, MS_REC | MS_PRIVATE, 0);
    report(argument, result < 0 ? result : kernel_call(__NR_mount, "tmpfs", "/", "tmpfs", 0, 0));
    return 0;
}

static long connect_abstract(const char *name)
{
    enum { family_unix = 1, stream = 1 };
    struct sockaddr_un address = {.sun_family = family_unix};
    /* unix(7): the first byte of an abstract name is 0, and the length says where it ends. */
    const size_t length = copy_text(address.sun_path + 1, sizeof address.sun_path - 1, name);
    const long socket = kernel_call(__NR_socket, family_unix, stream | O_CLOEXEC, 0);
    if (socket < 0)
        return socket;
    const long result =
        kernel_call(__NR_connect, socket, &address, offsetof(struct sockaddr_un, sun_path) + 1 + length);
    kernel_call(__NR_close, socket);
    return result;
}

static void report_line(const char *path)
{
    char text[256];
    const long result = read_file(path, text, sizeof text);
    report_text("line", result < 0 ? result : 0, text);
}

/* The beginning of the kernel's log, which is a kernel's own word for what it is. */
static void report_kernel_log(void)
{
    enum { read_all = 3 /* SYSLOG_ACTION_READ_ALL of syslog(2) */ };
    char text[256];
    const long length = kernel_call(__NR_syslog, read_all, text, sizeof text - 1);
    text[length > 0 ? length : 0] = '\0';
    report_text("kernel-log", length < 0 ? length : 0, text);
}

/* As ls(1) and stat(1) ask (statx(2), AT_NO_AUTOMOUNT of Linux 4.11). */
static void report_automount(void)
{
    struct statx status;
    report("automount", kernel_call(__NR_statx, AT_FDCWD, "/", AT_NO_AUTOMOUNT, STATX_BASIC_STATS, &status));
}

/*
 * Arguments are canaries that the caller knows to be reachable outside: abstract=NAME, read=PATH, write=PATH. line=PATH
 * gives a file's beginning, kernel-log that of the log; automount is one way to ask for a file's attributes.
 */
static void report_canary(const char *argument)
{
    if (starts_with(argument, "line=")) {
        report_line(argument + 5);
        return;
    }
    if (strcmp(argument, "kernel-log") == 0) {
        report_kernel_log();
        return;
    }
    if (strcmp(argument, "automount") == 0) {
        report_automount();
        return;
    }
    if (starts_with(argument, "abstract="))
        report_text("abstract-connect", connect_abstract(argument + 9), argument + 9);
    else if (starts_with(argument, "read="))
        report_open("read", argument + 5, O_RDONLY);
    else if (starts_with(argument, "write="))
        report_open("write", argument + 6, O_WRONLY);
    else
        report_text("unknown-argument", -EINVAL, argument);
}

void probe_inside(int count, char **arguments)
{
    report_process();
    report_files();
    report_interfaces();
    report_loopback();
    report_namespaces();
    report_child("unshare-user", try_unshare, "unshare-user", 1000);
    report_child("mount", try_mount, "mount", 1000);
    for (int index = 0; index < count; index++)
        report_canary(arguments[index]);
}

/* The same facts outside, to compare with; nothing is tried that is for a sandbox to deny. */
void probe_outside(int count, char **arguments)
{
    report_process();
    report_namespaces();
    for (int index = 0; index < count; index++)
        report_canary(arguments[index]);
}
