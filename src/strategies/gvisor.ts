/** The sandbox of `namespaces`, with gVisor's kernel in it, on which the job runs in the place of the host's. */
import type { CapabilityId } from "../matrix/build-matrix.ts";
import { isUsable, type Standings } from "../model/capability.ts";
import type { GuaranteeDecision, GuaranteeId } from "../model/guarantee.ts";
import type { Job } from "../model/job.ts";
import type { LauncherPlan, NamespaceKind } from "../model/plan.ts";
import { allOf, keptBy, notProvided, type GuaranteeRule } from "./_decide.ts";
import { gvisorGuest, rootForGvisor } from "./_gvisor-guest.ts";
import { textOf } from "./_made-elsewhere.ts";
import { hasOwnNetwork } from "./_network-rules.ts";
import { rootCapabilities, takesFreshIdentity } from "./_own-root.ts";
import { jobUser } from "./_sandbox-root.ts";
import { defineStrategy } from "./_strategy.ts";
import namespaces from "./namespaces.ts";

function byGvisor(mechanism: string): GuaranteeRule {
  return keptBy(mechanism, "gvisor.run");
}

const escalation: GuaranteeRule = (circumstances) =>
  keptBy(
    "no capability on gVisor's kernel, no_new_privs on both, and gVisor itself has an unprivileged id outside",
    "gvisor.run",
    "privilege.no-new-privs",
    takesFreshIdentity(circumstances.matrix) ? "privilege.drop-identity" : "userns.capable",
  )(circumstances);

/** A pseudo-terminal of gVisor's would have to be relayed out of it. */
const terminalSafety: GuaranteeRule = (circumstances) =>
  circumstances.job.terminal === "none"
    ? byGvisor("a session without a terminal; gVisor's kernel is given pipes and no terminal")(circumstances)
    : notProvided("jobs in gVisor have no terminal (--tty)")(circumstances);

const ownProcesses = byGvisor("gVisor's kernel knows of the job's processes and no others");

/** What another kernel keeps in another way; all the rest the sandbox around it keeps, as that of `namespaces` does. */
const ownRules: Readonly<Partial<Record<GuaranteeId, GuaranteeRule>>> = {
  "fs.write": keptBy("every mount but the granted ones is read-only or private", ...rootCapabilities, "gvisor.run"),
  "ipc.sockets": byGvisor("gVisor connects to no socket of the host's, by path or by name"),
  "ipc.shared": byGvisor("queues, shared memory and keys are those of gVisor's kernel, and the job's alone"),
  "proc.hidden": ownProcesses,
  "proc.signal": ownProcesses,
  "proc.tree": allOf(byGvisor("with gVisor's kernel ends all that runs on it"), keptBy("a PID namespace", "ns.pid")),
  "priv.escalation": escalation,
  "priv.devices": byGvisor("the devices of gVisor's kernel, which stand for none of the host's"),
  "kernel.syscalls": byGvisor("gVisor's kernel answers the job's system calls, and filters those of the profile"),
  "kernel.boundary": byGvisor("gVisor's kernel answers the job's system calls; the host's answers gVisor's alone"),
  "limit.pids": byGvisor("RLIMIT_NPROC, which gVisor's kernel counts for all of the job's processes together"),
  "tty.safe": terminalSafety,
};

function guarantees(job: Job, matrix: Standings): GuaranteeDecision[] {
  return namespaces.guarantees(job, matrix).map((decision) => {
    const rule = ownRules[decision.id];
    return rule === undefined ? decision : { id: decision.id, ...rule({ job, matrix }) };
  });
}

/** A namespace's own network leads somewhere only through it; gVisor's own stack has a loopback and nothing else. */
function sharesNetwork(job: Job, made: LauncherPlan, matrix: Standings): boolean {
  if (job.network === "no-sockets") return false;
  return made.proxy !== undefined || made.publish !== undefined || !hasOwnNetwork(job, matrix);
}

/** gVisor is ruled through a socket with a name in its network namespace: one of its own, wherever the job has no use of it. */
function namespacesOf(made: LauncherPlan, network: "own" | "shared", matrix: Standings): readonly NamespaceKind[] {
  const isApart = made.namespaces.includes("network") || network === "shared" || !isUsable(matrix["ns.network"]);
  return isApart ? made.namespaces : [...made.namespaces, "network"];
}

/**
 * The job's are those of gVisor's kernel, where cupel's own has another id. What the host has for them, several for each, is
 * gVisor's own affair: refused one of those, it would end, and the job with it.
 */
function processLimits(
  { limits, defaultLimits }: Job,
  { resourceLimits, controlGroup }: LauncherPlan,
): Pick<LauncherPlan, "resourceLimits" | "controlGroup"> {
  return {
    resourceLimits: { ...resourceLimits, processes: limits.pids ?? defaultLimits.pids },
    controlGroup: { ...controlGroup, pids: undefined },
  };
}

function plan(job: Job, matrix: Standings): LauncherPlan {
  // Not kept, so not asked for either: whoever gave it up by name has a job without one.
  const made = namespaces.plan({ ...job, terminal: "none" }, matrix);
  const network = sharesNetwork(job, made, matrix) ? "shared" : "own";
  return {
    ...made,
    namespaces: namespacesOf(made, network, matrix),
    guest: gvisorGuest({
      path: textOf(matrix, "program.runsc", "/usr/bin/runsc"),
      platform: textOf(matrix, "gvisor.run", "ptrace"),
      network,
      hostname: jobUser.name,
    }),
    root: rootForGvisor(made.root),
    ...processLimits(job, made),
    landlockScopes: [],
    landlockVersion: undefined,
  };
}

/** Strategy `gvisor`. */
export default defineStrategy({
  id: "gvisor",
  rank: 40,
  isolation: "user-kernel",
  summary: "the sandbox of namespaces, with gVisor's kernel in it, which answers the job instead of the host's",
  explanation:
    "cupel's launcher makes the sandbox of namespaces and starts gVisor (runsc, 20221219 or later) in it, whose kernel answers the job's system calls: what the host's kernel is asked, gVisor asks it, in namespaces, with an unprivileged id and behind a filter of its own. Starting a job takes much longer, and so does whatever calls the kernel often.",
  requires: (matrix): CapabilityId[] => [
    "program.runsc",
    "gvisor.run",
    ...namespaces.requires(matrix),
    // runsc has to be root in its own user namespace, whoever calls cupel.
    ...(takesFreshIdentity(matrix) ? (["userns.create", "userns.capable"] as const) : []),
  ],
  guarantees,
  plan,
});
