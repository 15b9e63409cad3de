/** A container by Podman, rootless or root's: made by its runtime, with cupel's launcher as its first process. */
import type { CapabilityId } from "../matrix/build-matrix.ts";
import { isUsable, type Standings } from "../model/capability.ts";
import type { GuaranteeDecision, GuaranteeId } from "../model/guarantee.ts";
import type { Job } from "../model/job.ts";
import type { LauncherPlan, MakerPlan } from "../model/plan.ts";
import {
  decisionsWith,
  lackingWords,
  layers,
  standingsWith,
  wholeSandbox,
  withoutLacking,
  type StandIns,
} from "./_stand-ins.ts";
import { defineStrategy } from "./_strategy.ts";
import namespaces from "./namespaces.ts";

/** What keeps a process in the control groups that it was put into: crun can leave them alone, runc makes its own. */
const controlGroups = [
  "cgroup.memory",
  "cgroup.pids",
  "cgroup.cpu",
  "cgroup.cpu-time",
  "cgroup.io",
  "cgroup.io-write",
] as const;

/** As the probe found it: the runtime that took a container. */
function runtimeOf(matrix: Standings): "crun" | "runc" {
  return matrix["podman.run"]?.value === "runc" ? "runc" : "crun";
}

function standInsOf(matrix: Standings): StandIns {
  return {
    program: "podman.run",
    made: wholeSandbox,
    // Podman's own layers are laid over images, and nobody could read from them what the job has changed.
    lacking: [...layers, ...(runtimeOf(matrix) === "runc" ? controlGroups : [])],
  };
}

/** What a container has in another way than the launcher's own sandbox. */
const wordsOf: Readonly<Partial<Record<GuaranteeId, (mechanism: string) => string>>> = {
  "priv.devices": () => "the runtime's /dev, with six harmless devices; nodev on all that is shown of the host",
  // The job's own files: what it does to them it does to itself.
  "secret.private": (mechanism) => mechanism.replace(" read-only,", ""),
};

function inOwnWords(decision: GuaranteeDecision): GuaranteeDecision {
  const words = wordsOf[decision.id];
  return decision.kept && words !== undefined ? { ...decision, mechanism: words(decision.mechanism) } : decision;
}

function guarantees(job: Job, matrix: Standings): GuaranteeDecision[] {
  const lacking = lackingWords("Podman", job);
  const standIns = standInsOf(matrix);
  return decisionsWith(standIns, namespaces.guarantees(job, standingsWith(standIns, matrix))).map((decision) => {
    const reason = lacking[decision.id];
    return reason === undefined ? inOwnWords(decision) : { id: decision.id, kept: false, reason };
  });
}

function textOf(matrix: Standings, id: CapabilityId, otherwise: string): string {
  const value = matrix[id]?.value;
  return typeof value === "string" ? value : otherwise;
}

function makerOf(matrix: Standings): MakerPlan {
  const runtime = runtimeOf(matrix);
  return {
    program: "podman",
    path: textOf(matrix, "program.podman", "/usr/bin/podman"),
    runtime,
    runtimePath: textOf(matrix, `program.${runtime}`, runtime === "crun" ? "/usr/bin/crun" : "/usr/sbin/runc"),
  };
}

function plan(job: Job, matrix: Standings): LauncherPlan {
  const standIns = standInsOf(matrix);
  const made = namespaces.plan(withoutLacking(job), standingsWith(standIns, matrix));
  return { ...made, maker: makerOf(matrix) };
}

/** Strategy `podman`. */
export default defineStrategy({
  id: "podman",
  rank: 30,
  isolation: "namespace",
  summary: "a container by Podman, with a root of the job's own; seccomp through cupel's launcher inside",
  explanation:
    "The sandbox of namespaces as a container: Podman (4.3 or later) has crun or runc make it, from a root that cupel writes for each job, with cupel's launcher as its first process. What Podman keeps lies in a directory of cupel's own and goes with the job; no image and nothing of yours is used. Overlays it lays none, so that the workspace is read-only unless told otherwise.",
  requires: (matrix): CapabilityId[] => [
    "program.podman",
    "podman.run",
    `program.${runtimeOf(matrix)}`,
    "privilege.no-new-privs",
    "seccomp.filter",
    ...(isUsable(matrix["privilege.drop-identity"]) ? (["privilege.drop-identity"] as const) : []),
  ],
  guarantees,
  plan,
});
