/**
 * The strict seccomp profile, as data: the calls that ordinary programs cannot do without (a shell, coreutils, compilers,
 * Python and Node with threads), and nothing else. No sockets but connected pairs, no tracing, no timers of POSIX's, no
 * System V objects, no extended attributes, no watching of files.
 */
import { firstProcessEntries, namespaceEntries, setIdEntries } from "./seccomp-profile.ts";
import {
  always,
  entriesOf,
  notPermitted,
  unknownCall,
  where,
  type SeccompEntry,
  type SeccompProfile,
} from "./seccomp-rule.ts";
import { pairsOnlyEntries } from "./seccomp-sockets.ts";
import type { SystemCallName } from "./system-call-numbers.ts";

const EINVAL = 22;
const ENOTTY = 25;
const EOPNOTSUPP = 95;

const files: readonly SystemCallName[] = [
  "read",
  "write",
  "readv",
  "writev",
  "pread64",
  "pwrite64",
  "lseek",
  "close",
  "close_range",
  "fstat",
  "newfstatat",
  "statx",
  "faccessat",
  "faccessat2",
  "readlinkat",
  "getdents64",
  "getcwd",
  "chdir",
  "fchdir",
  "mkdirat",
  "unlinkat",
  "renameat",
  "renameat2",
  "linkat",
  "symlinkat",
  "utimensat",
  "truncate",
  "ftruncate",
  "fallocate",
  "fadvise64",
  "fsync",
  "fdatasync",
  "statfs",
  "fstatfs",
  "umask",
  "dup",
  "dup3",
  "fcntl",
  "flock",
  "pipe2",
  "sendfile",
  "copy_file_range",
];

const memory: readonly SystemCallName[] = ["brk", "mmap", "mprotect", "munmap", "mremap", "madvise", "membarrier"];

const processes: readonly SystemCallName[] = [
  "execve",
  "execveat",
  "exit",
  "exit_group",
  "wait4",
  "waitid",
  "kill",
  "tgkill",
  "getpid",
  "getppid",
  "gettid",
  "getpgid",
  "setpgid",
  "setsid",
  "getuid",
  "geteuid",
  "getgid",
  "getegid",
  "getresuid",
  "getresgid",
  "getgroups",
  "getrusage",
  "times",
  "sysinfo",
  "uname",
  "getcpu",
  "sched_yield",
  "sched_getaffinity",
  "set_tid_address",
  "set_robust_list",
  "rseq",
  "futex",
  "getrandom",
];

const signalsAndTime: readonly SystemCallName[] = [
  "rt_sigaction",
  "rt_sigprocmask",
  "rt_sigreturn",
  "rt_sigsuspend",
  "rt_sigtimedwait",
  "sigaltstack",
  "restart_syscall",
  "clock_gettime",
  "clock_getres",
  "clock_nanosleep",
  "nanosleep",
  "gettimeofday",
  "getitimer",
  "setitimer",
];

const waiting: readonly SystemCallName[] = [
  "ppoll",
  "pselect6",
  "epoll_create1",
  "epoll_ctl",
  "epoll_pwait",
  "eventfd2",
  // The sandbox's first process, which is behind the same filter, waits with it.
  "signalfd4",
  // Of a pair's ends.
  "sendto",
  "recvfrom",
  "sendmsg",
  "recvmsg",
  "shutdown",
  "getsockname",
  "getpeername",
  "getsockopt",
];

/** A process can only tighten itself with these; the launcher does so behind the filter, before the job. */
const tightening: readonly SystemCallName[] = [
  "landlock_create_ruleset",
  "landlock_add_rule",
  "landlock_restrict_self",
];

/** Older names for the same, of x86-64 alone; the C library still calls them there. */
const older: readonly SystemCallName[] = [
  "stat",
  "lstat",
  "access",
  "readlink",
  "mkdir",
  "rmdir",
  "unlink",
  "rename",
  "link",
  "symlink",
  "dup2",
  "pipe",
  "poll",
  "select",
  "epoll_wait",
  "fork",
  "vfork",
  "getpgrp",
  "pause",
  "alarm",
  "time",
];

/** Calls whose failure for want of privileges programs expect, and that no program expects to be missing. */
const unprivileged: readonly SystemCallName[] = [
  "chown",
  "fchown",
  "lchown",
  "fchownat",
  "setuid",
  "setgid",
  "setreuid",
  "setregid",
  "setresuid",
  "setresgid",
  "setgroups",
  "setfsuid",
  "setfsgid",
  "setpriority",
  "ioprio_set",
  "sched_setscheduler",
  "sched_setparam",
  "sched_setattr",
  "sched_setaffinity",
  "mlock",
  "mlock2",
  "mlockall",
  "mknod",
  "mknodat",
  "mount",
  "umount2",
  "pivot_root",
  "chroot",
  "unshare",
  "ptrace",
  "process_vm_readv",
  "process_vm_writev",
  "personality",
];

/** A file system without extended attributes answers so. */
const extendedAttributes: readonly SystemCallName[] = [
  "getxattr",
  "lgetxattr",
  "fgetxattr",
  "listxattr",
  "llistxattr",
  "flistxattr",
  "setxattr",
  "lsetxattr",
  "fsetxattr",
  "removexattr",
  "lremovexattr",
  "fremovexattr",
];

/**
 * Of terminals: attributes (TCGETS, TCSETS, …SW, …SF, TCSBRK, TCXONC, TCFLSH, TCGETS2), session and size (TIOCSCTTY,
 * TIOCGPGRP, TIOCSPGRP, TIOCGWINSZ, TIOCSWINSZ, TIOCNOTTY, TIOCGSID), their making (TIOCGPTN, TIOCSPTLCK, TIOCGPTPEER);
 * of all files FIONREAD, FIONBIO, FIONCLEX, FIOCLEX, and FICLONE (asm-generic/ioctls.h, linux/fs.h).
 */
const fileCommands = [
  0x5401, 0x5402, 0x5403, 0x5404, 0x5409, 0x540a, 0x540b, 0x802c_542a, 0x540e, 0x540f, 0x5410, 0x5413, 0x5414, 0x5422,
  0x5429, 0x8004_5430, 0x4004_5431, 0x5441, 0x541b, 0x5421, 0x5450, 0x5451, 0x4004_9409,
];

/**
 * PDEATHSIG, DUMPABLE and NAME (to set and to get), SECCOMP and CAPBSET (to read), CHILD_SUBREAPER, NO_NEW_PRIVS, and the
 * naming of memory (PR_SET_VMA) (linux/prctl.h).
 */
const processOptions = [1, 2, 3, 4, 15, 16, 21, 23, 36, 37, 38, 39, 0x5356_4d41];

/** ARCH_SET_GS, SET_FS, GET_FS and GET_GS (asm/prctl.h): where threads keep what is their own. */
const threadOptions = [0x1001, 0x1002, 0x1003, 0x1004];

const argued: readonly SeccompEntry[] = [
  {
    name: "ioctl",
    rule: where({ argument: 1, type: "unsigned int", values: fileCommands }, "allow", { errno: ENOTTY }),
  },
  { name: "prctl", rule: where({ argument: 0, type: "int", values: processOptions }, "allow", { errno: EINVAL }) },
  { name: "arch_prctl", rule: where({ argument: 0, type: "int", values: threadOptions }, "allow", { errno: EINVAL }) },
];

const plain = [...files, ...memory, ...processes, ...signalsAndTime, ...waiting, ...tightening, ...older];

function lacks(names: readonly SystemCallName[]): (entry: SeccompEntry) => boolean {
  return ({ name }) => !names.includes(name);
}

/** The strict profile. A call that it does not name is answered as by a kernel that lacks it. */
export const strictSeccompProfile: SeccompProfile = {
  otherwise: unknownCall,
  entries: [
    ...entriesOf(always("allow"), plain),
    ...argued,
    ...pairsOnlyEntries,
    ...firstProcessEntries,
    ...[...namespaceEntries, ...setIdEntries].filter(lacks(unprivileged)),
    ...entriesOf(always(notPermitted), unprivileged),
    ...entriesOf(always({ errno: EOPNOTSUPP }), extendedAttributes),
  ],
};
