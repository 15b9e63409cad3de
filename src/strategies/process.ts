/** A plain process: a session, a clean environment, no new privileges, a filter where the kernel lets us. Little else. */
import { isUsable, type Standings } from "../model/capability.ts";
import type { GuaranteeId } from "../model/guarantee.ts";
import type { Job } from "../model/job.ts";
import type { LauncherPlan } from "../model/plan.ts";
import {
  controlGroupLimits,
  controlGroupRules,
  cpuRule,
  decideAll,
  jobEnvironment,
  keptBy,
  notProvided,
  resourceLimits,
  supervision,
  type GuaranteeRule,
} from "./_decide.ts";
import { descriptorVariables, secretDescriptors } from "./_secrets.ts";
import { defineStrategy } from "./_strategy.ts";
import { profileMechanisms, socketsOf } from "./_system-calls.ts";

const sameView = notProvided("the job sees the caller's file system with the caller's rights");

const sameNetwork = notProvided("the job has the host's network");

/** A filter on sockets is the job's own; other processes of the caller's make them for whoever controls them. */
const someNetwork: GuaranteeRule = (circumstances) => {
  const filtered = "the job can make no socket, but can have other processes of the caller's use the network for it";
  return circumstances.job.network === "no-sockets" ? { kept: false, reason: filtered } : sameNetwork(circumstances);
};

const sameProcesses = notProvided("the job is one of the caller's processes");

/** What compat does not filter would reach the caller's other processes: there is no PID namespace to bound it. */
const filteredCalls: GuaranteeRule = (circumstances) => {
  const { seccomp } = circumstances.job;
  if (seccomp === "compat")
    return { kept: false, reason: "the compat seccomp profile lets the job trace the caller's other processes" };
  return keptBy(profileMechanisms[seccomp], "seccomp.filter", "privilege.no-new-privs")(circumstances);
};

const rules: Readonly<Record<GuaranteeId, GuaranteeRule>> = {
  "fs.read": sameView,
  "fs.write": sameView,
  "fs.metadata": sameView,
  "fs.protected": sameView,
  "fs.workspace": sameView,
  "net.none": someNetwork,
  "net.allowlist": sameNetwork,
  "net.loopback": sameNetwork,
  "ipc.sockets": sameView,
  "ipc.shared": notProvided("the job shares IPC objects and /dev/shm with the caller"),
  "proc.hidden": sameProcesses,
  "proc.signal": sameProcesses,
  "proc.tree": notProvided("what outruns the clean-up, or loses its launcher to kill -9, stays"),
  "priv.escalation": notProvided("no_new_privs holds, but the caller's sockets and files are in reach"),
  "priv.devices": sameView,
  "kernel.syscalls": filteredCalls,
  "kernel.boundary": notProvided("the job runs on the host's kernel"),
  "limit.time": notProvided("the deadline ends the job's session, not what left it"),
  ...controlGroupRules,
  "limit.cpu": cpuRule(
    notProvided("what has used its CPU time up is ended as at a deadline: not what left the session"),
  ),
  "limit.disk": notProvided("the job writes where the caller may"),
  "limit.output": notProvided("the job can open the caller's own streams by their paths"),
  "env.clean": keptBy("the environment is built from nothing"),
  "secret.private": notProvided(
    "the job is one of the caller's processes, which can read each other's memory and files",
  ),
  "tty.safe": notProvided("the job does not hold the caller's terminal, but may open it by its path"),
};

function plan(job: Job, matrix: Standings): LauncherPlan {
  const descriptors = secretDescriptors(job, false);
  const isFiltered = isUsable(matrix["seccomp.filter"]);
  return {
    kind: "launcher",
    namespaces: [],
    outside: "caller",
    root: [],
    loopbackUp: false,
    setup: job.setup?.command,
    command: job.command,
    directory: job.workspace.mode === "empty" ? "/" : job.directory,
    descriptors,
    environment: jobEnvironment(job, "/tmp", "job", descriptorVariables(descriptors)),
    umask: 0o022,
    resourceLimits: resourceLimits({ job, matrix }),
    controlGroup: controlGroupLimits({ job, matrix }),
    dropCapabilities: true,
    seccomp: isFiltered ? job.seccomp : "none",
    sockets: isFiltered ? socketsOf(job) : "by-profile",
    landlockScopes: [],
    terminal: job.terminal,
    ...supervision({ job, matrix }),
  };
}

/** Strategy `process`. */
export default defineStrategy({
  id: "process",
  rank: 100,
  isolation: "process",
  summary: "a session with a clean environment; keeps few guarantees",
  explanation:
    "cupel's own launcher starts the command in a session of its own with a clean environment and no new privileges. It is taken only where what it does not keep was given up by name.",
  requires: () => ["privilege.no-new-privs"],
  guarantees: (job, matrix) => decideAll(rules, { job, matrix }),
  plan,
});
