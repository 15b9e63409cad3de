/** What a kernel without a filter in front of it answers to calls whose arguments nothing accepts. */

/** One call that the prober makes. */
export interface KnownCall {
  /** As its manual page calls it, with the flag that matters where only that is denied at times. */
  readonly name: string;
  /** The kernel that brought it, major and minor. */
  readonly since: readonly [number, number];
  /** What the kernel's own check of the arguments says; measured on Linux 6.1, 6.12 and 6.18. */
  readonly answers: readonly string[];
  /** A setting that is there only where the call was built in: it tells "not built" from "a filter says so". */
  readonly setting?: string;
  /** Can be left out of a kernel, and no setting tells. */
  readonly isOptional?: true;
  /** Kernels ask for this capability first (all of them, or older ones): without it EPERM tells nothing. */
  readonly needs?: number;
  /** The first kernel that looks at the arguments before it asks for the capability. */
  readonly neededUntil?: readonly [number, number];
}

const sysAdmin = 21;
const dacReadSearch = 2;
const sysPtrace = 19;

/** By the prober's steps. */
export const knownCalls: Readonly<Record<string, KnownCall>> = {
  unshare: { name: "unshare", since: [2, 6], answers: ["ok"] },
  "unshare-user": { name: "unshare(CLONE_NEWUSER)", since: [3, 8], answers: ["EINVAL"] },
  "unshare-mount": { name: "unshare(CLONE_NEWNS)", since: [2, 6], answers: ["EINVAL"] },
  "clone-user": { name: "clone(CLONE_NEWUSER)", since: [3, 8], answers: ["EINVAL"] },
  clone3: { name: "clone3", since: [5, 3], answers: ["EINVAL"] },
  setns: { name: "setns", since: [3, 0], answers: ["EBADF"] },
  mount: { name: "mount", since: [2, 6], answers: ["EFAULT"] },
  umount2: { name: "umount2", since: [2, 6], answers: ["EINVAL"] },
  "open-tree": { name: "open_tree", since: [5, 2], answers: ["EINVAL"] },
  "mount-setattr": { name: "mount_setattr", since: [5, 12], answers: ["EINVAL"] },
  fsopen: { name: "fsopen", since: [5, 2], answers: ["EINVAL", "EFAULT"], needs: sysAdmin },
  "pivot-root": { name: "pivot_root", since: [2, 6], answers: ["EFAULT", "EINVAL", "ENOENT"], needs: sysAdmin },
  ptrace: { name: "ptrace", since: [2, 6], answers: ["ESRCH"] },
  "process-vm-readv": { name: "process_vm_readv", since: [3, 2], answers: ["ok", "ESRCH"] },
  bpf: {
    name: "bpf",
    since: [3, 18],
    answers: ["EINVAL"],
    setting: "kernel.unprivileged_bpf_disabled",
    needs: sysAdmin,
  },
  "perf-event-open": {
    name: "perf_event_open",
    since: [2, 6],
    answers: ["EINVAL"],
    setting: "kernel.perf_event_paranoid",
  },
  "io-uring-enter": {
    name: "io_uring_enter",
    since: [5, 1],
    answers: ["EBADF", "EINVAL"],
    setting: "kernel.io_uring_disabled",
  },
  userfaultfd: {
    name: "userfaultfd",
    since: [4, 3],
    answers: ["EINVAL"],
    setting: "vm.unprivileged_userfaultfd",
    needs: sysPtrace,
    neededUntil: [5, 11],
  },
  keyctl: { name: "keyctl", since: [2, 6], answers: ["EOPNOTSUPP"], setting: "kernel.keys.maxkeys" },
  "add-key": { name: "add_key", since: [2, 6], answers: ["EFAULT", "EINVAL"], setting: "kernel.keys.maxkeys" },
  "request-key": { name: "request_key", since: [2, 6], answers: ["EFAULT", "EINVAL"], setting: "kernel.keys.maxkeys" },
  seccomp: { name: "seccomp", since: [3, 17], answers: ["EINVAL"], setting: "kernel.seccomp.actions_avail" },
  landlock: { name: "landlock_create_ruleset", since: [5, 13], answers: ["EINVAL", "EOPNOTSUPP"], isOptional: true },
  "name-to-handle-at": { name: "name_to_handle_at", since: [2, 6], answers: ["EINVAL"], isOptional: true },
  "open-by-handle-at": {
    name: "open_by_handle_at",
    since: [2, 6],
    answers: ["EFAULT", "EBADF", "EINVAL"],
    isOptional: true,
    needs: dacReadSearch,
  },
  openat2: { name: "openat2", since: [5, 6], answers: ["EINVAL"] },
  renameat2: { name: "renameat2", since: [3, 15], answers: ["EINVAL", "EFAULT"] },
  statx: { name: "statx", since: [4, 11], answers: ["EINVAL", "EFAULT"] },
  "memfd-create": { name: "memfd_create", since: [3, 17], answers: ["EINVAL"] },
  "pidfd-open": { name: "pidfd_open", since: [5, 3], answers: ["EINVAL", "ESRCH"] },
  "pidfd-getfd": { name: "pidfd_getfd", since: [5, 6], answers: ["EINVAL"] },
  "close-range": { name: "close_range", since: [5, 9], answers: ["EINVAL"] },
};
