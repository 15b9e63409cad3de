/** Runs many jobs of one plan: each in namespaces of its own, as many at once as there are slots. */
import { CupelError } from "../model/error.ts";
import type { Standings } from "../model/capability.ts";
import type { Job } from "../model/job.ts";
import type { Plan } from "../model/plan.ts";
import type { Selection } from "../model/report.ts";
import type { ResidentResult } from "../launch/resident-launcher.ts";
import type { BatchJob, BatchLine } from "./batch-line.ts";
import { batchOutcome, capturedOutputs, type BatchOutcome } from "./batch-outcome.ts";
import type { BatchSlot } from "./batch-slot.ts";
import { readTreeUsage } from "./control-group-usage.ts";
import { createControlGroups, jobGroupName, type JobControlGroups } from "./control-groups.ts";
import { EmptyingControlGroups } from "./emptying-control-groups.ts";
import { judgeOutcome, outcomeWithoutJob } from "./outcome.ts";

/** What all jobs have in common, and where they go. */
export interface Batch {
  readonly job: Job;
  readonly plan: Plan;
  readonly selection: Selection;
  readonly matrix: Standings;
  readonly reportId: string;
  readonly slots: readonly BatchSlot[];
  /** Called with each outcome as it comes; the next job of its slot waits for it. */
  readonly onOutcome: (outcome: BatchOutcome) => Promise<void>;
  /** Once aborted no job is started any more; `reason` is said of those that then were under way. */
  readonly signal: AbortSignal;
}

interface RunningBatch extends Batch {
  readonly emptying: EmptyingControlGroups;
}

/** The job that a line stands for: the common one with the line's own command, variables and caps on time. */
function jobOf({ job }: Batch, line: BatchJob): Job {
  const { command, environment, timeoutMs, graceMs, cpuTimeMs, idleMs } = line;
  return {
    ...job,
    command,
    environment: { ...job.environment, ...environment },
    limits: {
      ...job.limits,
      timeoutMs: timeoutMs ?? job.limits.timeoutMs,
      graceMs: graceMs ?? job.limits.graceMs,
      cpuTimeMs: cpuTimeMs ?? job.limits.cpuTimeMs,
      idleMs: idleMs ?? job.limits.idleMs,
    },
  };
}

let groupCount = 0;

function makeGroups({ plan, matrix }: Batch): JobControlGroups | undefined {
  const limits = plan.launch.controlGroup;
  if (Object.values(limits).every((value) => value === undefined)) return undefined;
  groupCount += 1;
  return createControlGroups(limits, matrix, jobGroupName(groupCount.toString(16)));
}

/** Caps that a line may state, and what they demand. */
const lineCaps = [
  ["limits.timeout", "timeoutMs", "limit.time"],
  ["limits.idle", "idleMs", "limit.time"],
  ["limits.cpu_time", "cpuTimeMs", "limit.cpu"],
] as const;

/** A cap that the line states is a demand of its own. */
function refusalOf({ plan, job }: Batch, line: BatchJob): string | undefined {
  for (const [name, field, id] of lineCaps) {
    if (line[field] === undefined || job.demands.accepted.includes(id)) continue;
    const decision = plan.guarantees.find((candidate) => candidate.id === id);
    if (decision?.kept === false) return `${name} cannot be kept by ${plan.strategy}: ${decision.reason}`;
    if (field === "cpuTimeMs" && plan.launch.controlGroup.countsCpuTime !== true)
      return `${name} needs a count of CPU time, which jobs of this batch have only with --cpu-time; give that, too`;
  }
  return undefined;
}

function failed(batch: Batch, line: { line: number; id?: string | undefined }, message: string): BatchOutcome {
  return batchOutcome(line, outcomeWithoutJob("setup-failed", message, batch.reportId));
}

function judge(
  batch: Batch,
  line: BatchJob,
  result: ResidentResult,
  groups: JobControlGroups | undefined,
): BatchOutcome {
  if (result.end !== "finished") {
    const { aborted, reason } = batch.signal;
    if (aborted) return batchOutcome(line, outcomeWithoutJob("cancelled", String(reason), batch.reportId));
    return failed(batch, line, "the launcher was ended while it had the job");
  }
  const { plan, selection, matrix, reportId } = batch;
  const outcome = judgeOutcome({
    job: jobOf(batch, line),
    plan,
    selection,
    matrix,
    reportId,
    events: result.events,
    controlGroups: groups?.read(),
    treeUsage: groups === undefined ? undefined : readTreeUsage(groups.counting),
  });
  return batchOutcome(line, outcome, capturedOutputs(result));
}

async function runJob(batch: RunningBatch, slot: BatchSlot, line: BatchJob): Promise<BatchOutcome> {
  const refusal = refusalOf(batch, line);
  if (refusal !== undefined) return batchOutcome(line, outcomeWithoutJob("refused", refusal, batch.reportId));
  const { launch } = batch.plan;
  const groups = makeGroups(batch);
  try {
    const result = await slot.run({
      command: line.command,
      environment: { ...launch.environment, ...line.environment },
      directory: launch.directory,
      timeoutMs: line.timeoutMs ?? launch.timeoutMs,
      graceMs: line.graceMs ?? launch.graceMs,
      cpuTimeMs: launch.controlGroup.countsCpuTime === true ? (line.cpuTimeMs ?? launch.cpuTimeMs) : undefined,
      idleMs: line.idleMs ?? launch.idleMs,
      controlGroups: groups?.directories ?? [],
    });
    return judge(batch, line, result, groups);
  } finally {
    batch.emptying.add(groups?.directories ?? []);
  }
}

/** Never rejects for a line: whatever is wrong with one stops nothing. */
async function runLine(batch: RunningBatch, slot: BatchSlot, line: BatchLine): Promise<void> {
  if ("problem" in line) return batch.onOutcome(failed(batch, line, line.problem));
  try {
    await batch.onOutcome(await runJob(batch, slot, line));
  } catch (error) {
    if (!(error instanceof CupelError)) throw error;
    await batch.onOutcome(failed(batch, line, error.message));
  }
}

const end = { done: true, value: undefined } as const;

/** The next line; the end as soon as the batch is aborted, though whoever writes the lines may still think. */
function nextLine({ signal }: Batch, lines: AsyncIterator<BatchLine>): Promise<IteratorResult<BatchLine>> {
  const { promise, resolve, reject } = Promise.withResolvers<IteratorResult<BatchLine>>();
  const stop = (): void => resolve(end);
  signal.addEventListener("abort", stop);
  lines
    .next()
    .then(resolve, reject)
    .finally(() => signal.removeEventListener("abort", stop));
  return promise;
}

/** A line is taken when its job can start: one that waited behind another would wait for it though a slot is free. */
async function fillSlot(batch: RunningBatch, slot: BatchSlot, lines: AsyncIterator<BatchLine>): Promise<void> {
  while (!batch.signal.aborted) {
    const next = await nextLine(batch, lines);
    if (next.done === true || batch.signal.aborted) return;
    await runLine(batch, slot, next.value);
  }
}

/**
 * Runs every line to its outcome: exactly one each, in the order in which they end.
 * @throws what `lines` throws, when the jobs by then have their outcomes.
 */
export async function runBatch(batch: Batch, lines: AsyncIterator<BatchLine>): Promise<void> {
  const running = { ...batch, emptying: new EmptyingControlGroups() };
  const filled = await Promise.allSettled(batch.slots.map((slot) => fillSlot(running, slot, lines)));
  await Promise.all(batch.slots.map((slot) => slot.close()));
  running.emptying.finish();
  const failure = filled.find(({ status }) => status === "rejected");
  if (failure?.status === "rejected") throw failure.reason;
}
