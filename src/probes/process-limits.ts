/** RLIMIT_NPROC in a user namespace: since Linux 5.14 it counts that namespace's processes, so it is a cap on a tree. */
import type { ProberStep } from "../launch/helper-port.ts";
import type { Evidence, Finding } from "../model/capability.ts";
import { onLinux } from "./_elsewhere.ts";
import { judgeStep } from "./_judge-rehearsal.ts";
import { defineProbe, finding, type ProbeContext } from "./_probe.ts";
import { errnoAt, evidenceOf, notEstablished, readSteps, type Reading } from "./_steps.ts";

async function run(context: ProbeContext) {
  const reading = readSteps("process-limit", await context.helpers.probe("process-limit", [], 6000));
  return { "limit.processes-in-userns": await judge(context, reading) };
}

async function judge(context: ProbeContext, reading: Reading): Promise<Finding> {
  const evidence = evidenceOf(reading, {
    "drop-identity": "become a user other than root",
    outsiders: "processes of the same user outside",
    "user-namespace": "a user namespace",
    control: "fork inside without a limit",
    "set-limit": "set RLIMIT_NPROC inside",
  });
  const stopped = whatStopped(reading);
  if (stopped !== undefined) return judgeStep(context, stopped, evidence);
  const forked = reading.steps.get("forked");
  if (forked === undefined || errnoAt(reading, "control") !== "ok") {
    return { ...notEstablished(reading, "fork up to RLIMIT_NPROC"), evidence };
  }
  const limit = reading.steps.get("value-inside")?.value ?? 0;
  const attempt = { action: `fork inside with a limit of ${limit}`, result: `${forked.errno} after ${forked.value}` };
  return judgeForks(forked, limit, errnoAt(reading, "drop-identity") ?? "ok", [...evidence, attempt]);
}

/** Root without ids to take cannot try this as anybody else, and then a user namespace of its own may fail, too. */
function whatStopped(reading: Reading): { step: string; errno: string } | undefined {
  const errno = errnoAt(reading, "user-namespace") ?? "ok";
  if (errno === "ok") return undefined;
  const dropped = errnoAt(reading, "drop-identity") ?? "ok";
  return dropped === "ok" ? { step: "user-namespace", errno } : { step: "drop-identity", errno: dropped };
}

function judgeForks(forked: ProberStep, limit: number, dropped: string, evidence: readonly Evidence[]): Finding {
  if (forked.errno !== "EAGAIN" && dropped !== "ok") {
    const blocker = {
      code: "idmap",
      detail: "the kernel exempts its root from RLIMIT_NPROC, and root has no other ids to take here",
    } as const;
    return finding({ state: "blocked", level: "exercised", summary: blocker.detail, evidence, blockers: [blocker] });
  }
  if (forked.errno !== "EAGAIN") {
    return finding({ state: "broken", level: "exercised", summary: "the limit is set but not kept", evidence });
  }
  // One process, the one that forks, counts too.
  if (forked.value === limit - 1) {
    return finding({
      state: "works",
      level: "enforced",
      summary: "counts the namespace's own processes, and stops at its limit",
      evidence,
    });
  }
  const blocker = {
    code: "kernel-version",
    detail: "counts all processes of the user; per namespace since Linux 5.14",
  } as const;
  return finding({ state: "absent", level: "exercised", summary: blocker.detail, evidence, blockers: [blocker] });
}

/** Probe `process-limits`. */
export default defineProbe({
  id: "process-limits",
  area: "namespaces",
  capabilities: { "limit.processes-in-userns": "Process limit of a user namespace" },
  deadlineMs: 8000,
  run: onLinux(["limit.processes-in-userns"], run),
});
