/** Idmapped mounts: how root lets a job that has ids of its own read and write what is its caller's. */
import type { Host } from "../host/host.ts";
import type { RehearsalResult } from "../launch/helper-port.ts";
import type { Blocker, Finding } from "../model/capability.ts";
import { onLinux } from "./_elsewhere.ts";
import { judgeRehearsal, rehearsePlan, type Rehearsed } from "./_judge-rehearsal.ts";
import { defineProbe, finding, type ProbeContext } from "./_probe.ts";
import { rehearsalEvidence, smallPlan } from "./_rehearsal.ts";

async function run(context: ProbeContext) {
  return { "mount.idmap": await probeIdmap(context) };
}

async function probeIdmap(context: ProbeContext): Promise<Finding> {
  const { host } = context;
  if (host.identity.uid !== 0) {
    return finding({
      state: "not-applicable",
      level: "declared",
      summary: "only root makes them; a user's job keeps the user's ids and needs none",
      evidence: [{ action: "effective user id", result: String(host.identity.uid) }],
    });
  }
  const rehearsals = await Promise.all(listSources(host).map((source) => rehearseBind(context, source)));
  const denied = rehearsals.filter(({ result }) => result.status !== "ready");
  const [first = rehearsals[0]] = denied;
  if (first === undefined) throw new Error("no file system to try");
  if (denied.length === 0) return succeed(rehearsals);
  if (denied.length < rehearsals.length) return partly(rehearsals, denied);
  const blocker = explain(first.result);
  if (blocker === undefined) return judgeRehearsal(context, first, "");
  const evidence = rehearsals.map(({ what, result }) => rehearsalEvidence(what, result));
  const state = blocker.code === "idmap" ? "blocked" : "absent";
  return finding({ state, level: "exercised", summary: blocker.detail, evidence, blockers: [blocker] });
}

/** One directory of each file system that jobs will get: the current directory's, and the root's. */
function listSources(host: Host): string[] {
  const here = host.status(host.directory);
  const root = host.status("/");
  const isSame = here.ok && root.ok && here.value.device === root.value.device;
  return here.ok && !isSame ? [host.directory, "/"] : ["/"];
}

function rehearseBind(context: ProbeContext, source: string): Promise<Rehearsed> {
  const bind = {
    step: "bind",
    source,
    destination: "/granted",
    writable: false,
    mapOwner: "must",
    optional: false,
  } as const;
  const plan = smallPlan({ namespaces: ["mount"], root: [bind] }, "fresh");
  return rehearsePlan(context, `an idmapped mount of ${source}`, plan);
}

function succeed(rehearsals: readonly Rehearsed[]): Finding {
  const evidence = rehearsals.map(({ what, result }) => rehearsalEvidence(what, result));
  return finding({
    state: "works",
    level: "exercised",
    summary: "on the file systems of / and the current directory",
    evidence,
  });
}

/**
 * The root's file system stands for the host. That the current directory is on one without them is said, and decides
 * nothing: the report is read again in other directories, and at a launch the directory itself is asked.
 */
function partly(rehearsals: readonly Rehearsed[], denied: readonly Rehearsed[]): Finding {
  const evidence = rehearsals.map(({ what, result }) => rehearsalEvidence(what, result));
  const isHosts = rehearsals.at(-1)?.result.status === "ready";
  if (isHosts) {
    const summary = `on the file system of /; ${denied.map(({ what }) => what).join(", ")} failed`;
    return finding({ state: "works", level: "exercised", summary, evidence });
  }
  const blockers = denied.flatMap(({ result }) => explain(result) ?? []);
  return finding({
    state: "degraded",
    level: "exercised",
    summary: `not all: ${denied.map(({ what }) => what).join(", ")} failed`,
    evidence,
    blockers,
  });
}

/**
 * mount_setattr(2): EINVAL to MOUNT_ATTR_IDMAP comes from a file system that does not support it, EPERM from one that
 * belongs to another user namespace; ENOSYS from Linux before 5.12.
 */
function explain(result: RehearsalResult): Blocker | undefined {
  if (result.status !== "failed" || result.step !== "idmap") return undefined;
  if (result.errno === "EPERM") {
    return {
      code: "idmap",
      detail: `the file system of ${result.subject} belongs to a surrounding user namespace, whose root alone may map it (EPERM)`,
    };
  }
  if (result.errno !== "EINVAL" && result.errno !== "ENOSYS") return undefined;
  return {
    code: "kernel-version",
    detail: `this kernel has no idmapped mounts of the file system of ${result.subject} (${result.errno})`,
  };
}

/** Probe `identity-mapped-mounts`. */
export default defineProbe({
  id: "identity-mapped-mounts",
  area: "mounts",
  capabilities: { "mount.idmap": "Idmapped mounts" },
  deadlineMs: 6000,
  run: onLinux(["mount.idmap"], run),
});
