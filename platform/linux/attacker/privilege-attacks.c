/* Programs that would give privileges, devices, and files that the kernel acts upon. */
#include "attacker.h"

#include <asm/signal.h>
#include <linux/fcntl.h>
#include <linux/stat.h>

enum { output_room = 4096, child_ms = 2000 };

static void run_program(const char *path, const char *word, int output)
{
    const char *arguments[] = {path, word, 0}, *environment[] = {"LC_ALL=C", 0};
    const long nothing = open_file("/dev/null", O_RDONLY);
    kernel_call(__NR_dup3, nothing, 0, 0);
    kernel_call(__NR_dup3, output, 1, 0);
    kernel_call(__NR_dup3, output, 2, 0);
    kernel_call(__NR_fcntl, 1, F_SETFL, 0);
    leave((int)-kernel_call(__NR_execve, path, arguments, environment));
}

/* What a copy of the attacker says of itself after it was executed; true where it said anything. */
static bool ask_identity(const char *path, char *words, size_t room)
{
    int pipe[2];
    if (kernel_call(__NR_pipe2, pipe, O_CLOEXEC) < 0)
        return false;
    const long process = fork_child(child_ms);
    if (process == 0)
        run_program(path, "--identity", pipe[1]);
    close_file(pipe[1]);
    const long length = read_open(pipe[0], words, room);
    close_file(pipe[0]);
    const long status = process < 0 ? process : wait_for(process);
    did("exec", status < 0 ? status : -((status >> 8) & 0xff));
    return length > 0 && starts_with(words, "identity ");
}

static void skip_words(const char **text, int count)
{
    while (count > 0 && **text != '\0')
        count -= *(*text)++ == ' ' ? 1 : 0;
}

static void run_set_user_id(const char *path)
{
    char words[256];
    struct identity own;
    read_identity(&own);
    if (!ask_identity(path, words, sizeof words))
        return;
    saw_text("identity", words);
    const char *effective = words;
    skip_words(&effective, 2);
    const long id = parse_decimal(&effective);
    if (id != own.effective_uid)
        gained("another user's id:", decimal(id));
}

/* An output that takes nothing more: a program that writes to it stays as it is, to be looked at. */
static bool make_full_pipe(int *pipe)
{
    static const char bytes[512];
    if (kernel_call(__NR_pipe2, pipe, O_CLOEXEC | O_NONBLOCK) < 0)
        return false;
    while (kernel_call(__NR_write, pipe[1], bytes, sizeof bytes) > 0)
        ;
    while (kernel_call(__NR_write, pipe[1], bytes, 1) > 0)
        ;
    return true;
}

/* The second number after "Uid:" in /proc/PID/status; -1 where it cannot be seen. */
static long seen_effective_id(long process)
{
    char path[64], status[2048];
    join(path, sizeof path, "/proc/", decimal(process), "/status");
    const long length = read_path(path, status, sizeof status);
    const char *at = length > 0 ? find_text(status, (size_t)length, "Uid:\t") : 0;
    if (at == 0)
        return -1;
    at += sizeof "Uid:\t" - 1;
    parse_decimal(&at);
    at += *at == '\t' ? 1 : 0;
    return parse_decimal(&at);
}

static void watch_program(const char *path)
{
    enum { looks = 20, pause_ms = 10 };
    int pipe[2];
    if (!make_full_pipe(pipe))
        return;
    const long own = kernel_call(__NR_geteuid), process = fork_child(child_ms);
    if (process == 0)
        run_program(path, "--help", pipe[1]);
    long seen = own;
    for (int look = 0; process > 0 && look < looks && (seen == own || seen < 0); look++) {
        sleep_milliseconds(pause_ms);
        seen = seen_effective_id(process);
    }
    if (seen >= 0 && seen != own)
        gained("another user's id by", path);
    close_file(pipe[0]);
    close_file(pipe[1]);
    kill_and_wait(process);
}

enum ending attack_set_user_id(void)
{
    static const char *const names[] = {"/bin/su",       "/bin/mount",     "/usr/bin/su",   "/usr/bin/mount",
                                        "/usr/bin/chsh", "/usr/bin/sudo",  "/usr/bin/ping", "/usr/bin/passwd",
                                        "/bin/ping",     "/usr/bin/newgrp"};
    if (key("setuid-file") != 0)
        run_set_user_id(key("setuid-file"));
    for (size_t index = 0; index < sizeof names / sizeof *names; index++) {
        const long mode = file_mode(names[index]);
        if (mode >= 0 && (mode & mode_set_user_id) != 0)
            watch_program(names[index]);
    }
    return attempted;
}

/* Writes back what is there: a write that is taken changes nothing, and could have changed everything. */
static void write_back(const char *path)
{
    char bytes[output_room];
    const long length = read_path(path, bytes, sizeof bytes);
    if (length <= 0)
        return;
    const long written = write_path(path, O_WRONLY, bytes);
    did("write-back", written);
    if (written > 0)
        gained("written:", path);
}

static void register_format(void)
{
    static const char directory[] = "/proc/sys/fs/binfmt_misc/";
    char name[64], rule[256], path[path_room];
    join(name, sizeof name, "cupel-", mark(), "");
    join(rule, sizeof rule, ":", name, ":E::");
    join(rule, sizeof rule, rule, name, "::/bin/false:");
    did("binfmt", write_path("/proc/sys/fs/binfmt_misc/register", O_WRONLY, rule));
    join(path, sizeof path, directory, name, "");
    if (file_mode(path) >= 0) {
        gained("a format of programs registered", "");
        write_path(path, O_WRONLY, "-1");
    }
}

static bool write_back_group(const char *name, void *context)
{
    static const char *const files[] = {"/release_agent", "/notify_on_release", "/cgroup.max.descendants"};
    char path[path_room];
    (void)context;
    for (size_t index = 0; index < sizeof files / sizeof *files; index++)
        write_back(join(path, sizeof path, "/sys/fs/cgroup/", name, files[index]));
    return true;
}

enum ending attack_control_files(void)
{
    static const char *const files[] = {
        "/proc/sys/kernel/core_pattern",
        "/proc/sys/kernel/modprobe",
        "/proc/sys/kernel/hotplug",
        "/proc/sys/kernel/sysrq",
        "/proc/sys/kernel/usermodehelper/bset",

        "/proc/sys/vm/overcommit_memory",
        "/proc/sys/fs/suid_dumpable",
        "/sys/kernel/uevent_helper",
        "/sys/module/kernel/parameters/panic",
    };
    for (size_t index = 0; index < sizeof files / sizeof *files; index++)
        write_back(files[index]);
    const long trigger = open_file("/proc/sysrq-trigger", O_WRONLY);
    did("sysrq-trigger", trigger);
    if (trigger >= 0)
        gained("open for writing: /proc/sysrq-trigger", "");
    register_format();
    each_name("/sys/fs/cgroup", write_back_group, 0);
    return attempted;
}

static void open_device(const char *path)
{
    char byte;
    const long device = open_file(path, O_RDONLY);
    if (device == -ENOENT)
        return;
    did("device", device);
    /* What is on it is none of an attack's business. */
    if (device >= 0 && kernel_call(__NR_read, device, &byte, 1) == 1)
        gained("read:", path);
    close_file(device);
}

static void make_device(const char *what, unsigned type, unsigned major, unsigned minor)
{
    char byte = 1;
    const long made = kernel_call(__NR_mknodat, AT_FDCWD, "device", type | 0600, major << 8 | minor);
    did("make", made);
    if (made < 0)
        return;
    const long device = open_file("device", O_RDONLY);
    did("open", device);
    if (device >= 0 && kernel_call(__NR_read, device, &byte, 1) == 1)
        gained("a device made and read:", what);
    close_file(device);
    kernel_call(__NR_unlinkat, AT_FDCWD, "device", 0);
}

/* The first disk of /proc/partitions: its third line. */
static bool find_disk(long *major, long *minor)
{
    char text[output_room];
    const char *at = text;
    if (read_path("/proc/partitions", text, sizeof text) <= 0)
        return false;
    for (int lines = 0; lines < 2 && *at != '\0';)
        lines += *at++ == '\n' ? 1 : 0;
    for (; *at == ' '; at++)
        ;
    *major = parse_decimal(&at);
    for (; *at == ' '; at++)
        ;
    *minor = parse_decimal(&at);
    return *major >= 0 && *minor >= 0 && *minor < 256;
}

enum ending attack_devices(void)
{
    static const char *const paths[] = {"/dev/sda",     "/dev/vda",   "/dev/xvda", "/dev/nvme0n1",
                                        "/dev/mmcblk0", "/dev/dm-0",  "/dev/sda1", "/dev/vda1",
                                        "/dev/mem",     "/dev/kmem",  "/dev/port", "/dev/kmsg",
                                        "/dev/nvram",   "/dev/loop0", "/dev/sr0",  "/dev/mapper/control"};
    long major, minor;
    for (size_t index = 0; index < sizeof paths / sizeof *paths; index++)
        open_device(paths[index]);
    if (!enter_scratch())
        return attempted;
    make_device("1:5", mode_character, 1, 5);
    if (find_disk(&major, &minor))
        make_device("the first disk", mode_block, (unsigned)major, (unsigned)minor);
    leave_scratch();
    return attempted;
}
