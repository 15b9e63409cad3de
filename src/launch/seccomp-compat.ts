/**
 * The compat seccomp profile, as data: what differs from the default one, so that debuggers and other unusual programs
 * work. It allows what a PID namespace bounds, and still denies what reaches outside the sandbox. A tracer gets nothing
 * past the filter: since Linux 4.8 it judges a call after the tracer has changed it.
 */
import { defaultSeccompProfile, socketRule } from "./seccomp-profile.ts";
import { always, withEntries, type SeccompProfile, type SeccompRule } from "./seccomp-rule.ts";
import type { SystemCallName } from "./system-call-numbers.ts";

/** One call that compat treats otherwise than the default profile, and why it may. */
export interface CompatDifference {
  readonly name: SystemCallName;
  readonly rule: SeccompRule;
  readonly because: string;
}

function allowed(name: SystemCallName, because: string): CompatDifference {
  return { name, rule: always("allow"), because };
}

/** NETLINK_ROUTE and NETLINK_SOCK_DIAG (linux/netlink.h). */
const askingProtocols = [0, 4];

/**
 * Every difference. io_uring is none of them: its operations open files and make sockets past every filter. Nor are
 * userfaultfd, bpf, perf_event_open and keys: they are the kernel's own, and no namespace bounds them.
 */
export const compatDifferences: readonly CompatDifference[] = [
  allowed("ptrace", "reaches the processes of its PID namespace, whose first one lets nobody trace it (not dumpable)"),
  allowed("process_vm_readv", "asks for the same right as ptrace"),
  allowed("process_vm_writev", "asks for the same right as ptrace"),
  allowed("process_madvise", "asks for the same right as ptrace"),
  allowed(
    "pidfd_getfd",
    "asks for the same right as ptrace, and no process of the sandbox has a descriptor that leads out",
  ),
  allowed("kcmp", "asks for the same right as ptrace, and only compares"),
  allowed("move_pages", "moves pages of processes that the caller may trace"),
  allowed("migrate_pages", "moves pages of processes that the caller may trace"),
  allowed("personality", "changes the process itself; set-id programs, which it could harm, give no rights here"),
  allowed("modify_ldt", "changes the process itself; 32-bit calls stay closed"),
  allowed("name_to_handle_at", "names a file by a handle that open_by_handle_at, still denied, would take"),
  { name: "socket", rule: socketRule(askingProtocols), because: "sock_diag tells what /proc/net tells anyhow" },
];

/** The compat profile. */
export const compatSeccompProfile: SeccompProfile = withEntries(defaultSeccompProfile, compatDifferences);
