/** What an ending is judged from, and what a judgement is. Pure. */
import type { LaunchEvent } from "../launch/launch-event.ts";
import type { CauseCode, Ending, OutcomeStatus } from "../model/ending.ts";
import type { WorkspaceOutcome } from "../model/outcome.ts";
import type { LauncherPlan } from "../model/plan.ts";
import type { ControlGroupEvidence } from "./control-group-counts.ts";
import { signalName } from "./signals.ts";

/** What was seen of a job. */
export interface Seen {
  readonly events: readonly LaunchEvent[];
  readonly controlGroups: ControlGroupEvidence | undefined;
  /** The last signal by which the caller asked for an end, passed on to the job. */
  readonly asked?: string | undefined;
  /** Why artifacts that are required are not all there. */
  readonly artifactsLack?: string | undefined;
  readonly launch: Pick<LauncherPlan, "seccomp" | "resourceLimits" | "setup" | "guest">;
  /** What became of its changes, once that is known. */
  readonly workspace?: WorkspaceOutcome | undefined;
}

/** How a job ended, by what, and in one sentence. */
export type Verdict = Omit<Ending, "cause"> & { readonly because: CauseCode; readonly summary: string };

/** A verdict of these parts. */
export function verdict(status: OutcomeStatus, because: CauseCode, summary: string): Verdict {
  return { status, because, summary };
}

/** wait(2): low seven bits are the signal, the next byte the exit code. */
export function parseWaitStatus(status: number): Pick<Ending, "code" | "signal"> {
  const number = status & 0x7f;
  return number === 0 ? { code: (status >> 8) & 0xff } : { signal: { name: signalName(number), number } };
}

/** A time in milliseconds as people write it. */
export const seconds = (milliseconds: number): string => `${milliseconds / 1000} s`;

/** signal(7): what the kernel ends a process with that is over its memory, and all of a PID namespace with its first. */
export const killSignal = 9;
