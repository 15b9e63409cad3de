/**
 * The default seccomp profile, as data: calls that reach beyond a sandbox or into rarely used parts of the kernel.
 * Everything else is allowed. Numbers: x86-64 from arch/x86/entry/syscalls/syscall_64.tbl, arm64 from
 * include/uapi/asm-generic/unistd.h; a test holds them against the headers of the machine.
 */

/** Architectures that the profile is written for. */
export type SeccompArchitecture = "x64" | "arm64";

/** What becomes of a call. */
export type SeccompRule =
  /** Fails with this errno, whatever its arguments. */
  | { readonly rule: "deny"; readonly errno: number }
  /** Fails if the low 32 bits of an argument have any of these set: the kernel itself looks at no more of them. */
  | { readonly rule: "deny-bits"; readonly argument: number; readonly bits: number; readonly errno: number }
  /** The same, but only where another argument has any of some bits set: a mode counts only with O_CREAT. */
  | {
      readonly rule: "deny-bits-where";
      readonly argument: number;
      readonly bits: number;
      readonly whereArgument: number;
      readonly whereBits: number;
      readonly errno: number;
    }
  /** Fails if the low 32 bits of an argument are one of these. */
  | {
      readonly rule: "deny-values";
      readonly argument: number;
      readonly values: readonly number[];
      readonly errno: number;
    }
  /** Fails unless the low 32 bits of an argument are one of these. */
  | {
      readonly rule: "only-values";
      readonly argument: number;
      readonly values: readonly number[];
      readonly errno: number;
    };

/** One call: its number on each architecture (absent where it has none) and its rule. */
export interface SeccompEntry {
  readonly name: string;
  readonly x64?: number;
  readonly arm64?: number;
  readonly rule: SeccompRule;
}

const EPERM = 1;
const ENOSYS = 38;
const EAFNOSUPPORT = 97;

/** CLONE_NEWNS, CGROUP, UTS, IPC, USER, PID, NET and TIME (linux/sched.h). */
const cloneNamespaceBits = 0x7e02_0080;

const denied: SeccompRule = { rule: "deny", errno: EPERM };
/** Answered like a kernel that lacks the call, so that programs take their other path: threads through clone(2), say. */
const unknownCall: SeccompRule = { rule: "deny", errno: ENOSYS };

function deny(name: string, x64: number | undefined, arm64: number | undefined, rule = denied): SeccompEntry {
  return { name, ...(x64 === undefined ? {} : { x64 }), ...(arm64 === undefined ? {} : { arm64 }), rule };
}

/** S_ISUID and S_ISGID (inode(7)): where a job may write, a file with them would lend the owner's rights to anyone. */
const setIdBits = 0o6000;

function denySetId(argument: number): SeccompRule {
  return { rule: "deny-bits", argument, bits: setIdBits, errno: EPERM };
}

/** O_CREAT and __O_TMPFILE, the same on both architectures (asm-generic/fcntl.h). */
const creatingBits = 0o20000100;

function denySetIdOnCreation(flags: number, mode: number): SeccompRule {
  return {
    rule: "deny-bits-where",
    argument: mode,
    bits: setIdBits,
    whereArgument: flags,
    whereBits: creatingBits,
    errno: EPERM,
  };
}

/** The profile that every sandbox of cupel's own loads. */
export const defaultSeccompProfile: readonly SeccompEntry[] = [
  // Other processes: their memory, their descriptors, their namespaces.
  deny("ptrace", 101, 117),
  deny("process_vm_readv", 310, 270),
  deny("process_vm_writev", 311, 271),
  deny("process_madvise", 440, 440),
  deny("pidfd_getfd", 438, 438),
  deny("kcmp", 312, 272),
  deny("setns", 308, 268),
  deny("unshare", 272, 97),
  // A filter cannot look behind clone3's pointer; EPERM would break threads in glibc 2.34 and later.
  deny("clone3", 435, 435, unknownCall),
  deny("clone", 56, 220, { rule: "deny-bits", argument: 0, bits: cloneNamespaceBits, errno: EPERM }),
  // Mounts and roots.
  deny("mount", 165, 40),
  deny("umount2", 166, 39),
  deny("pivot_root", 155, 41),
  deny("chroot", 161, 51),
  deny("open_tree", 428, 428),
  deny("move_mount", 429, 429),
  deny("fsopen", 430, 430),
  deny("fsconfig", 431, 431),
  deny("fsmount", 432, 432),
  deny("fspick", 433, 433),
  deny("mount_setattr", 442, 442),
  deny("open_tree_attr", 467, 467),
  deny("quotactl", 179, 60),
  deny("quotactl_fd", 443, 443),
  deny("swapon", 167, 224),
  deny("swapoff", 168, 225),
  // Files by handle go around paths.
  deny("name_to_handle_at", 303, 264),
  deny("open_by_handle_at", 304, 265),
  // The kernel itself.
  deny("kexec_load", 246, 104),
  deny("kexec_file_load", 320, 294),
  deny("init_module", 175, 105),
  deny("finit_module", 313, 273),
  deny("delete_module", 176, 106),
  deny("create_module", 174, undefined),
  deny("get_kernel_syms", 177, undefined),
  deny("query_module", 178, undefined),
  deny("bpf", 321, 280),
  deny("perf_event_open", 298, 241),
  deny("userfaultfd", 323, 282),
  deny("fanotify_init", 300, 262),
  deny("lookup_dcookie", 212, 18),
  deny("syslog", 103, 116),
  deny("acct", 163, 89),
  deny("reboot", 169, 142),
  deny("vhangup", 153, 58),
  deny("nfsservctl", 180, 42),
  deny("uselib", 134, undefined),
  deny("_sysctl", 156, undefined),
  deny("iopl", 172, undefined),
  deny("ioperm", 173, undefined),
  deny("modify_ldt", 154, undefined),
  // Keys are shared by user id, across namespaces.
  deny("add_key", 248, 217),
  deny("request_key", 249, 218),
  deny("keyctl", 250, 219),
  // Its operations go around every filter on calls.
  deny("io_uring_setup", 425, 425, unknownCall),
  deny("io_uring_enter", 426, 426, unknownCall),
  deny("io_uring_register", 427, 427, unknownCall),
  // Files that lend their owner's rights.
  deny("chmod", 90, undefined, denySetId(1)),
  deny("fchmod", 91, 52, denySetId(1)),
  deny("fchmodat", 268, 53, denySetId(2)),
  deny("fchmodat2", 452, 452, denySetId(2)),
  deny("mknod", 133, undefined, denySetId(1)),
  deny("mknodat", 259, 33, denySetId(2)),
  deny("creat", 85, undefined, denySetId(1)),
  deny("open", 2, undefined, denySetIdOnCreation(1, 2)),
  deny("openat", 257, 56, denySetIdOnCreation(2, 3)),
  // Its mode lies behind a pointer; programs that know it take openat instead.
  deny("openat2", 437, 437, unknownCall),
  // Clocks and names of the whole host.
  deny("settimeofday", 164, 170),
  deny("clock_settime", 227, 112),
  deny("clock_adjtime", 305, 266),
  deny("adjtimex", 159, 171),
  deny("sethostname", 170, 161),
  deny("setdomainname", 171, 162),
  // NUMA placement of other processes.
  deny("move_pages", 279, 239),
  deny("migrate_pages", 256, 238),
  // Terminal input by ioctl: TIOCSTI, TIOCLINUX. The kernel takes the command as 32 bits (ioctl(2)).
  deny("ioctl", 16, 29, { rule: "deny-values", argument: 1, values: [0x5412, 0x541c], errno: EPERM }),
  // AF_UNIX, AF_INET, AF_INET6, AF_NETLINK: the rest is little used and much attacked; vsock leads out of a VM.
  deny("socket", 41, 198, { rule: "only-values", argument: 0, values: [1, 2, 10, 16], errno: EAFNOSUPPORT }),
  // PER_LINUX, ADDR_NO_RANDOMIZE and the query; others switch protections off.
  deny("personality", 135, 92, {
    rule: "only-values",
    argument: 0,
    values: [0, 0x0004_0000, 0xffff_ffff],
    errno: EPERM,
  }),
];
