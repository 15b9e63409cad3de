/*
 * File systems of the kernel's own, each mounted in the namespace that it shows: `filesystems NAME…`. Only those that
 * are named are tried: the first mount of some changes what everybody sees.
 */
#include "prober.h"

#include <asm/ioctls.h>
#include <linux/fcntl.h>
#include <linux/mount.h>
#include <linux/sched.h>

/* Entries of "at/class/net" beside "." and "..": a network namespace of its own has lo alone. */
static long look_at_devices(void)
{
    static _Alignas(8) char buffer[4096];
    const long directory = open_path("at/class/net", O_RDONLY | O_DIRECTORY);
    if (directory < 0)
        return directory;
    long entries = 0;
    const long length = kernel_call(__NR_getdents64, directory, buffer, sizeof buffer);
    /* struct linux_dirent64: two numbers of 8 bytes, then the record's length. */
    for (long at = 0; at < length; at += *(const unsigned short *)(buffer + at + 16))
        entries++;
    kernel_call(__NR_close, directory);
    if (length < 0)
        return length;
    const long own = file_exists("at/class/net/lo");
    return own < 0 ? own : entries == 3 ? 0 : -EIO;
}

static long look_at_groups(void)
{
    char text[64];
    const long result = read_file("at/cgroup.procs", text, sizeof text);
    return result < 0 ? result : 0;
}

static long look_at_queues(void)
{
    const long queue = kernel_call(__NR_mq_open, "cupel", O_RDWR | O_CREAT, 0600, 0);
    if (queue < 0)
        return queue;
    return file_exists("at/cupel");
}

/* pty(7): what is written on the one side is read on the other. */
static long use_terminal(void)
{
    const int unlocked = 0;
    unsigned int number = 0;
    char path[64] = "at/";
    char answer[8];
    const long master = open_path("at/ptmx", O_RDWR);
    if (master < 0)
        return master;
    long result = kernel_call(__NR_ioctl, master, TIOCSPTLCK, &unlocked);
    if (result == 0)
        result = kernel_call(__NR_ioctl, master, TIOCGPTN, &number);
    if (result < 0)
        return result;
    format_number(path + 3, number);
    const long terminal = open_path(path, O_RDWR);
    if (terminal < 0)
        return terminal;
    result = kernel_call(__NR_write, master, "x\n", 2);
    if (result == 2)
        result = kernel_call(__NR_read, terminal, answer, sizeof answer);
    return result < 0 ? result : result == 2 && answer[0] == 'x' ? 0 : -EIO;
}

static const struct kind {
    const char *type;
    unsigned long flag;
    const char *options;
    const char *used;
    long (*use)(void);
} kinds[] = {
    {"sysfs", CLONE_NEWNET, 0, "sysfs-used", look_at_devices},
    {"cgroup2", CLONE_NEWCGROUP, 0, "cgroup2-used", look_at_groups},
    {"mqueue", CLONE_NEWIPC, 0, "mqueue-used", look_at_queues},
    {"devpts", 0, "newinstance,ptmxmode=0666,mode=0620", "devpts-used", use_terminal},
};

static int mount_kind(void *argument)
{
    const struct kind *kind = argument;
    char step[64];
    copy_text(step + copy_text(step, sizeof step, kind->type), sizeof step / 2, "-place");
    const char *last = 0;
    const long entered = try_scratch(kind->flag, &last);
    report_text(step, entered, entered < 0 ? last : 0);
    if (entered < 0)
        return 0;
    make_directory("at");
    const unsigned long flags = MS_NOSUID | MS_NOEXEC | (kind->use == use_terminal ? 0 : MS_NODEV);
    const long mounted = kernel_call(__NR_mount, kind->type, "at", kind->type, flags, kind->options);
    report(kind->type, mounted);
    if (mounted == 0)
        report(kind->used, kind->use());
    return 0;
}

void probe_file_systems(int count, char **arguments)
{
    for (int index = 0; index < count; index++)
        for (size_t at = 0; at < sizeof kinds / sizeof *kinds; at++)
            if (strcmp(kinds[at].type, arguments[index]) == 0)
                report_child(kinds[at].type, mount_kind, (void *)&kinds[at], 1000);
}
