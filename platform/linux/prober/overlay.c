/*
 * Overlays: `overlay kernel DIRECTORY` and `overlay user DIRECTORY` mount one as root and in a user namespace, change
 * and remove files in it and look at what lies below; then one above DIRECTORY, unless that is empty, which stays as it
 * is. `overlay program
 * PATH` does the same through a program such as fuse-overlayfs.
 */
#include "prober.h"

#include <asm/signal.h>
#include <linux/fcntl.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <linux/stat.h>
#include <linux/wait.h>

/* MNT_DETACH of sys/mount.h. */
enum { detach = 2, path_capacity = 256, program_patience_milliseconds = 2000, wait_milliseconds = 4 };

static long as_expected(bool is)
{
    return is ? 0 : -EIO;
}

static bool is_gone(const char *path)
{
    return file_exists(path) == -ENOENT;
}

static bool is_there(const char *path)
{
    return file_exists(path) == 0;
}

static void make_layers(void)
{
    static const char *const directories[] = {"lower",  "lower/emptied", "upper", "work",
                                              "merged", "upper2",        "work2", "merged2"};
    static const char *const files[] = {"lower/changed", "lower/removed", "lower/emptied/inner"};
    for (size_t index = 0; index < sizeof directories / sizeof *directories; index++)
        make_directory(directories[index]);
    for (size_t index = 0; index < sizeof files / sizeof *files; index++)
        create_file(files[index]);
}

/* Overlays in a user namespace keep their marks in user.* attributes, which tmpfs takes since Linux 6.6. */
static void report_attributes(void)
{
    report("attributes", kernel_call(__NR_setxattr, "upper", "user.cupel", "x", 1, 0));
}

static void change_merged(void)
{
    char text[8];
    report("read-below", read_file("merged/changed", text, sizeof text));
    report("change", write_file("merged/changed", "changed"));
    const long changed = read_file("upper/changed", text, sizeof text);
    report("copied-up", changed == 7 && read_file("lower/changed", text, sizeof text) == 0 ? 0 : -EIO);
    report("remove", kernel_call(__NR_unlinkat, AT_FDCWD, "merged/removed", 0));
    report("whiteout", as_expected(is_gone("merged/removed") && is_there("lower/removed")));
    kernel_call(__NR_unlinkat, AT_FDCWD, "merged/emptied/inner", 0);
    report("remove-directory", kernel_call(__NR_unlinkat, AT_FDCWD, "merged/emptied", AT_REMOVEDIR));
    report("make-directory", make_directory("merged/emptied"));
    report("opaque", as_expected(is_there("merged/emptied") && is_gone("merged/emptied/inner") &&
                                 is_there("lower/emptied/inner")));
}

static long list_directory(const char *path)
{
    static _Alignas(8) char buffer[4096];
    const long directory = open_path(path, O_RDONLY | O_DIRECTORY);
    if (directory < 0)
        return directory;
    const long length = kernel_call(__NR_getdents64, directory, buffer, sizeof buffer);
    kernel_call(__NR_close, directory);
    return length < 0 ? length : 0;
}

/* A path may hold what separates options: the descriptor's name does not. */
static void mount_above(const char *directory, const char *more)
{
    char options[path_capacity] = "lowerdir=/proc/self/fd/";
    char name[64] = "merged2/.cupel-probe-";
    char below[4096];
    const long lower = open_path(directory, O_PATH | O_DIRECTORY);
    report("here-open", lower < 0 ? lower : 0);
    if (lower < 0)
        return;
    format_number(options + strlen(options), lower);
    copy_text(options + strlen(options), path_capacity - strlen(options), ",upperdir=upper2,workdir=work2");
    copy_text(options + strlen(options), path_capacity - strlen(options), more);
    const long mounted = kernel_call(__NR_mount, "overlay", "merged2", "overlay", MS_NOSUID | MS_NODEV, options);
    report("here-mount", mounted);
    if (mounted < 0)
        return;
    report("here-list", list_directory("merged2"));
    format_number(name + strlen(name), kernel_call(__NR_getpid));
    const long created = create_file(name);
    report("here-create", created);
    if (created == 0 && join_path(below, sizeof below, directory, name + strlen("merged2/")))
        report("here-kept", as_expected(is_gone(below)));
}

static void mount_kernel(const char *directory, const char *more)
{
    char options[path_capacity] = "lowerdir=lower,upperdir=upper,workdir=work";
    copy_text(options + strlen(options), path_capacity - strlen(options), more);
    make_layers();
    report_attributes();
    const long mounted = kernel_call(__NR_mount, "overlay", "merged", "overlay", MS_NOSUID | MS_NODEV, options);
    report("overlay", mounted);
    if (mounted < 0)
        return;
    change_merged();
    if (directory[0] != '\0')
        mount_above(directory, more);
}

static int mount_as_root(void *argument)
{
    if (enter_scratch(0))
        mount_kernel(argument, "");
    return 0;
}

/* Linux 5.11: `userxattr`, and overlays in user namespaces. */
static int mount_as_user(void *argument)
{
    if (kernel_call(__NR_geteuid) == 0)
        report("drop-identity", become_foreign());
    if (enter_scratch(CLONE_NEWUSER))
        mount_kernel(argument, ",userxattr");
    return 0;
}

static unsigned long long device_of(const char *path)
{
    struct statx status;
    if (kernel_call(__NR_statx, AT_FDCWD, path, 0, STATX_INO, &status) < 0)
        return 0;
    return (unsigned long long)status.stx_dev_major << 32 | status.stx_dev_minor;
}

static void execute(long program, const char *place)
{
    char options[path_capacity] = "lowerdir=lower,upperdir=upper,workdir=work";
    char path[path_capacity];
    char *const arguments[] = {"fuse-overlayfs", "-f", "-o", options, path, 0};
    char *const environment[] = {"PATH=/usr/bin:/bin", 0};
    join_path(path, sizeof path, place, "merged");
    /* Our standard output takes steps only. */
    const long nothing = open_path("/dev/null", O_RDWR);
    for (long descriptor = 0; descriptor <= 2; descriptor++)
        kernel_call(__NR_dup3, nothing, descriptor, 0);
    kernel_call(__NR_execveat, program, "", arguments, environment, AT_EMPTY_PATH);
    leave(127);
}

/* Waits until something is mounted on "merged", the program ends (its status), or patience does. */
static long wait_for_mount(long process, unsigned long long before)
{
    for (long waited = 0; waited < program_patience_milliseconds; waited += wait_milliseconds) {
        int status = 0;
        if (device_of("merged") != before)
            return 0;
        if (kernel_call(__NR_wait4, process, &status, WNOHANG, 0) == process) {
            report("program-ended", status >> 8 & 0xff);
            return -ECHILD;
        }
        sleep_milliseconds(wait_milliseconds);
    }
    return -ETIMEDOUT;
}

/* The program resolves its mount point, which it cannot do above "/": a directory that every host has is covered. */
static long cover_a_directory(const char **place)
{
    static const char *const places[] = {"/tmp", "/var/tmp", "/run", "/mnt"};
    long result = -ENOENT;
    for (size_t index = 0; index < sizeof places / sizeof *places && result < 0; index++) {
        *place = places[index];
        result = kernel_call(__NR_mount, "tmpfs", *place, "tmpfs", MS_NOSUID | MS_NODEV, "size=1m");
    }
    return result < 0 ? result : kernel_call(__NR_chdir, *place);
}

static int mount_by_program(void *argument)
{
    const char *place = "";
    const long program = kernel_call(__NR_openat, AT_FDCWD, argument, O_PATH, 0);
    report("program", program < 0 ? program : 0);
    const long entered = enter_namespaces_as_root(CLONE_NEWUSER | CLONE_NEWNS);
    report("namespaces", entered);
    if (program < 0 || entered < 0)
        return 0;
    const long private_root = kernel_call(__NR_mount, 0, "/", 0, MS_REC | MS_PRIVATE, 0);
    report("private-root", private_root);
    const long covered = private_root < 0 ? private_root : cover_a_directory(&place);
    report("tmpfs", covered);
    if (covered < 0)
        return 0;
    make_layers();
    const unsigned long long before = device_of("merged");
    const long process = fork_child();
    if (process == 0)
        execute(program, place);
    const long mounted = process < 0 ? process : wait_for_mount(process, before);
    report("overlay", mounted);
    if (mounted == 0)
        change_merged();
    kernel_call(__NR_umount2, "merged", detach);
    kernel_call(__NR_kill, process, SIGKILL);
    wait_for(process);
    return 0;
}

void probe_overlay(int count, char **arguments)
{
    if (count == 2 && strcmp(arguments[0], "kernel") == 0)
        report_child("overlay", mount_as_root, arguments[1], 2000);
    else if (count == 2 && strcmp(arguments[0], "user") == 0)
        report_child("overlay", mount_as_user, arguments[1], 2000);
    else if (count == 2 && strcmp(arguments[0], "program") == 0)
        report_child("overlay", mount_by_program, arguments[1], 3500);
    else
        report("arguments", -EINVAL);
}
