/** What became of a job, from what was seen of it and what was decided about it. Pure. */
import { findEvent, type LaunchEvent } from "../launch/launch-event.ts";
import { evidenceLevels, type Standings } from "../model/capability.ts";
import type { ArtifactsOutcome } from "../model/artifact.ts";
import type { GuaranteeDecision } from "../model/guarantee.ts";
import type { Job } from "../model/job.ts";
import type { KernelDenial, NetworkOutcome } from "../model/denial.ts";
import type { CauseCode, Ending } from "../model/ending.ts";
import {
  outcomeSchema,
  type Degradation,
  type Outcome,
  type ReportedDecision,
  type SetupOutcome,
  type WorkspaceOutcome,
} from "../model/outcome.ts";
import type { OutputCount, Phases, Usage } from "../model/usage.ts";
import type { Plan } from "../model/plan.ts";
import type { Selection } from "../model/report.ts";
import type { ControlGroupEvidence } from "./control-group-counts.ts";
import { deniedActs } from "./denied-acts.ts";
import { judgeEnding } from "./ending.ts";
import { exitCodeOf } from "./exit-code-of.ts";
import { limitOutcomes } from "./limit-outcomes.ts";

/** A job's own command starts only behind a set-up command that exited with 0. */
function setupOf({ plan, events }: OutcomeInput, { inSetup, code, signal }: Ending): SetupOutcome | undefined {
  if (plan.launch.setup === undefined) return undefined;
  const done = findEvent(events, "setup-ended");
  if (done !== undefined) return { wallMs: done.wallMicros / 1000, code: 0 };
  const ended = inSetup === true ? findEvent(events, "ended") : undefined;
  return ended === undefined ? undefined : { wallMs: ended.wallMicros / 1000, code, signal };
}

/** Everything that an outcome is made of. */
export interface OutcomeInput {
  readonly job: Job;
  readonly plan: Plan;
  readonly selection: Selection;
  readonly matrix: Standings;
  readonly reportId: string;
  readonly events: readonly LaunchEvent[];
  readonly controlGroups: ControlGroupEvidence | undefined;
  readonly treeUsage?: Usage["tree"];
  readonly network?: NetworkOutcome | undefined;
  /** See `Seen` of ending.ts. */
  readonly asked?: string | undefined;
  readonly artifactsLack?: string | undefined;
  /** From the start of the set-up to the end of the clean-up, where it was measured. */
  readonly totalMs?: number | undefined;
  readonly workspace?: WorkspaceOutcome | undefined;
  readonly artifacts?: ArtifactsOutcome | undefined;
  readonly denials?: readonly KernelDenial[] | undefined;
  readonly published?: Outcome["published"];
}

/** What getrusage(2) counts in. */
const blockBytes = 512;

function usageOf({ events, treeUsage }: OutcomeInput): Usage | undefined {
  const ended = findEvent(events, "ended");
  if (ended === undefined) return undefined;
  return {
    wallMs: ended.wallMicros / 1000,
    userMs: ended.userMicros / 1000,
    systemMs: ended.systemMicros / 1000,
    maxRssBytes: ended.maxRssBytes,
    tree: treeUsage,
    blocks: { readBytes: ended.readBlocks * blockBytes, writtenBytes: ended.writtenBlocks * blockBytes },
  };
}

/** What is neither the launcher's set-up nor the run is the rest: groups made and removed, the launcher's start and end. */
function phasesOf({ plan, events, totalMs }: OutcomeInput): Phases | undefined {
  const ended = findEvent(events, "ended");
  if (ended === undefined || totalMs === undefined) return undefined;
  const [setupMs, lastMs] = [ended.setupMicros / 1000, ended.wallMicros / 1000];
  const setUp = findEvent(events, "setup-ended");
  const commandMs = (setUp?.wallMicros ?? 0) / 1000;
  const runMs = plan.launch.setup !== undefined && setUp === undefined ? 0 : lastMs;
  return { setupMs, runMs, teardownMs: Math.max(0, totalMs - setupMs - commandMs - lastMs) };
}

const streams: Readonly<Record<number, OutputCount["stream"]>> = { 1: "stdout", 2: "stderr", 3: "terminal" };

function outputOf(events: readonly LaunchEvent[]): OutputCount[] | undefined {
  const counts = events.flatMap((event): OutputCount[] => {
    const stream = event.event === "output" ? streams[event.stream] : undefined;
    if (event.event !== "output" || stream === undefined) return [];
    return [{ stream, bytes: event.bytes, isTruncated: event.passedBytes < event.bytes }];
  });
  return counts.length === 0 ? undefined : counts;
}

/** With the weakest evidence among what it stands on. */
function withLevel(decision: GuaranteeDecision, matrix: Standings): ReportedDecision {
  if (!decision.kept) return decision;
  const levels = decision.capabilities.map((id) => matrix[id]?.level);
  const level = evidenceLevels.findLast((candidate) => levels.includes(candidate));
  return level === undefined ? decision : { ...decision, level };
}

/** What was wanted and is not kept: given up by name, or a default cap. */
function degradedOf({ job, plan }: OutcomeInput): Degradation[] {
  const { limits, defaultLimits, demands } = job;
  const defaults = [
    ...(limits.memoryBytes === undefined && defaultLimits.memoryBytes !== undefined ? ["limit.memory"] : []),
    ...(limits.pids === undefined && defaultLimits.pids !== undefined ? ["limit.pids"] : []),
  ];
  const wanted = new Set<string>([...demands.required, ...defaults]);
  return plan.guarantees.flatMap((decision) =>
    decision.kept || !wanted.has(decision.id) ? [] : [{ id: decision.id, reason: decision.reason }],
  );
}

/** The outcome of a job that was started. */
export function judgeOutcome(input: OutcomeInput): Outcome {
  const { plan, matrix, events } = input;
  const ending = judgeEnding({ ...input, launch: plan.launch });
  return {
    schema: outcomeSchema,
    ...ending,
    exitCode: exitCodeOf(ending),
    strategy: plan.strategy,
    report: input.reportId,
    guarantees: plan.guarantees.map((decision) => withLevel(decision, matrix)),
    accepted: input.selection.accepted,
    degraded: degradedOf(input),
    denied: deniedActs({ ...input, ending }),
    limits: limitOutcomes(input.job, plan),
    phases: phasesOf(input),
    usage: usageOf(input),
    output: outputOf(events),
    workspace: input.workspace,
    network: input.network,
    setup: setupOf(input, ending),
    published: input.published,
    artifacts: input.artifacts,
    denials: input.denials,
  };
}

/** Ends without a job to speak of, and what they come of. */
const causes = { refused: "demands", "setup-failed": "set-up", cancelled: "caller" } as const satisfies Readonly<
  Record<string, CauseCode>
>;

/** The outcome of a job that was not started, or of which nothing is known: `message` is why. */
export function outcomeWithoutJob(status: keyof typeof causes, message: string, reportId?: string): Outcome {
  const ending = { status, cause: { code: causes[status], summary: message, evidence: [] } };
  return {
    schema: outcomeSchema,
    ...ending,
    exitCode: exitCodeOf(ending),
    report: reportId,
    guarantees: [],
    accepted: [],
    degraded: [],
    limits: [],
  };
}
