/** What became of a job, from what the launcher told and what its control groups counted. Pure. */
import { errnoName } from "../host/errno-name.ts";
import type { LaunchEvent } from "../launch/launch-event.ts";
import type { Evidence } from "../model/capability.ts";
import type { Job } from "../model/job.ts";
import { outcomeSchema, type LimitOutcome, type Outcome, type OutcomeStatus, type Usage } from "../model/outcome.ts";
import type { Plan } from "../model/plan.ts";
import type { Selection } from "../model/report.ts";
import type { ControlGroupEvidence } from "./control-groups.ts";
import { signalName } from "./signals.ts";

/** Everything that an outcome is made of. */
export interface OutcomeInput {
  readonly job: Job;
  readonly plan: Plan;
  readonly selection: Selection;
  readonly reportId: string;
  readonly events: readonly LaunchEvent[];
  readonly controlGroups: ControlGroupEvidence | undefined;
}

type EventOf<Kind extends LaunchEvent["event"]> = Extract<LaunchEvent, { event: Kind }>;

function find<Kind extends LaunchEvent["event"]>(
  events: readonly LaunchEvent[],
  kind: Kind,
): EventOf<Kind> | undefined {
  return events.find((event): event is EventOf<Kind> => event.event === kind);
}

const killSignal = 9;

/** wait(2): low seven bits are the signal, the next byte the exit code. */
function parseWaitStatus(status: number): { code: number } | { signal: number } {
  const signal = status & 0x7f;
  return signal === 0 ? { code: (status >> 8) & 0xff } : { signal };
}

function execFailure({ errno, subject }: EventOf<"exec-failed">): OutcomeStatus {
  const name = errnoName(errno);
  return name === "ENOENT" || name === "ENOTDIR"
    ? { kind: "not-found", program: subject }
    : { kind: "not-executable", program: subject, errno: name };
}

function endStatus(status: number, killedForMemory: boolean): OutcomeStatus {
  const end = parseWaitStatus(status);
  if ("code" in end) return { kind: "exited", code: end.code };
  if (end.signal === killSignal && killedForMemory) return { kind: "out-of-memory" };
  return { kind: "signalled", signal: signalName(end.signal), number: end.signal };
}

function lostStatus(killedForMemory: boolean, { status }: EventOf<"lost">): OutcomeStatus {
  if (killedForMemory) return { kind: "out-of-memory" };
  return { kind: "failed", message: `the sandbox's first process died (wait status ${status})` };
}

const streamNames = ["standard input", "standard output", "standard error", "its terminal"];

/** What is to be said of output that could not be passed on; undefined where all of it was. Pure. */
export function lostOutput(events: readonly LaunchEvent[]): string | undefined {
  const lost = events.find((event) => event.event === "stream-lost" && event.stream > 0);
  if (lost?.event !== "stream-lost") return undefined;
  return `what the job wrote to ${streamNames[lost.stream] ?? "a stream"} could not all be passed on: ${errnoName(lost.errno)}`;
}

/** The same of the job's input. Pure. */
export function lostInput(events: readonly LaunchEvent[]): string | undefined {
  const lost = events.find((event) => event.event === "stream-lost" && event.stream === 0);
  return lost?.event === "stream-lost"
    ? `standard input could not be read to its end: ${errnoName(lost.errno)}`
    : undefined;
}

function setUpFailure({ step, errno, subject }: EventOf<"failed">): OutcomeStatus {
  const about = subject === "" ? "" : ` (${subject})`;
  return { kind: "failed", message: `setting up the sandbox failed at ${step}${about}: ${errnoName(errno)}` };
}

/** The job could not know of lost output: its pipe took everything. To call that a success would lose it in silence. */
function statusAtEnd(status: OutcomeStatus, unwritten: string | undefined): OutcomeStatus {
  const isSuccess = status.kind === "exited" && status.code === 0;
  return isSuccess && unwritten !== undefined ? { kind: "failed", message: unwritten } : status;
}

function statusOf({ events, controlGroups, job }: OutcomeInput): OutcomeStatus {
  const killedForMemory = (controlGroups?.outOfMemoryKills ?? 0) > 0;
  const failed = find(events, "failed");
  if (failed !== undefined) return setUpFailure(failed);
  const exec = find(events, "exec-failed");
  if (exec !== undefined) return execFailure(exec);
  if (find(events, "timeout") !== undefined) return { kind: "timeout", timeoutMs: job.limits.timeoutMs ?? 0 };
  const lost = find(events, "lost");
  if (lost !== undefined) return lostStatus(killedForMemory, lost);
  const ended = find(events, "ended");
  if (ended === undefined) return { kind: "failed", message: "the launcher ended without a word" };
  return statusAtEnd(endStatus(ended.status, killedForMemory), lostOutput(events));
}

/** Exit code of `run` for a status: API, see DESIGN. Pure. */
export function exitCodeOf(status: OutcomeStatus): number {
  switch (status.kind) {
    case "exited":
      return status.code;
    case "signalled":
      return 128 + status.number;
    case "timeout":
      return 124;
    case "out-of-memory":
      return 137;
    case "not-found":
      return 127;
    case "not-executable":
      return 126;
    case "refused":
    case "failed":
      return 125;
  }
}

function usageOf(events: readonly LaunchEvent[]): Usage | undefined {
  const ended = find(events, "ended");
  return ended === undefined
    ? undefined
    : {
        wallMs: ended.wallMicros / 1000,
        userMs: ended.userMicros / 1000,
        systemMs: ended.systemMicros / 1000,
        maxRssBytes: ended.maxRssBytes,
      };
}

function eventEvidence(events: readonly LaunchEvent[]): Evidence[] {
  return events
    .filter(({ event }) => event !== "started" && event !== "suspended")
    .map(({ event, ...details }) => ({ action: `launcher: ${event}`, result: JSON.stringify(details) }));
}

function limitOutcome(
  { plan }: OutcomeInput,
  id: LimitOutcome["id"],
  stated: number | undefined,
  fallback: number | undefined,
): LimitOutcome[] {
  const requested = stated ?? fallback;
  const decision = plan.guarantees.find((candidate) => candidate.id === id);
  if (requested === undefined || decision === undefined) return [];
  const by = decision.kept ? decision.mechanism : decision.reason;
  return [{ id, requested, stated: stated !== undefined, enforced: decision.kept, by }];
}

function limitOutcomes(input: OutcomeInput): LimitOutcome[] {
  const { limits, defaultLimits } = input.job;
  return [
    ...limitOutcome(input, "limit.time", limits.timeoutMs, undefined),
    ...limitOutcome(input, "limit.memory", limits.memoryBytes, defaultLimits.memoryBytes),
    ...limitOutcome(input, "limit.cpu", limits.cpus, undefined),
    ...limitOutcome(input, "limit.pids", limits.pids, defaultLimits.pids),
  ];
}

/** The outcome of a job that was started. */
export function judgeOutcome(input: OutcomeInput): Outcome {
  const status = statusOf(input);
  return {
    schema: outcomeSchema,
    status,
    evidence: [...eventEvidence(input.events), ...(input.controlGroups?.evidence ?? [])],
    exitCode: exitCodeOf(status),
    strategy: input.plan.strategy,
    report: input.reportId,
    guarantees: input.plan.guarantees,
    accepted: input.selection.accepted,
    limits: limitOutcomes(input),
    usage: usageOf(input.events),
  };
}

/** The outcome of a job that was not started. */
export function outcomeWithoutJob(
  status: Extract<OutcomeStatus, { kind: "refused" | "failed" }>,
  reportId?: string,
): Outcome {
  return {
    schema: outcomeSchema,
    status,
    evidence: [],
    exitCode: exitCodeOf(status),
    report: reportId,
    guarantees: [],
    accepted: [],
    limits: [],
  };
}
