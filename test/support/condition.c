/*
 * condition NAME [ARGUMENT] -- COMMAND…: makes one of the hosts that cupel must tell apart, around one command. As root
 * or as an ordinary user; what needs privileges is done in a user namespace whose ids are the caller's own. Nothing of
 * it outlives the command. Conditions nest: condition no-new-privs -- condition masked-proc -- COMMAND…
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/mount.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

/* Of sys/mount.h, which does not go with linux/mount.h before glibc 2.37. */
int mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data);
int umount2(const char *target, int flags);
enum { detach = 2 };

static void fail(const char *what)
{
    fprintf(stderr, "condition: %s: %s\n", what, strerror(errno));
    exit(125);
}

static void must(int result, const char *what)
{
    if (result < 0)
        fail(what);
}

static void write_text(const char *path, const char *text)
{
    const int file = open(path, O_WRONLY | O_CLOEXEC);
    must(file, path);
    if (write(file, text, strlen(text)) < 0)
        fail(path);
    close(file);
}

/* Maps every id onto itself: from outside, with root's rights, while the child waits. */
static void unshare_as_root(int flags)
{
    int ready[2];
    char path[64], byte = 0;
    must(pipe(ready), "pipe");
    const pid_t target = getpid();
    const pid_t mapper = fork();
    must(mapper, "fork");
    if (mapper == 0) {
        if (read(ready[0], &byte, 1) != 1)
            _exit(1);
        snprintf(path, sizeof path, "/proc/%d/uid_map", target);
        write_text(path, "0 0 4294967295\n");
        snprintf(path, sizeof path, "/proc/%d/gid_map", target);
        write_text(path, "0 0 4294967295\n");
        _exit(0);
    }
    must(unshare(CLONE_NEWUSER | flags), "unshare");
    if (write(ready[1], &byte, 1) != 1)
        fail("pipe");
    int status;
    must(waitpid(mapper, &status, 0), "wait");
    if (status != 0) {
        fprintf(stderr, "condition: ids could not be mapped\n");
        exit(125);
    }
    close(ready[0]), close(ready[1]);
}

static void unshare_as_user(int flags)
{
    const uid_t user = geteuid();
    const gid_t group = getegid();
    char map[64];
    must(unshare(CLONE_NEWUSER | flags), "unshare");
    write_text("/proc/self/setgroups", "deny");
    snprintf(map, sizeof map, "%u %u 1\n", user, user);
    write_text("/proc/self/uid_map", map);
    snprintf(map, sizeof map, "%u %u 1\n", group, group);
    write_text("/proc/self/gid_map", map);
}

/* A user namespace in which the caller is who it was, with every capability until it executes something. */
static void enter_user_namespace(int flags)
{
    if (geteuid() == 0)
        unshare_as_root(flags);
    else
        unshare_as_user(flags);
}

/* A mount namespace to change at will. */
static void enter_mount_namespace(void)
{
    if (geteuid() == 0)
        must(unshare(CLONE_NEWNS), "unshare");
    else
        enter_user_namespace(CLONE_NEWNS);
    must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "make / private");
}

enum { deny = SECCOMP_RET_ERRNO, namespace_flags = 0x7e020000 };

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define RETURN(value) BPF_STMT(BPF_RET | BPF_K, value)
/* The next instruction is for this call alone. */
#define ON_CALL(name) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_##name, 0, 1)

static void install(struct sock_filter *code, unsigned short length)
{
    const struct sock_fprog filter = {.len = length, .filter = code};
    /* Root may load a filter without renouncing anything, and no_new_privs is a condition of its own. */
    if (geteuid() != 0)
        must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs");
    must(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter), "seccomp");
}

/* Somebody without an account, without groups, without privileges. */
static void become(const char *identity)
{
    const uid_t id = (uid_t)strtoul(identity, NULL, 10);
    must(setgroups(0, NULL), "setgroups");
    must(setresgid(id, id, id), "setresgid");
    must(setresuid(id, id, id), "setresuid");
}

/* As container engines do it: unshare and clone with a namespace flag get EPERM, clone3 ENOSYS. */
static void deny_unshare(const char *argument)
{
    (void)argument;
    struct sock_filter code[] = {
        LOAD(nr),
        ON_CALL(unshare), RETURN(deny | EPERM),
        ON_CALL(clone3), RETURN(deny | ENOSYS),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_clone, 0, 3),
        LOAD(args[0]),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, namespace_flags, 0, 1),
        RETURN(deny | EPERM),
        RETURN(SECCOMP_RET_ALLOW),
    };
    install(code, sizeof code / sizeof *code);
}

static void deny_mount(const char *argument)
{
    (void)argument;
    struct sock_filter code[] = {
        LOAD(nr),
        ON_CALL(mount), RETURN(deny | EPERM),
        ON_CALL(umount2), RETURN(deny | EPERM),
        ON_CALL(pivot_root), RETURN(deny | EPERM),
        ON_CALL(fsopen), RETURN(deny | EPERM),
        ON_CALL(move_mount), RETURN(deny | EPERM),
        ON_CALL(open_tree), RETURN(deny | EPERM),
        ON_CALL(mount_setattr), RETURN(deny | EPERM),
        RETURN(SECCOMP_RET_ALLOW),
    };
    install(code, sizeof code / sizeof *code);
}

/* As Linux before 5.12. */
static void hide_mount_attributes(const char *argument)
{
    (void)argument;
    struct sock_filter code[] = {
        LOAD(nr),
        ON_CALL(mount_setattr), RETURN(deny | ENOSYS),
        RETURN(SECCOMP_RET_ALLOW),
    };
    install(code, sizeof code / sizeof *code);
}

/* As AppArmor does it for a profile that allows every mount. */
static void deny_detached_mounts(const char *argument)
{
    (void)argument;
    struct sock_filter code[] = {
        LOAD(nr),
        ON_CALL(move_mount), RETURN(deny | EACCES),
        RETURN(SECCOMP_RET_ALLOW),
    };
    install(code, sizeof code / sizeof *code);
}

/* As a kernel or a sandbox that does not know the calls at all. */
static void hide_unshare(const char *argument)
{
    (void)argument;
    struct sock_filter code[] = {
        LOAD(nr),
        ON_CALL(unshare), RETURN(deny | ENOSYS),
        ON_CALL(clone3), RETURN(deny | ENOSYS),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_clone, 0, 3),
        LOAD(args[0]),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, namespace_flags, 0, 1),
        RETURN(deny | ENOSYS),
        RETURN(SECCOMP_RET_ALLOW),
    };
    install(code, sizeof code / sizeof *code);
}

static void deny_keys(const char *argument)
{
    (void)argument;
    struct sock_filter code[] = {
        LOAD(nr),
        ON_CALL(keyctl), RETURN(deny | EPERM),
        ON_CALL(add_key), RETURN(deny | EPERM),
        ON_CALL(request_key), RETURN(deny | EPERM),
        RETURN(SECCOMP_RET_ALLOW),
    };
    install(code, sizeof code / sizeof *code);
}

static void deny_tracing(const char *argument)
{
    (void)argument;
    struct sock_filter code[] = {
        LOAD(nr),
        ON_CALL(ptrace), RETURN(deny | EPERM),
        ON_CALL(process_vm_readv), RETURN(deny | EPERM),
        ON_CALL(process_vm_writev), RETURN(deny | EPERM),
        RETURN(SECCOMP_RET_ALLOW),
    };
    install(code, sizeof code / sizeof *code);
}

static void deny_landlock(const char *argument)
{
    (void)argument;
    struct sock_filter code[] = {
        LOAD(nr),
        ON_CALL(landlock_create_ruleset), RETURN(deny | EPERM),
        ON_CALL(landlock_restrict_self), RETURN(deny | EPERM),
        RETURN(SECCOMP_RET_ALLOW),
    };
    install(code, sizeof code / sizeof *code);
}

static void set_quota(const char *argument)
{
    (void)argument;
    enter_user_namespace(0);
    write_text("/proc/sys/user/max_user_namespaces", "0");
}

/* Of one kind: mnt, pid, ipc, uts, net, cgroup. */
static void set_quota_of(const char *kind)
{
    char path[64];
    enter_user_namespace(0);
    snprintf(path, sizeof path, "/proc/sys/user/max_%s_namespaces", kind);
    write_text(path, "0");
}

/*
 * Everything below / may be read and executed; /dev, /tmp and the directory named may be changed. A domain also denies
 * every change of mounts (landlock(7)).
 */
static void enter_landlock_domain(const char *directory)
{
    static const char *const open_to_all[] = {"/dev", "/tmp", "/proc", "/sys/fs/cgroup"};
    /* Rights of ABI 1 (Linux 5.13): LANDLOCK_ACCESS_FS_EXECUTE up to MAKE_SYM. */
    const struct landlock_ruleset_attr rules = {.handled_access_fs = 0x1fff};
    const int ruleset = (int)syscall(__NR_landlock_create_ruleset, &rules, sizeof rules.handled_access_fs, 0);
    must(ruleset, "landlock_create_ruleset");
    struct landlock_path_beneath_attr rule = {.allowed_access = 0xd, .parent_fd = open("/", O_PATH | O_CLOEXEC)};
    must((int)syscall(__NR_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0), "landlock_add_rule");
    rule.allowed_access = 0x1fff;
    for (size_t index = 0; index <= sizeof open_to_all / sizeof *open_to_all; index++) {
        const int is_last = index == sizeof open_to_all / sizeof *open_to_all;
        rule.parent_fd = open(is_last ? directory : open_to_all[index], O_PATH | O_CLOEXEC);
        if (rule.parent_fd >= 0)
            must((int)syscall(__NR_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0), "landlock_add_rule");
    }
    must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs");
    must((int)syscall(__NR_landlock_restrict_self, ruleset, 0), "landlock_restrict_self");
}

/* Soft limits of setrlimit(2), as hard ones: nothing under it raises them again. */
static void limit_file_size(const char *bytes)
{
    const struct rlimit limit = {strtoul(bytes, NULL, 10), strtoul(bytes, NULL, 10)};
    must(setrlimit(RLIMIT_FSIZE, &limit), "RLIMIT_FSIZE");
}

static void limit_open_files(const char *files)
{
    const struct rlimit limit = {strtoul(files, NULL, 10), strtoul(files, NULL, 10)};
    must(setrlimit(RLIMIT_NOFILE, &limit), "RLIMIT_NOFILE");
}

/* The limit is the surrounding namespace's: the one that is seen inside says something else. */
static void set_quota_above(const char *argument)
{
    (void)argument;
    int ends[2];
    char byte = 0;
    enter_user_namespace(0);
    must(pipe(ends), "pipe");
    const pid_t limiter = fork();
    must(limiter, "fork");
    if (limiter == 0) {
        if (read(ends[0], &byte, 1) != 1)
            _exit(1);
        write_text("/proc/sys/user/max_user_namespaces", "0");
        _exit(0);
    }
    enter_user_namespace(0);
    if (write(ends[1], &byte, 1) != 1)
        fail("pipe");
    must(waitpid(limiter, NULL, 0), "wait");
    close(ends[0]), close(ends[1]);
}

/* create_user_ns() lets a parent of level 32 have children still: the 34th is ENOSPC. */
static void nest_deepest(const char *argument)
{
    (void)argument;
    for (int level = 0; level < 33; level++)
        enter_user_namespace(0);
}

/* Everything that the root has, bound into a directory. */
static void fill_root(const char *directory)
{
    static const char *const names[] = {"bin", "dev", "etc", "home", "lib", "lib64", "opt", "proc", "root",
                                        "run", "sbin", "srv", "sys", "tmp", "usr", "var", "work"};
    char source[64], target[4200];
    for (size_t index = 0; index < sizeof names / sizeof *names; index++) {
        snprintf(source, sizeof source, "/%s", names[index]);
        snprintf(target, sizeof target, "%s/%s", directory, names[index]);
        struct stat status;
        if (lstat(source, &status) < 0)
            continue;
        char link[256] = "";
        if (S_ISLNK(status.st_mode) && readlink(source, link, sizeof link - 1) > 0) {
            must(symlink(link, target), target);
            continue;
        }
        must(mkdir(target, 0755), target);
        must(mount(source, target, NULL, MS_BIND | MS_REC, NULL), target);
    }
}

/* A directory that is no mount point. */
static void change_root(const char *directory)
{
    char here[4096];
    if (getcwd(here, sizeof here) == NULL)
        fail("getcwd");
    enter_mount_namespace();
    fill_root(directory);
    must(chroot(directory), directory);
    must(chdir("/"), "/");
    /* The same place, as far as it is there. */
    if (chdir(here) < 0 && errno != ENOENT && errno != EACCES)
        fail(here);
}

/* The same machine with a root of its own, in which the file lies that Docker leaves in its containers. */
static void forge_docker(const char *directory)
{
    enter_mount_namespace();
    must(mount("tmpfs", directory, "tmpfs", 0, "mode=0755"), directory);
    fill_root(directory);
    must(chdir(directory), directory);
    const int file = open(".dockerenv", O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
    must(file, ".dockerenv");
    must((int)syscall(__NR_pivot_root, ".", "."), "pivot_root");
    must(umount2(".", detach), "umount");
    must(chdir("/"), "/");
}

/*
 * As container engines do it. The kernel counts covers that cannot be taken off again: those that were there when the
 * mounts were handed to a lesser user namespace.
 */
static void mask_proc(const char *argument)
{
    (void)argument;
    static const char *const files[] = {"/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/interrupts"};
    enter_mount_namespace();
    for (size_t index = 0; index < sizeof files / sizeof *files; index++)
        if (access(files[index], F_OK) == 0)
            must(mount("/dev/null", files[index], NULL, MS_BIND, NULL), files[index]);
    must(mount("tmpfs", "/proc/fs", "tmpfs", MS_RDONLY, NULL), "/proc/fs");
    enter_user_namespace(CLONE_NEWNS);
}

static void hide_proc(const char *argument)
{
    (void)argument;
    enter_mount_namespace();
    must(mount("tmpfs", "/proc", "tmpfs", MS_RDONLY, NULL), "/proc");
}

static void hide(const char *path)
{
    enter_mount_namespace();
    must(mount("tmpfs", path, "tmpfs", MS_RDONLY, "mode=0"), path);
}

/* A file that is there and is no program, over one that is. */
static void hide_file(const char *path)
{
    enter_mount_namespace();
    must(mount("/dev/null", path, NULL, MS_BIND, NULL), path);
}

/* Processes of its own to look at, and a /proc that shows those outside. */
static void enter_pid_namespace(const char *argument)
{
    (void)argument;
    if (geteuid() == 0)
        must(unshare(CLONE_NEWPID), "unshare");
    else
        enter_user_namespace(CLONE_NEWPID);
    const pid_t child = fork();
    must(child, "fork");
    if (child == 0)
        return;
    int status;
    must(waitpid(child, &status, 0), "wait");
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

/* /dev/kvm as another one with this mode, root's own. */
static void change_device(const char *mode)
{
    enter_mount_namespace();
    must(mount("tmpfs", "/mnt", "tmpfs", 0, "mode=0755"), "/mnt");
    must(mknod("/mnt/kvm", S_IFCHR | 0600, makedev(10, 232)), "/mnt/kvm");
    must(chmod("/mnt/kvm", (mode_t)strtoul(mode, NULL, 8)), "/mnt/kvm");
    must(mount("/mnt/kvm", "/dev/kvm", NULL, MS_BIND, NULL), "/dev/kvm");
}

static void close_input(const char *argument)
{
    (void)argument;
    close(0);
}

static void lock_control_groups(const char *argument)
{
    (void)argument;
    const struct mount_attr read_only = {.attr_set = MOUNT_ATTR_RDONLY, .attr_clr = 0, .propagation = 0, .userns_fd = 0};
    enter_mount_namespace();
    must((int)syscall(__NR_mount_setattr, AT_FDCWD, "/sys/fs/cgroup", AT_RECURSIVE, &read_only, sizeof read_only),
         "/sys/fs/cgroup");
}

static void renounce(const char *argument)
{
    (void)argument;
    must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs");
}

static void empty_bounding_set(const char *argument)
{
    (void)argument;
    for (int capability = 0; prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0; capability++)
        ;
}

static void forbid_execution_in_tmp(const char *argument)
{
    (void)argument;
    enter_mount_namespace();
    must(mount("tmpfs", "/tmp", "tmpfs", MS_NOEXEC | MS_NOSUID | MS_NODEV, "mode=1777"), "/tmp");
}

/* As container engines mount it, but smaller. */
static void shrink_shared_memory(const char *argument)
{
    (void)argument;
    enter_mount_namespace();
    must(mount("tmpfs", "/dev/shm", "tmpfs", MS_NOEXEC | MS_NOSUID | MS_NODEV, "mode=1777,size=1m"), "/dev/shm");
}

/* As container engines do it: interfaces that reach much of the kernel get EPERM. */
static void deny_interfaces(const char *argument)
{
    (void)argument;
    struct sock_filter code[] = {
        LOAD(nr),
        ON_CALL(io_uring_setup), RETURN(deny | EPERM),
        ON_CALL(io_uring_enter), RETURN(deny | EPERM),
        ON_CALL(io_uring_register), RETURN(deny | EPERM),
        ON_CALL(bpf), RETURN(deny | EPERM),
        ON_CALL(perf_event_open), RETURN(deny | EPERM),
        ON_CALL(add_key), RETURN(deny | EPERM),
        ON_CALL(keyctl), RETURN(deny | EPERM),
        ON_CALL(userfaultfd), RETURN(deny | EPERM),
        RETURN(SECCOMP_RET_ALLOW),
    };
    install(code, sizeof code / sizeof *code);
}

/* As newer profiles answer what they do not know. */
static void hide_io_uring(const char *argument)
{
    (void)argument;
    struct sock_filter code[] = {
        LOAD(nr),
        ON_CALL(io_uring_setup), RETURN(deny | ENOSYS),
        ON_CALL(io_uring_enter), RETURN(deny | ENOSYS),
        ON_CALL(io_uring_register), RETURN(deny | ENOSYS),
        RETURN(SECCOMP_RET_ALLOW),
    };
    install(code, sizeof code / sizeof *code);
}

/* As file systems answer that have no O_TMPFILE. Its own bit is 0x400000; the rest of it is O_DIRECTORY. */
static void deny_unnamed_files(const char *argument)
{
    (void)argument;
    struct sock_filter code[] = {
        LOAD(nr),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_openat, 0, 3),
        LOAD(args[2]),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x400000, 0, 1),
        RETURN(deny | EOPNOTSUPP),
        RETURN(SECCOMP_RET_ALLOW),
    };
    install(code, sizeof code / sizeof *code);
}

/* A filter that is in force and denies nothing. */
static void allow_everything(const char *argument)
{
    (void)argument;
    struct sock_filter code[] = {RETURN(SECCOMP_RET_ALLOW)};
    install(code, sizeof code / sizeof *code);
}

static void lower_limits(const char *argument)
{
    (void)argument;
    const struct rlimit files = {256, 256};
    const struct rlimit size = {1UL << 40, 1UL << 40};
    must(setrlimit(RLIMIT_NOFILE, &files), "RLIMIT_NOFILE");
    must(setrlimit(RLIMIT_FSIZE, &size), "RLIMIT_FSIZE");
}

static void take_one_processor(const char *argument)
{
    (void)argument;
    cpu_set_t all, one;
    must(sched_getaffinity(0, sizeof all, &all), "sched_getaffinity");
    CPU_ZERO(&one);
    for (int processor = 0; processor < CPU_SETSIZE && CPU_COUNT(&one) == 0; processor++)
        if (CPU_ISSET(processor, &all))
            CPU_SET(processor, &one);
    must(sched_setaffinity(0, sizeof one, &one), "sched_setaffinity");
}

/* vm.memfd_noexec is a PID namespace's own since it exists (Linux 6.3): the host's stays as it is. Needs root. */
static void forbid_execution_of_memory(const char *argument)
{
    (void)argument;
    must(unshare(CLONE_NEWPID), "unshare");
    const pid_t inside = fork();
    must(inside, "fork");
    if (inside == 0) {
        must(prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0), "death signal");
        write_text("/proc/sys/vm/memfd_noexec", "2");
        return;
    }
    int status;
    must(waitpid(inside, &status, 0), "wait");
    exit(WIFEXITED(status) ? WEXITSTATUS(status) : 125);
}

/* Not a denial: container engines have it so that programs fall back on clone(2), whose flags a filter can see. */
static void hide_clone3(const char *argument)
{
    (void)argument;
    struct sock_filter code[] = {
        LOAD(nr),
        ON_CALL(clone3), RETURN(deny | ENOSYS),
        RETURN(SECCOMP_RET_ALLOW),
    };
    install(code, sizeof code / sizeof *code);
}

/* A listener that the command holds and never reads: no process below may have another. */
static void take_listener(const char *argument)
{
    (void)argument;
    struct sock_filter code[] = {
        LOAD(nr),
        ON_CALL(reboot), RETURN(SECCOMP_RET_USER_NOTIF),
        RETURN(SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog filter = {.len = sizeof code / sizeof *code, .filter = code};
    must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs");
    const long listener = syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &filter);
    must((int)listener, "listener");
    must(fcntl((int)listener, F_SETFD, 0), "listener");
}

/* As systemd mounts it: what is mounted in one mount namespace appears in the others. */
static void share_root(const char *argument)
{
    (void)argument;
    enter_mount_namespace();
    must(mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL), "make / shared");
}

static void lock_one_hierarchy(const char *controller)
{
    char path[256];
    snprintf(path, sizeof path, "/sys/fs/cgroup/%s", controller);
    const struct mount_attr read_only = {.attr_set = MOUNT_ATTR_RDONLY, .attr_clr = 0, .propagation = 0, .userns_fd = 0};
    enter_mount_namespace();
    must((int)syscall(__NR_mount_setattr, AT_FDCWD, path, AT_RECURSIVE, &read_only, sizeof read_only), path);
}

/* Locked, as in a container: a lesser user namespace cannot look below. */
static void hide_sys(const char *argument)
{
    (void)argument;
    enter_mount_namespace();
    must(mount("tmpfs", "/sys", "tmpfs", MS_RDONLY, NULL), "/sys");
    enter_user_namespace(CLONE_NEWNS);
}

/* As Docker does it. */
static void mask_sys(const char *argument)
{
    (void)argument;
    enter_mount_namespace();
    must(mount("tmpfs", "/sys/firmware", "tmpfs", MS_RDONLY, NULL), "/sys/firmware");
    enter_user_namespace(CLONE_NEWNS);
}

static void hide_processes(const char *argument)
{
    (void)argument;
    enter_mount_namespace();
    must(mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, "hidepid=2"), "hidepid");
}

/* A kernel without a file system, as far as /proc/filesystems tells. */
static void hide_file_system(const char *name)
{
    char line[256], path[] = "/tmp/cupel-filesystems-XXXXXX";
    enter_mount_namespace();
    FILE *all = fopen("/proc/filesystems", "re");
    const int copy = mkstemp(path);
    must(copy, path);
    while (all != NULL && fgets(line, sizeof line, all) != NULL)
        if (strstr(line, name) == NULL && write(copy, line, strlen(line)) < 0)
            fail(path);
    must(fchmod(copy, 0444), path);
    must(mount(path, "/proc/filesystems", NULL, MS_BIND, NULL), "/proc/filesystems");
    must(unlink(path), path);
}

/* So many Landlock domains over files around the command. */
static void enter_domains(const char *count)
{
    const struct { unsigned long long files; } rules = {1ULL << 11 /* LANDLOCK_ACCESS_FS_MAKE_BLOCK */};
    must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs");
    for (long left = strtol(count, NULL, 10); left > 0; left--) {
        const int ruleset = (int)syscall(__NR_landlock_create_ruleset, &rules, sizeof rules, 0);
        must(ruleset, "landlock_create_ruleset");
        must((int)syscall(__NR_landlock_restrict_self, ruleset, 0), "landlock_restrict_self");
        close(ruleset);
    }
}

/* A directory as a container's is: on an overlay, which the kernel takes for no layer of another one. */
static void overlay_directory(const char *path)
{
    char options[512];
    struct stat status;
    enter_mount_namespace();
    must(stat(path, &status), path);
    must(mount("tmpfs", "/mnt", "tmpfs", 0, NULL), "/mnt");
    must(mkdir("/mnt/upper", 0700), "/mnt/upper");
    must(mkdir("/mnt/work", 0700), "/mnt/work");
    must(chown("/mnt/upper", status.st_uid, status.st_gid), "/mnt/upper");
    must(chmod("/mnt/upper", status.st_mode & 07777), "/mnt/upper");
    snprintf(options, sizeof options, "lowerdir=%s,upperdir=/mnt/upper,workdir=/mnt/work", path);
    must(mount("overlay", path, "overlay", 0, options), path);
    must(umount2("/mnt", detach), "/mnt");
}

/* /dev/fuse as most distributions have it: everybody's. */
static void open_fuse(const char *argument)
{
    (void)argument;
    struct stat status;
    enter_mount_namespace();
    must(stat("/dev/fuse", &status), "/dev/fuse");
    must(mount("tmpfs", "/mnt", "tmpfs", 0, NULL), "/mnt");
    must(mknod("/mnt/fuse", S_IFCHR | 0666, status.st_rdev), "mknod");
    must(chmod("/mnt/fuse", 0666), "chmod");
    must(mount("/mnt/fuse", "/dev/fuse", NULL, MS_BIND, NULL), "/dev/fuse");
    must(umount2("/mnt", detach), "/mnt");
}

static const struct {
    const char *name;
    void (*make)(const char *argument);
    int takes_argument;
} conditions[] = {
    {"as-user", become, 1},
    {"unshare-denied", deny_unshare, 0},
    {"mount-denied", deny_mount, 0},
    {"mount-attributes-hidden", hide_mount_attributes, 0},
    {"detached-mounts-denied", deny_detached_mounts, 0},
    {"unshare-unknown", hide_unshare, 0},
    {"keys-denied", deny_keys, 0},
    {"landlock-denied", deny_landlock, 0},
    {"landlock-domain", enter_landlock_domain, 1},
    {"file-size", limit_file_size, 1},
    {"open-files", limit_open_files, 1},
    {"hidden", hide, 1},
    {"hidden-file", hide_file, 1},
    {"pid-namespace", enter_pid_namespace, 0},
    {"kvm-mode", change_device, 1},
    {"closed-input", close_input, 0},
    {"namespace-quota", set_quota_of, 1},
    {"userns-quota", set_quota, 0},
    {"userns-quota-above", set_quota_above, 0},
    {"userns-depth", nest_deepest, 0},
    {"chroot", change_root, 1},
    {"forged-docker", forge_docker, 1},
    {"masked-proc", mask_proc, 0},
    {"no-proc", hide_proc, 0},
    {"read-only-cgroups", lock_control_groups, 0},
    {"no-new-privs", renounce, 0},
    {"bounding-empty", empty_bounding_set, 0},
    {"noexec-tmp", forbid_execution_in_tmp, 0},
    {"small-shm", shrink_shared_memory, 0},
    {"interfaces-denied", deny_interfaces, 0},
    {"io-uring-hidden", hide_io_uring, 0},
    {"tracing-denied", deny_tracing, 0},
    {"no-unnamed-files", deny_unnamed_files, 0},
    {"filter-without-effect", allow_everything, 0},
    {"low-limits", lower_limits, 0},
    {"one-processor", take_one_processor, 0},
    {"memfd-noexec", forbid_execution_of_memory, 0},
    {"clone3-hidden", hide_clone3, 0},
    {"listener-taken", take_listener, 0},
    {"shared-root", share_root, 0},
    {"read-only-hierarchy", lock_one_hierarchy, 1},
    {"no-sys", hide_sys, 0},
    {"masked-sys", mask_sys, 0},
    {"hidden-processes", hide_processes, 0},
    {"no-file-system", hide_file_system, 1},
    {"overlaid", overlay_directory, 1},
    {"landlocked", enter_domains, 1},
    {"open-fuse", open_fuse, 0},
};

int main(int count, char **arguments)
{
    for (size_t index = 0; index < sizeof conditions / sizeof *conditions && count > 1; index++) {
        const int command = 3 + conditions[index].takes_argument;
        if (strcmp(conditions[index].name, arguments[1]) != 0 || count <= command)
            continue;
        if (strcmp(arguments[command - 1], "--") != 0)
            break;
        conditions[index].make(conditions[index].takes_argument ? arguments[2] : NULL);
        execvp(arguments[command], arguments + command);
        fail(arguments[command]);
    }
    fprintf(stderr, "usage: condition NAME [ARGUMENT] -- COMMAND...\n");
    return 125;
}
