/**
 * The default seccomp profile, as data: calls that reach beyond a sandbox or into rarely used parts of the kernel.
 * Everything else is allowed.
 *
 * What a filter cannot see: anything behind a pointer. Names of extended attributes are such (setxattr of security.*):
 * there the kernel's own demand for capabilities has to do, and a job has none. openat2 and clone3 are denied for it.
 * socketcall(2), which would hide a socket's family in the same way, exists on 32-bit architectures alone.
 */
import {
  always,
  entriesOf,
  notPermitted,
  unknownCall,
  where,
  type SeccompEntry,
  type SeccompProfile,
  type SeccompRule,
} from "./seccomp-rule.ts";

const EAFNOSUPPORT = 97;
const EPROTONOSUPPORT = 93;

/** S_ISUID and S_ISGID (inode(7)): where a job may write, a file with them would lend the owner's rights to anyone. */
const setIdBits = 0o6000;

/** O_CREAT and __O_TMPFILE, the same on both architectures (asm-generic/fcntl.h): without them there is no mode. */
const creatingBits = 0o20000100;

function denySetId(modeArgument: number): SeccompRule {
  const isPlain = { argument: modeArgument, type: "umode_t", mask: setIdBits, values: [0] } as const;
  return where(isPlain, "allow", notPermitted);
}

function denySetIdOnCreation(flagsArgument: number, modeArgument: number): SeccompRule {
  const isNoCreation = { argument: flagsArgument, type: "int", mask: creatingBits, values: [0] } as const;
  const { clauses, otherwise } = denySetId(modeArgument);
  return { clauses: [...clauses, { when: [isNoCreation], answer: "allow" }], otherwise };
}

/** Files that would lend their owner's rights to whoever runs them. mkdir(2) takes no such bits. */
export const setIdEntries: readonly SeccompEntry[] = [
  { name: "chmod", rule: denySetId(1) },
  { name: "fchmod", rule: denySetId(1) },
  { name: "fchmodat", rule: denySetId(2) },
  { name: "fchmodat2", rule: denySetId(2) },
  { name: "mknod", rule: denySetId(1) },
  { name: "mknodat", rule: denySetId(2) },
  { name: "creat", rule: denySetId(1) },
  { name: "open", rule: denySetIdOnCreation(1, 2) },
  { name: "openat", rule: denySetIdOnCreation(2, 3) },
  // Its mode lies behind a pointer; programs that know it take openat instead.
  { name: "openat2", rule: always(unknownCall) },
];

/**
 * CLONE_NEWNS, CGROUP, UTS, IPC, USER, PID and NET (linux/sched.h). CLONE_NEWTIME is none of clone(2)'s: there its bit
 * belongs to the exit signal.
 */
const namespaceBits = 0x7e02_0000;

/** CLONE_VM, FS, FILES, SIGHAND, THREAD and SYSVSEM: what a thread stops sharing with the others of its process. */
const unsharingBits = 0x0005_0f00;

/** No namespace of the job's own: in one it would have every capability. */
export const namespaceEntries: readonly SeccompEntry[] = [
  {
    name: "clone",
    rule: where(
      { argument: 0, type: "lower half of unsigned long", mask: namespaceBits, values: [0] },
      "allow",
      notPermitted,
    ),
  },
  // A filter cannot look behind its pointer; EPERM would break threads in glibc 2.34 and later.
  { name: "clone3", rule: always(unknownCall) },
  // Compared whole: any other bit makes a namespace, now or in a later kernel.
  {
    name: "unshare",
    rule: where({ argument: 0, type: "unsigned long", mask: ~unsharingBits >>> 0, values: [0] }, "allow", notPermitted),
  },
  ...entriesOf(always(notPermitted), ["setns"]),
];

/**
 * The first process of a sandbox is cupel's, under the job's own user id, which is all that prlimit(2) asks for: with a
 * limit on its CPU time or its files a job could end it.
 */
export const firstProcessEntries: readonly SeccompEntry[] = [
  { name: "prlimit64", rule: where({ argument: 0, type: "int", values: [1] }, notPermitted, "allow") },
];

/**
 * TIOCSTI and TIOCLINUX push input into a terminal; TIOCSETD loads a line discipline, a module that the job chooses
 * (ioctl_tty(2)).
 */
const terminalEntry: SeccompEntry = {
  name: "ioctl",
  rule: where({ argument: 1, type: "unsigned int", values: [0x5412, 0x541c, 0x5423] }, notPermitted, "allow"),
};

/** Numbers of address families (linux/socket.h). */
export const families = { unix: 1, inet: 2, inet6: 10, netlink: 16 } as const;

/** Sockets of some families; of netlink's protocols only some, the first of which, 0, is NETLINK_ROUTE. */
export function socketRule(netlinkProtocols: readonly number[]): SeccompRule {
  const isCommon = { argument: 0, type: "int", values: [families.unix, families.inet, families.inet6] } as const;
  const isNetlink = { argument: 0, type: "int", values: [families.netlink] } as const;
  return {
    clauses: [
      { when: [isCommon], answer: "allow" },
      { when: [isNetlink, { argument: 2, type: "int", values: netlinkProtocols }], answer: "allow" },
      { when: [isNetlink], answer: { errno: EPROTONOSUPPORT } },
    ],
    otherwise: { errno: EAFNOSUPPORT },
  };
}

/** The other families are little used and much attacked; vsock leads out of a virtual machine. */
const socketEntries: readonly SeccompEntry[] = [
  { name: "socket", rule: socketRule([0]) },
  // TIPC makes pairs as well; the others fail, after their module has been loaded.
  {
    name: "socketpair",
    rule: where({ argument: 0, type: "int", values: [families.unix] }, "allow", { errno: EAFNOSUPPORT }),
  },
];

/** The profile that every sandbox of cupel's own loads unless it is told otherwise. */
export const defaultSeccompProfile: SeccompProfile = {
  otherwise: "allow",
  entries: [
    ...namespaceEntries,
    ...setIdEntries,
    ...firstProcessEntries,
    ...socketEntries,
    terminalEntry,
    // Other processes: their memory, their descriptors, their place in memory.
    ...entriesOf(always(notPermitted), ["ptrace", "process_vm_readv", "process_vm_writev", "process_madvise"]),
    ...entriesOf(always(notPermitted), ["pidfd_getfd", "kcmp", "move_pages", "migrate_pages"]),
    // Mounts and roots. statmount and listmount stay: they tell no more than /proc/self/mountinfo.
    ...entriesOf(always(notPermitted), ["mount", "umount2", "pivot_root", "chroot", "open_tree", "open_tree_attr"]),
    ...entriesOf(always(notPermitted), ["move_mount", "mount_setattr", "fsopen", "fsconfig", "fsmount", "fspick"]),
    ...entriesOf(always(notPermitted), ["quotactl", "quotactl_fd", "swapon", "swapoff"]),
    // Around paths: files by handle, file systems by device number, namespaces by id.
    ...entriesOf(always(notPermitted), ["name_to_handle_at", "open_by_handle_at"]),
    ...entriesOf(always(unknownCall), ["ustat", "sysfs", "listns"]),
    // The kernel itself.
    ...entriesOf(always(notPermitted), ["kexec_load", "kexec_file_load", "init_module", "finit_module"]),
    ...entriesOf(always(notPermitted), ["delete_module", "create_module", "get_kernel_syms", "query_module"]),
    ...entriesOf(always(notPermitted), ["bpf", "perf_event_open", "userfaultfd", "fanotify_init", "lookup_dcookie"]),
    ...entriesOf(always(notPermitted), ["syslog", "acct", "reboot", "vhangup", "nfsservctl", "uselib", "_sysctl"]),
    ...entriesOf(always(notPermitted), ["iopl", "ioperm", "modify_ldt"]),
    // Keys are shared by user id, across namespaces.
    ...entriesOf(always(notPermitted), ["add_key", "request_key", "keyctl"]),
    // Its operations pass no filter on calls.
    ...entriesOf(always(unknownCall), ["io_uring_setup", "io_uring_enter", "io_uring_register"]),
    // Clocks and names of the whole host.
    ...entriesOf(always(notPermitted), ["settimeofday", "clock_settime", "clock_adjtime", "adjtimex"]),
    ...entriesOf(always(notPermitted), ["sethostname", "setdomainname"]),
    // PER_LINUX, ADDR_NO_RANDOMIZE and the query; others switch protections off.
    {
      name: "personality",
      rule: where({ argument: 0, type: "unsigned int", values: [0, 0x0004_0000, 0xffff_ffff] }, "allow", notPermitted),
    },
  ],
};
