/*
 * A kernel, booted: QEMU with an initramfs that holds nothing but this very program as its first process. What comes
 * back on the serial line is computed from a word that QEMU was given, so only a guest that got that far can say it.
 * Nothing is written to any file system: the initramfs is a descriptor that QEMU inherits.
 */
#include "prober.h"

#include <asm/signal.h>
#include <linux/fcntl.h>
#include <linux/reboot.h>
#include <linux/resource.h>

enum { token_length = 16, console_wait = 0x5409 /* TCSBRK, with an argument tcdrain(3) */ };

/* inode(7) */
enum { directory = 0040000, character_device = 0020000, regular_file = 0100000 };

static const char marker[] = "cupel-boot";
static const char greeting[] = "cupel-boot:";

static bool put_all(long file, const void *bytes, size_t length)
{
    for (size_t done = 0; done < length;) {
        const long count = kernel_call(__NR_write, file, (const char *)bytes + done, length - done);
        if (count <= 0)
            return false;
        done += (size_t)count;
    }
    return true;
}

static void put_hexadecimal(char *to, uint32_t number)
{
    for (int digit = 7; digit >= 0; digit--, number >>= 4)
        to[digit] = "0123456789abcdef"[number & 15];
}

struct entry {
    const char *name;
    uint32_t mode;
    const void *bytes;
    uint32_t length;
    uint32_t device_major, device_minor;
};

/* Documentation/driver-api/early-userspace/buffer-format.rst, "newc": thirteen numbers, the name, the bytes. */
static bool put_entry(long file, const struct entry *entry, uint32_t number)
{
    static const char padding[4];
    const uint32_t name_length = (uint32_t)strlen(entry->name) + 1;
    const uint32_t fields[13] = {
        [0] = number,        [1] = entry->mode,         [4] = 1,
        [6] = entry->length, [9] = entry->device_major, [10] = entry->device_minor,
        [11] = name_length,
    };
    char header[6 + 13 * 8] = {'0', '7', '0', '7', '0', '1'};
    for (size_t index = 0; index < 13; index++)
        put_hexadecimal(header + 6 + index * 8, fields[index]);
    return put_all(file, header, sizeof header) && put_all(file, entry->name, name_length) &&
           put_all(file, padding, -(sizeof header + name_length) & 3) && put_all(file, entry->bytes, entry->length) &&
           put_all(file, padding, -entry->length & 3);
}

/* The descriptor of an initramfs with this program as /init. It stays open over exec: QEMU reads it from there. */
static long make_initramfs(void)
{
    static char self[512 * 1024];
    long file = open_path("/proc/self/exe", O_RDONLY);
    if (file < 0)
        return file;
    const long length = kernel_call(__NR_read, file, self, sizeof self);
    kernel_call(__NR_close, file);
    if (length <= 0 || length == sizeof self)
        return length < 0 ? length : -EFBIG;
    const struct entry entries[] = {
        {"dev", directory | 0755, "", 0, 0, 0},
        {"dev/console", character_device | 0600, "", 0, 5, 1},
        {marker, regular_file | 0444, "", 0, 0, 0},
        {"init", regular_file | 0755, self, (uint32_t)length, 0, 0},
        {"TRAILER!!!", 0, "", 0, 0, 0},
    };
    file = kernel_call(__NR_memfd_create, marker, 0);
    for (uint32_t index = 0; file >= 0 && index < sizeof entries / sizeof *entries; index++)
        if (!put_entry(file, &entries[index], index + 1))
            return -EIO;
    return file;
}

/* The other hexadecimal digits: what a guest makes of the word that it was given. */
static void answer_of(char *answer, const char *token)
{
    for (size_t index = 0; index < token_length; index++) {
        const char digit = token[index];
        const int value = digit >= '0' && digit <= '9'   ? digit - '0'
                          : digit >= 'a' && digit <= 'f' ? digit - 'a' + 10
                                                         : 0;
        answer[index] = "fedcba9876543210"[value];
    }
    answer[token_length] = '\0';
}

void probe_init(int count, char **arguments)
{
    const long mark = open_path("/cupel-boot", O_RDONLY);
    if (kernel_call(__NR_getpid) != 1 || mark < 0 || count < 1 || strlen(arguments[0]) != token_length) {
        report("first-process", -EPERM);
        return;
    }
    char said[sizeof greeting + token_length + 2] = "";
    copy_text(said, sizeof greeting, greeting);
    answer_of(said + sizeof greeting - 1, arguments[0]);
    said[sizeof greeting - 1 + token_length] = '\n';
    put_all(1, said, sizeof greeting + token_length);
    kernel_call(__NR_ioctl, 1, console_wait, 1);
    kernel_call(__NR_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_RESTART, 0);
}

struct boot {
    const char *program;
    const char *kernel;
    const char *accelerator;
    char token[token_length + 1];
    long initramfs;
    int output[2];
    /* The end of what the guest and QEMU wrote. */
    char said[4096];
    size_t length;
};

/* Executes QEMU; returns only where that fails. The accelerator is named alone: nothing else may stand in for it. */
static long execute(const struct boot *boot)
{
    static char *environment[] = {0};
    char initramfs[40] = "/proc/self/fd/", command[96];
    format_number(initramfs + strlen(initramfs), boot->initramfs);
#if defined(__x86_64__)
    static const char machine[] = "q35", start[] = "console=ttyS0 quiet panic=-1 -- init ";
#else
    static const char machine[] = "virt", start[] = "console=ttyAMA0 quiet panic=-1 -- init ";
#endif
    copy_text(command, sizeof command, start);
    copy_text(command + strlen(command), token_length + 1, boot->token);
    const char *const words[] = {
        boot->program,
        "-machine",
        machine,
        "-accel",
        boot->accelerator,
        "-cpu",
        strcmp(boot->accelerator, "kvm") == 0 ? "host" : "max",
        "-m",
        "256",
        "-nodefaults",
        "-no-user-config",
        "-display",
        "none",
        "-serial",
        "stdio",
        "-no-reboot",
        "-kernel",
        boot->kernel,
        "-initrd",
        initramfs,
        "-append",
        command,
        0,
    };
    return kernel_call(__NR_execve, boot->program, words, environment);
}

static long start(const struct boot *boot)
{
    const long process = fork_child();
    if (process != 0)
        return process;
    /* A QEMU that fails an assertion of its own would leave a core file where it stands. */
    const struct rlimit64 none = {.rlim_cur = 0, .rlim_max = 0};
    kernel_call(__NR_prlimit64, 0, RLIMIT_CORE, &none, 0);
    const long told = kernel_call(__NR_fcntl, 1, F_DUPFD_CLOEXEC, 3);
    const long nothing = open_path("/dev/null", O_RDONLY);
    kernel_call(__NR_dup3, nothing, 0, 0);
    kernel_call(__NR_dup3, boot->output[1], 1, 0);
    kernel_call(__NR_dup3, boot->output[1], 2, 0);
    const long failed = execute(boot);
    kernel_call(__NR_dup3, told, 1, 0);
    report("execute", failed);
    leave(127);
}

static bool contains(const struct boot *boot, const char *text)
{
    for (size_t at = 0; at < boot->length; at++)
        if (starts_with(boot->said + at, text))
            return true;
    return false;
}

/* Keeps the last half where there is no room; lengths are of bytes without NUL. */
static void keep(struct boot *boot, const char *bytes, size_t count)
{
    if (boot->length + count >= sizeof boot->said) {
        const size_t rest = sizeof boot->said / 2;
        if (boot->length > rest) {
            memmove(boot->said, boot->said + boot->length - rest, rest);
            boot->length = rest;
        }
    }
    for (size_t index = 0; index < count && boot->length + 1 < sizeof boot->said; index++)
        if (bytes[index] != '\0')
            boot->said[boot->length++] = bytes[index];
    boot->said[boot->length] = '\0';
}

/* Reads until the answer comes (0), QEMU ends (-EPIPE), or the deadline passes. */
static long listen_for(struct boot *boot, const char *answer, long long deadline)
{
    struct {
        int descriptor;
        short events, happened;
    } wait = {boot->output[0], 1 /* POLLIN */, 0};
    char bytes[1024];
    for (;;) {
        const long long left = deadline - now_microseconds();
        if (left <= 0)
            return -ETIMEDOUT;
        const struct {
            long long seconds, nanoseconds;
        } timeout = {left / 1000000, left % 1000000 * 1000};
        const long ready = kernel_call(__NR_ppoll, &wait, 1, &timeout, 0, 0);
        if (ready == 0 || ready == -EINTR)
            continue;
        const long count = kernel_call(__NR_read, boot->output[0], bytes, sizeof bytes);
        if (count <= 0)
            return -EPIPE;
        keep(boot, bytes, (size_t)count);
        if (contains(boot, answer))
            return 0;
    }
}

/* 1 where this process holds a virtual machine of KVM: its descriptor has that name in /proc. */
static long holds_virtual_machine(long process)
{
    char path[64] = "/proc/", target[64];
    format_number(path + strlen(path), process);
    copy_text(path + strlen(path), 8, "/fd/");
    const size_t length = strlen(path);
    for (long descriptor = 0; descriptor < 128; descriptor++) {
        memset(path + length, 0, sizeof path - length);
        format_number(path + length, descriptor);
        const long size = kernel_call(__NR_readlinkat, AT_FDCWD, path, target, sizeof target - 1);
        target[size < 0 ? 0 : size] = '\0';
        if (strcmp(target, "anon_inode:kvm-vm") == 0)
            return 1;
    }
    return 0;
}

/* The last line that has something on it, without what is no printable character. */
static void report_last_line(struct boot *boot)
{
    size_t end = boot->length;
    while (end > 0 && boot->said[end - 1] <= ' ')
        end--;
    size_t begin = end;
    while (begin > 0 && boot->said[begin - 1] != '\n' && end - begin < 200)
        begin--;
    for (size_t index = begin; index < end; index++)
        if (boot->said[index] < ' ' || boot->said[index] > '~')
            boot->said[index] = ' ';
    boot->said[end] = '\0';
    report_text("last-line", 0, boot->said + begin);
}

static void make_token(char *token)
{
    unsigned char random[token_length / 2];
    kernel_call(__NR_getrandom, random, sizeof random, 0);
    for (size_t index = 0; index < token_length; index++)
        token[index] = "0123456789abcdef"[random[index / 2] >> (index % 2 * 4) & 15];
    token[token_length] = '\0';
}

static void run_boot(struct boot *boot, long milliseconds)
{
    char answer[sizeof greeting + token_length + 1] = "";
    copy_text(answer, sizeof greeting, greeting);
    answer_of(answer + sizeof greeting - 1, boot->token);
    const long long began = now_microseconds();
    const long process = start(boot);
    kernel_call(__NR_close, boot->output[1]);
    report("start", process < 0 ? process : 0);
    if (process < 0)
        return;
    const long heard = listen_for(boot, answer, began + milliseconds * 1000);
    const long long took = now_microseconds() - began;
    report("virtual-machine", holds_virtual_machine(process));
    kernel_call(__NR_kill, process, SIGKILL);
    const struct ending ending = wait_for(process);
    report_both("answer", heard < 0 ? -heard : 0, took / 1000, "milliseconds");
    if (heard == -EPIPE)
        report_both("ended", ending.error, ending.signal != 0 ? ending.signal : ending.status,
                    ending.signal != 0 ? "signal" : "exit status");
    report_last_line(boot);
}

/* QEMU KERNEL ACCELERATOR MILLISECONDS */
void probe_boot(int count, char **arguments)
{
    static struct boot boot;
    if (count != 4) {
        report("arguments", -EINVAL);
        return;
    }
    boot.program = arguments[0];
    boot.kernel = arguments[1];
    boot.accelerator = arguments[2];
    boot.initramfs = make_initramfs();
    report("initramfs", boot.initramfs < 0 ? boot.initramfs : 0);
    const long piped = kernel_call(__NR_pipe2, boot.output, O_CLOEXEC);
    if (boot.initramfs < 0 || piped < 0)
        return;
    make_token(boot.token);
    run_boot(&boot, (long)parse_number(arguments[3]));
}
