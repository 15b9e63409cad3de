/** Remedies for what the kernel's settings and limits deny. */
import { advice, isInContainer, machineOwner, nothingHelps, resourceLimitIn, steps, sysctlIn } from "./remedy-case.ts";
import type { RemedyCase, RemedyRow, RemedyText } from "./remedy-case.ts";

/** Values that allow what cupel needs. 28633 is what distributions recommend for rootless containers. */
const quotaValue = 28_633;

const sysctlValues: Readonly<Record<string, number>> = {
  "kernel.unprivileged_userns_clone": 1,
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

const untilBoot = "this machine, until the next boot";

const creationRisk = "every user of this host can then create namespaces, which opens more of the kernel to them";

/** Sysctls, namespace limits, process privileges, boot parameters, the kernel itself. */
export const kernelRemedies: readonly RemedyRow[] = [
  {
    id: "allow-user-namespaces",
    code: "sysctl",
    scope: untilBoot,
    when: (remedyCase) => sysctlIn(remedyCase) === "kernel.unprivileged_userns_clone" && !isInContainer(remedyCase),
    remedy: allowUserNamespaces,
  },
  {
    id: "set-known-sysctl",
    code: "sysctl",
    scope: untilBoot,
    when: (remedyCase) => Object.hasOwn(sysctlValues, sysctlIn(remedyCase) ?? ""),
    remedy: (remedyCase) => {
      const name = sysctlIn(remedyCase) ?? "";
      const summary = `${placeOf(remedyCase)}set ${name} to ${sysctlValues[name] ?? ""} until the next boot`;
      return advice(machineOwner(remedyCase), summary, name.startsWith("kernel.unprivileged") ? creationRisk : "");
    },
  },
  {
    id: "decide-sysctl",
    code: "sysctl",
    scope: "this machine",
    remedy: (remedyCase) =>
      advice(
        machineOwner(remedyCase),
        `decide whether ${sysctlIn(remedyCase) ?? "the kernel setting"} may allow it; cupel has no value to propose`,
      ),
  },
  {
    id: "raise-namespace-quota",
    code: "ns-limit",
    scope: "this machine or the surrounding user namespace, until it ends",
    when: (remedyCase) => exhaustedQuotas(remedyCase).length > 0 && !isInContainer(remedyCase),
    remedy: raiseQuota,
  },
  {
    id: "raise-namespace-quota-outside",
    code: "ns-limit",
    scope: untilBoot,
    when: (remedyCase) => exhaustedQuotas(remedyCase).length > 0,
    remedy: (remedyCase) =>
      advice(
        "host operator",
        `${placeOf(remedyCase)}set ${exhaustedQuotas(remedyCase).join(" and ")} to ${quotaValue}`,
        creationRisk,
      ),
  },
  {
    id: "leave-nested-namespaces",
    code: "ns-limit",
    scope: "how cupel is started",
    remedy: () => advice("you", "run cupel outside of the sandbox or the nested namespaces that it was started in"),
  },
  {
    id: "raise-soft-limit",
    code: "rlimit",
    scope: "the shell that it is run in, and what that starts",
    when: (remedyCase) => Object.hasOwn(limitLetters, resourceLimitIn(remedyCase) ?? ""),
    remedy: raiseLimit,
  },
  {
    id: "raise-session-limit",
    code: "rlimit",
    scope: "new sessions of this user, or the service",
    remedy: (remedyCase) =>
      advice(
        machineOwner(remedyCase),
        "raise the limit where the session or service is started (limits.conf, or Limit…= of the unit)",
      ),
  },
  {
    id: "leave-initramfs",
    code: "mount-propagation",
    scope: "this machine, at its next start",
    remedy: () =>
      advice("administrator", "start from a root that can be pivoted: leave the initramfs with switch_root"),
  },
  {
    id: "choose-state-directory",
    code: "noexec",
    scope: "this user's cupel",
    remedy: () =>
      advice("you", "set XDG_STATE_HOME to a directory of your own on a file system that is not mounted noexec"),
  },
  {
    id: "move-set-uid-program",
    code: "nosuid",
    scope: "one program",
    remedy: () => advice("administrator", "install the set-uid helper on a file system that is not mounted nosuid"),
  },
  {
    id: "enable-controller-at-boot",
    code: "boot-param",
    scope: "this machine, from its next boot on",
    when: ({ blocker }) => blocker.detail.includes("cgroup_disable="),
    remedy: (remedyCase) =>
      advice(machineOwner(remedyCase), "take the controller out of the boot parameter cgroup_disable= and boot again"),
  },
  {
    id: "enable-landlock-at-boot",
    code: "boot-param",
    scope: "this machine, from its next boot on",
    when: ({ blocker, capability }) => /landlock/iu.test(`${capability.id} ${blocker.detail}`),
    remedy: (remedyCase) =>
      advice(
        machineOwner(remedyCase),
        "add landlock to the list in the boot parameter lsm= and boot again, leaving the others in it",
      ),
  },
  {
    id: "change-boot-parameter",
    code: "boot-param",
    scope: "this machine, from its next boot on",
    remedy: (remedyCase) => advice(machineOwner(remedyCase), "change the kernel's boot parameters and boot again"),
  },
  {
    id: "boot-with-version-2",
    code: "cgroup-version",
    scope: "this machine, from its next boot on",
    remedy: (remedyCase) =>
      advice(
        machineOwner(remedyCase),
        "boot with systemd.unified_cgroup_hierarchy=1, or without systemd with cgroup_no_v1=all and mount cgroup2",
        "programs that know only version 1 of control groups lose theirs",
      ),
  },
  {
    id: "boot-other-kernel",
    code: "kernel-config",
    scope: "this machine, from its next boot on",
    remedy: (remedyCase) => advice(machineOwner(remedyCase), "boot a kernel that was built with it"),
  },
  {
    id: "boot-newer-kernel",
    code: "kernel-version",
    scope: "this machine, from its next boot on",
    remedy: (remedyCase) => advice(machineOwner(remedyCase), "boot a newer kernel"),
  },
  {
    id: "stop-other-hypervisor",
    code: "policy",
    scope: "this machine",
    when: ({ blocker }) => blocker.detail.includes("another hypervisor"),
    remedy: (remedyCase) => advice(machineOwner(remedyCase), "stop the other hypervisor's virtual machines"),
  },
  {
    id: "log-in-again",
    code: "policy",
    scope: "this session",
    when: ({ blocker }) => blocker.detail.includes("this session began before"),
    remedy: () => advice("you", "log in again: a session has the groups that its user had when it began"),
  },
  {
    id: "engine-without-root",
    code: "policy",
    scope: "this user",
    when: ({ blocker }) => blocker.detail.includes(".sock is for"),
    remedy: () =>
      advice(
        "administrator",
        "run an engine without root for this user: who may speak to one with root is as good as root",
      ),
  },
  {
    id: "drop-set-uid-bit",
    code: "policy",
    scope: "the program",
    when: ({ blocker }) => blocker.detail.startsWith("set-uid:"),
    remedy: () => advice("administrator", "take bwrap's set-uid bit away where users may make user namespaces"),
  },
  {
    id: "not-on-this-host",
    code: "policy",
    scope: "nothing",
    remedy: () => advice("you", "none on this host: it is cupel itself, or what it was told, that rules it out"),
  },
  { id: "none-known", code: "unknown", scope: "nothing", remedy: () => advice("you", nothingHelps) },
];

function placeOf(remedyCase: RemedyCase): string {
  return isInContainer(remedyCase) ? "on the host, not in the container, " : "";
}

/** Debian's own setting. */
function allowUserNamespaces({ sudo }: RemedyCase): RemedyText {
  const set = (value: number): string => `${sudo}sysctl -w kernel.unprivileged_userns_clone=${value}`;
  return steps({
    summary: "set kernel.unprivileged_userns_clone to 1 until the next boot",
    commands: [set(1)],
    undo: [set(0)],
    appliedBy: "administrator",
    risk: creationRisk,
  });
}

/** Quotas (user_namespaces(7)) that the detail says are 0. */
function exhaustedQuotas({ blocker }: RemedyCase): string[] {
  return [...blocker.detail.matchAll(/\b(user\.max_[a-z]+_namespaces) is 0\b/gu)].map(([, name = ""]) => name);
}

/** A limit of zero was set by somebody, so what it was is known: 0. */
function raiseQuota(remedyCase: RemedyCase): RemedyText {
  const names = exhaustedQuotas(remedyCase);
  const set = (value: number): string[] => names.map((name) => `${remedyCase.sudo}sysctl -w ${name}=${value}`);
  return steps({
    summary: `set ${names.join(" and ")} to ${quotaValue} until the next boot`,
    commands: set(quotaValue),
    undo: set(0),
    appliedBy: "administrator",
    risk: creationRisk,
  });
}

function raiseLimit(remedyCase: RemedyCase): RemedyText {
  const name = resourceLimitIn(remedyCase) ?? "";
  const letter = limitLetters[name] ?? "";
  return advice("you", `raise RLIMIT_${name} to its hard limit (ulimit -S -${letter}), in the shell that starts cupel`);
}
