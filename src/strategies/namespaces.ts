/** Namespaces of the job's own, a root made for it, and a filter on system calls: through cupel's launcher. */
import type { CapabilityId } from "../matrix/build-matrix.ts";
import { isUsable, type Standings } from "../model/capability.ts";
import type { GuaranteeId } from "../model/guarantee.ts";
import { listsDestinations, type Job } from "../model/job.ts";
import type { LauncherPlan, NamespaceKind } from "../model/plan.ts";
import {
  controlGroupLimits,
  controlGroupRules,
  cpuRule,
  decideAll,
  firstOf,
  jobEnvironment,
  keptBy,
  notProvided,
  resourceLimits,
  supervision,
  type GuaranteeRule,
} from "./_decide.ts";
import { hasOwnNetwork, listedDestinations, loopback, noNetwork, socketRules } from "./_network-rules.ts";
import { ownRoot, rootCapabilities, takesFreshIdentity } from "./_own-root.ts";
import { proxyFor, proxyVariables } from "./_proxy.ts";
import { authorityVariables, descriptorVariables, privateSecrets, secretDescriptors } from "./_secrets.ts";
import { emptyWorkspace, jobHome, jobUser, sandboxRoot } from "./_sandbox-root.ts";
import { defineStrategy } from "./_strategy.ts";
import { profileMechanisms, socketsOf } from "./_system-calls.ts";
import {
  layerSize,
  layerStep,
  overlayProgram,
  protectedNames,
  sizedStorage,
  unchangedWorkspace,
} from "./_workspace-rules.ts";

function hasUserNamespace(matrix: Standings): boolean {
  return isUsable(matrix["userns.capable"]);
}

/** What compat does not filter, the PID namespace bounds: its first process is not dumpable, so nobody traces it. */
const signalling: GuaranteeRule = (circumstances) =>
  circumstances.job.seccomp === "compat"
    ? keptBy("a PID namespace, whose first process cannot be traced", "ns.pid")(circumstances)
    : keptBy("a PID namespace; ptrace and its like filtered", "ns.pid", "seccomp.filter")(circumstances);

/** The compat profile leaves to the PID namespace whom the job can trace. */
const filtered: GuaranteeRule = (circumstances) => {
  const { seccomp } = circumstances.job;
  const mechanism = profileMechanisms[seccomp];
  return seccomp === "compat"
    ? keptBy(mechanism, "seccomp.filter", "ns.pid")(circumstances)
    : keptBy(mechanism, "seccomp.filter")(circumstances);
};

const escalation: GuaranteeRule = (circumstances) =>
  keptBy(
    "no capability in any set, no_new_privs, and an unprivileged id outside",
    "privilege.no-new-privs",
    takesFreshIdentity(circumstances.matrix) ? "privilege.drop-identity" : "userns.capable",
  )(circumstances);

const terminalSafety: GuaranteeRule = (circumstances) =>
  keptBy(
    circumstances.job.terminal === "none"
      ? "a session without a terminal, relayed streams, TIOCSTI filtered"
      : "a terminal of the job's own, relayed, escape sequences and all; TIOCSTI filtered",
    "ns.mount",
    "seccomp.filter",
  )(circumstances);

const countedOutput = keptBy("output that has a cap goes through relays that count it together", ...rootCapabilities);

const rules: Readonly<Record<GuaranteeId, GuaranteeRule>> = {
  "fs.read": ownRoot,
  "fs.write": keptBy(
    "every mount but the granted ones is read-only or private (a FIFO in a granted directory is granted with it)",
    ...rootCapabilities,
  ),
  "fs.metadata": ownRoot,
  "fs.protected": protectedNames,
  "fs.workspace": unchangedWorkspace,
  "net.none": noNetwork,
  "net.allowlist": listedDestinations,
  "net.loopback": loopback,
  "ipc.sockets": (circumstances) => socketRules[circumstances.job.network](circumstances),
  "ipc.shared": keptBy(
    "an IPC namespace, a private /dev/shm, a session keyring of its own",
    "ns.ipc",
    ...rootCapabilities,
  ),
  "proc.hidden": keptBy("a PID namespace with its own /proc", "ns.pid", "mount.proc"),
  "proc.signal": signalling,
  "proc.tree": keptBy("the end of the PID namespace's first process ends all others", "ns.pid"),
  "priv.escalation": escalation,
  "priv.devices": keptBy("a /dev with six harmless devices; nodev on everything else", ...rootCapabilities),
  "kernel.syscalls": filtered,
  "kernel.boundary": notProvided("the job runs on the host's kernel"),
  "limit.time": keptBy("the launcher's deadline ends the PID namespace", "ns.pid"),
  ...controlGroupRules,
  "limit.cpu": cpuRule(
    keptBy("the CPU time that a control group of the job's own counts, looked at in time", "cgroup.cpu-time", "ns.pid"),
  ),
  "limit.pids": firstOf(
    controlGroupRules["limit.pids"],
    keptBy("RLIMIT_NPROC in a user namespace of the job's own", "limit.processes-in-userns", "userns.capable"),
  ),
  "limit.disk": sizedStorage,
  "limit.output": countedOutput,
  "env.clean": keptBy("the environment is built from nothing"),
  "secret.private": privateSecrets,
  "tty.safe": terminalSafety,
};

function namespacesFor(job: Job, matrix: Standings): NamespaceKind[] {
  const always: NamespaceKind[] = ["mount", "pid", "ipc", "uts"];
  return [
    ...(hasUserNamespace(matrix) ? (["user"] as const) : []),
    ...always,
    ...(isUsable(matrix["ns.cgroup"]) ? (["cgroup"] as const) : []),
    ...(hasOwnNetwork(job, matrix) ? (["network"] as const) : []),
  ];
}

/** Without a control group, a cap of the user namespace's own: it counts the job's first process too. */
function processLimit(job: Job, matrix: Standings): number | undefined {
  const pids = job.limits.pids ?? job.defaultLimits.pids;
  if (pids === undefined || isUsable(matrix["cgroup.pids"])) return undefined;
  return isUsable(matrix["limit.processes-in-userns"]) && hasUserNamespace(matrix) ? pids + 1 : undefined;
}

/** Before version 2 (Linux 5.19) no file could be moved to another directory. */
const landlockVersionMin = 2;

/** A second opinion on files, where the kernel has one: not counted on, but refused if it is less than was measured. */
function landlockVersion(matrix: Standings): number | undefined {
  const { "landlock.file-system": landlock } = matrix;
  const version = landlock?.value;
  return isUsable(landlock) && typeof version === "number" && version >= landlockVersionMin ? version : undefined;
}

function landlockScopes(matrix: Standings): LauncherPlan["landlockScopes"] {
  return isUsable(matrix["landlock.scopes"]) ? ["abstract-unix-socket", "signal"] : [];
}

function plan(job: Job, matrix: Standings): LauncherPlan {
  const fresh = takesFreshIdentity(matrix);
  const ownNetwork = hasOwnNetwork(job, matrix);
  const proxy = ownNetwork && listsDestinations(job) ? proxyFor(job) : undefined;
  // Without the proxy there is no authority of its own to be shown.
  const shown = proxy === undefined ? { ...job, injections: undefined } : job;
  const descriptors = secretDescriptors(job, true);
  return {
    kind: "launcher",
    namespaces: namespacesFor(job, matrix),
    outside: fresh ? "fresh" : "caller",
    inside: hasUserNamespace(matrix) ? { uid: jobUser.uid, gid: jobUser.gid } : undefined,
    root: sandboxRoot(shown, fresh, {
      step: layerStep(job, matrix),
      size: layerSize({ job, matrix }),
      program: overlayProgram(matrix),
    }),
    hostname: jobUser.name,
    loopbackUp: ownNetwork,
    proxy,
    setup: job.setup?.command,
    publish: ownNetwork ? job.published : undefined,
    command: job.command,
    directory: job.workspace.mode === "empty" ? emptyWorkspace : job.directory,
    descriptors,
    environment: jobEnvironment(job, jobHome(job), jobUser.name, {
      ...(proxy && proxyVariables(proxy)),
      ...authorityVariables(shown),
      ...descriptorVariables(descriptors),
    }),
    umask: 0o022,
    resourceLimits: { ...resourceLimits({ job, matrix }), processes: processLimit(job, matrix) },
    controlGroup: controlGroupLimits({ job, matrix }),
    dropCapabilities: true,
    seccomp: job.seccomp,
    sockets: socketsOf(job),
    landlockScopes: landlockScopes(matrix),
    landlockVersion: landlockVersion(matrix),
    terminal: job.terminal,
    ...supervision({ job, matrix }),
  };
}

/** Strategy `namespaces`. */
export default defineStrategy({
  id: "namespaces",
  rank: 10,
  isolation: "namespace",
  summary: "namespaces, a root of its own, seccomp; through cupel's launcher",
  explanation:
    "cupel's own launcher makes user, mount, PID, IPC, UTS, control group and network namespaces, builds a root from the host's programs and what was granted, drops every privilege and loads a filter on system calls.",
  requires: (matrix): CapabilityId[] => [
    ...(takesFreshIdentity(matrix)
      ? (["privilege.drop-identity"] as const)
      : (["userns.create", "userns.capable"] as const)),
    ...rootCapabilities,
    "mount.proc",
    "ns.pid",
    "ns.ipc",
    "ns.uts",
    "privilege.no-new-privs",
    "seccomp.filter",
  ],
  guarantees: (job, matrix) => decideAll(rules, { job, matrix }),
  plan,
});
