/** What became of each cap: asked for or applied by default, kept or not, and by what. Pure. */
import type { GuaranteeId } from "../model/guarantee.ts";
import type { Job } from "../model/job.ts";
import type { LimitName, LimitOutcome } from "../model/outcome.ts";
import type { Plan } from "../model/plan.ts";

interface TreeCap {
  readonly name: LimitName;
  readonly id: GuaranteeId;
  readonly stated: number | undefined;
  readonly fallback?: number | undefined;
}

function treeCaps({ limits, defaultLimits }: Job): TreeCap[] {
  return [
    { name: "wall", id: "limit.time", stated: limits.timeoutMs },
    { name: "idle", id: "limit.time", stated: limits.idleMs },
    { name: "memory", id: "limit.memory", stated: limits.memoryBytes, fallback: defaultLimits.memoryBytes },
    { name: "cpus", id: "limit.cpu", stated: limits.cpus },
    { name: "cpu-time", id: "limit.cpu", stated: limits.cpuTimeMs },
    { name: "pids", id: "limit.pids", stated: limits.pids, fallback: defaultLimits.pids },
    { name: "disk", id: "limit.disk", stated: limits.diskBytes },
    { name: "files", id: "limit.disk", stated: limits.diskFiles },
    { name: "workspace", id: "limit.disk", stated: limits.layerBytes },
    { name: "output", id: "limit.output", stated: limits.outputBytes },
  ];
}

function ofTree({ name, id, stated, fallback }: TreeCap, { guarantees, launch }: Plan): LimitOutcome[] {
  const requested = stated ?? fallback;
  const decision = guarantees.find((candidate) => candidate.id === id);
  if (requested === undefined || decision === undefined) return [];
  const cap = { name, id, scope: "tree", requested, stated: stated !== undefined } as const;
  // A line of a batch may state it where the batch itself had no use for a count.
  if (name === "cpu-time" && decision.kept && launch.controlGroup.countsCpuTime !== true)
    return [{ ...cap, enforced: false, by: "nothing counts the CPU time of this job" }];
  return [{ ...cap, enforced: decision.kept, by: decision.kept ? decision.mechanism : decision.reason }];
}

/** No guarantee stands for them; a job whose host cannot keep one is refused. */
function ofDisks({ limits }: Job, { launch }: Plan): LimitOutcome[] {
  const { io } = launch.controlGroup;
  const caps: [LimitName, number | undefined, number | undefined][] = [
    ["io-read", limits.ioReadBytes, io?.readBytes],
    ["io-write", limits.ioWriteBytes, io?.writeBytes],
  ];
  return caps.flatMap(([name, requested, kept]): LimitOutcome[] => {
    if (requested === undefined) return [];
    const by = kept === undefined ? "nothing counts it here" : `${diskRateMechanism}: ${io?.disks.join(", ")}`;
    return [{ name, scope: "tree", requested, stated: true, enforced: kept !== undefined, by }];
  });
}

const diskRateMechanism = "a control group of the job's own (io), on each of these disks";

/** Called what they are: a tree may use each up many times. */
function ofProcesses({ limits }: Job, { launch }: Plan): LimitOutcome[] {
  const { perProcess } = limits;
  const { cpuSeconds } = launch.resourceLimits;
  const caps: [LimitName, string, number | undefined][] = [
    ["cpu-time", "RLIMIT_CPU", cpuSeconds === undefined ? undefined : cpuSeconds * 1000],
    ["open-files", "RLIMIT_NOFILE", perProcess?.openFiles],
    ["file-size", "RLIMIT_FSIZE", perProcess?.fileBytes],
    ["core", "RLIMIT_CORE", perProcess?.coreBytes],
  ];
  return caps.flatMap(([name, limit, requested]): LimitOutcome[] => {
    if (requested === undefined) return [];
    const by = `${limit}, which each process has for itself`;
    return [{ name, scope: "process", requested, stated: true, enforced: true, by }];
  });
}

/** Every cap of this job. */
export function limitOutcomes(job: Job, plan: Plan): LimitOutcome[] {
  return [...treeCaps(job).flatMap((cap) => ofTree(cap, plan)), ...ofDisks(job, plan), ...ofProcesses(job, plan)];
}
