/** Blocker codes in words. */
import type { Blocker, BlockerCode, Capability } from "../model/capability.ts";
import { layerWords } from "./layer-blocks.ts";
import { clause, joinWords } from "./phrase.ts";

/** What stands in the way, as it reads after "blocked by". */
const blockerWords: Readonly<Record<BlockerCode, string>> = {
  sysctl: "a kernel setting",
  "lsm:apparmor": "AppArmor",
  "lsm:selinux": "SELinux",
  "lsm:landlock": "a surrounding Landlock domain",
  seccomp: "a system call filter",
  "no-new-privs": "no_new_privs",
  capability: "a privilege that is missing",
  chroot: "a chroot",
  "ns-limit": "a limit on namespaces",
  idmap: "missing id mappings",
  "proc-masked": "a masked /proc",
  "mount-propagation": "the way the root is mounted",
  noexec: "a noexec mount",
  nosuid: "a nosuid mount",
  nodev: "a nodev mount",
  "device-missing": "a missing device",
  "device-mode": "a device's permissions",
  "device-cgroup": "a device control group",
  "cgroup-delegation": "control groups that are not delegated",
  "cgroup-version": "the version of control groups",
  "outer-container": "the surrounding container",
  "kernel-config": "the kernel's build",
  "kernel-version": "the kernel's version",
  "boot-param": "the kernel's boot parameters",
  "module-missing": "a missing kernel module",
  "package-missing": "a missing program",
  "package-version": "a program's version",
  "hypervisor-nested-off": "a hypervisor that keeps nesting off",
  firmware: "the firmware",
  rlimit: "a resource limit",
  policy: "a policy",
  unknown: "something unexplained",
};

/** One cause, whole: `a kernel setting (sysctl, in the kernel or system): kernel.unprivileged_userns_clone is 0`. */
export function describeBlocker({ code, detail, layer }: Blocker): string {
  const place = layer === undefined ? "" : `, in the ${layerWords[layer]}`;
  return `${blockerWords[code]} (${code}${place}): ${clause(detail)}`;
}

/** The codes of a capability's blockers, each once: `sysctl and seccomp`; its state where it has none. */
export function blockerCodesOf(capability: Capability): string {
  const codes = [...new Set(capability.blockers.map((blocker) => blocker.code))];
  return codes.length === 0 ? capability.state : joinWords(codes);
}
