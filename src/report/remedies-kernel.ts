/** Remedies for what the kernel's settings and limits deny. */
import { advice, machineOwner, nothingHelps, resourceLimitIn, sysctlIn } from "./remedy-case.ts";
import type { RemedyCase, RemedyRow, RemedyText } from "./remedy-case.ts";

/** Values that allow what cupel needs. 28633 is what distributions recommend for rootless containers. */
const sysctlValues: Readonly<Record<string, number>> = {
  "kernel.unprivileged_userns_clone": 1,
  "user.max_user_namespaces": 28633,
  "user.max_mnt_namespaces": 28633,
  "user.max_pid_namespaces": 28633,
  "user.max_ipc_namespaces": 28633,
  "user.max_uts_namespaces": 28633,
  "user.max_net_namespaces": 28633,
  "user.max_cgroup_namespaces": 28633,
  "kernel.yama.ptrace_scope": 1,
};

/** Letters of the shell's `ulimit` for what setrlimit(2) limits. */
const limitLetters: Readonly<Record<string, string>> = {
  AS: "v",
  CPU: "t",
  FSIZE: "f",
  MEMLOCK: "l",
  NOFILE: "n",
  NPROC: "u",
  STACK: "s",
};

/** Sysctls, namespace limits, process privileges, boot parameters, the kernel itself. */
export const kernelRemedies: readonly RemedyRow[] = [
  { code: "sysctl", when: isKnownSysctl, remedy: setSysctl },
  {
    code: "sysctl",
    when: (remedyCase) => sysctlIn(remedyCase) !== undefined,
    remedy: (remedyCase) =>
      advice(
        machineOwner(remedyCase),
        `decide whether ${sysctlIn(remedyCase) ?? ""} may allow it; cupel has no value to propose`,
      ),
  },
  {
    code: "sysctl",
    remedy: (remedyCase) => advice(machineOwner(remedyCase), "decide whether the kernel setting may allow it"),
  },
  {
    code: "ns-limit",
    when: (remedyCase) => isKnownSysctl(remedyCase) && / is 0\b/u.test(remedyCase.blocker.detail),
    remedy: setSysctl,
  },
  {
    code: "ns-limit",
    remedy: () => advice("you", "run cupel outside of the sandbox or the nested namespaces that it was started in"),
  },
  {
    code: "rlimit",
    when: (remedyCase) => Object.hasOwn(limitLetters, resourceLimitIn(remedyCase) ?? ""),
    remedy: raiseLimit,
  },
  {
    code: "rlimit",
    remedy: (remedyCase) =>
      advice(
        machineOwner(remedyCase),
        "raise the limit where the session or service is started (limits.conf, or Limit…= of the unit)",
      ),
  },
  {
    code: "mount-propagation",
    remedy: () =>
      advice("administrator", "start from a root that can be pivoted: leave the initramfs with switch_root"),
  },
  {
    code: "noexec",
    remedy: () =>
      advice("you", "set XDG_STATE_HOME to a directory of your own on a file system that is not mounted noexec"),
  },
  {
    code: "nosuid",
    remedy: () => advice("administrator", "install the set-uid helper on a file system that is not mounted nosuid"),
  },
  { code: "boot-param", remedy: addBootParameter },
  {
    code: "cgroup-version",
    remedy: (remedyCase) =>
      advice(
        machineOwner(remedyCase),
        "boot with systemd.unified_cgroup_hierarchy=1, or without systemd with cgroup_no_v1=all and mount cgroup2",
        "programs that know only version 1 of control groups lose theirs",
      ),
  },
  {
    code: "kernel-config",
    remedy: (remedyCase) => advice(machineOwner(remedyCase), "boot a kernel that was built with it"),
  },
  { code: "kernel-version", remedy: (remedyCase) => advice(machineOwner(remedyCase), "boot a newer kernel") },
  {
    code: "policy",
    when: ({ blocker }) => blocker.detail.includes("another hypervisor"),
    remedy: (remedyCase) => advice(machineOwner(remedyCase), "stop the other hypervisor's virtual machines"),
  },
  {
    code: "policy",
    when: ({ blocker }) => blocker.detail.includes("this session began before"),
    remedy: () => advice("you", "log in again: a session has the groups that its user had when it began"),
  },
  {
    code: "policy",
    when: ({ blocker }) => blocker.detail.includes(".sock is for"),
    remedy: () =>
      advice(
        "administrator",
        "run an engine without root for this user: who may speak to one with root is as good as root",
      ),
  },
  {
    code: "policy",
    when: ({ blocker }) => blocker.detail.startsWith("set-uid:"),
    remedy: () => advice("administrator", "take bwrap's set-uid bit away where users may make user namespaces"),
  },
  {
    code: "policy",
    remedy: () => advice("you", "none on this host: it is cupel itself, or what it was told, that rules it out"),
  },
  { code: "unknown", remedy: () => advice("you", nothingHelps) },
];

function isKnownSysctl(remedyCase: RemedyCase): boolean {
  return Object.hasOwn(sysctlValues, sysctlIn(remedyCase) ?? "");
}

function setSysctl(remedyCase: RemedyCase): RemedyText {
  const name = sysctlIn(remedyCase) ?? "";
  const place = remedyCase.facts.container === undefined ? "" : "on the host, not in the container, ";
  return {
    summary: `${place}set ${name} to ${sysctlValues[name] ?? ""} until the next boot`,
    commands: [`${remedyCase.sudo}sysctl -w ${name}=${sysctlValues[name] ?? ""}`],
    appliedBy: machineOwner(remedyCase),
    reversible: true,
    risk: sysctlRisk(name),
  };
}

function sysctlRisk(name: string): string {
  if (name === "kernel.yama.ptrace_scope") return "";
  return "every user of this host can then create namespaces, which opens more of the kernel to them";
}

function raiseLimit(remedyCase: RemedyCase): RemedyText {
  const name = resourceLimitIn(remedyCase) ?? "";
  const letter = limitLetters[name] ?? "";
  return {
    summary: `raise RLIMIT_${name} to its hard limit, in the shell that starts cupel`,
    commands: [`ulimit -S -${letter} "$(ulimit -H -${letter})"`],
    appliedBy: "you",
    reversible: true,
    risk: "",
  };
}

function addBootParameter(remedyCase: RemedyCase): RemedyText {
  if (remedyCase.blocker.detail.includes("cgroup_disable=")) {
    return advice(
      machineOwner(remedyCase),
      "take the controller out of the boot parameter cgroup_disable= and boot again",
    );
  }
  if (!/landlock/iu.test(`${remedyCase.capability.id} ${remedyCase.blocker.detail}`)) {
    return advice(machineOwner(remedyCase), "change the kernel's boot parameters and boot again");
  }
  return advice(
    machineOwner(remedyCase),
    "add landlock to the list in the boot parameter lsm= and boot again, leaving the others in it",
  );
}
