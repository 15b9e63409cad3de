/** What a strategy is. One strategy is one file: a default export of {@link defineStrategy}. Pure: it never runs anything. */
import type { CapabilityId } from "../matrix/build-matrix.ts";
import type { Standings } from "../model/capability.ts";
import type { GuaranteeDecision, IsolationClass } from "../model/guarantee.ts";
import type { Job } from "../model/job.ts";
import type { LauncherPlan } from "../model/plan.ts";

/** One way to run a job. */
export interface Strategy {
  /** The file's name without its ending. */
  readonly id: string;
  /** Tie-break and order of speed: lower is preferred. Unique. */
  readonly rank: number;
  readonly isolation: IsolationClass;
  readonly summary: string;
  /** What it does, beyond that line, in whole sentences. */
  readonly explanation: string;
  /** Ids of the capabilities without which it does not exist here, for this matrix. */
  requires(matrix: Standings): readonly CapabilityId[];
  /** For every guarantee: by which mechanism it is kept for this job on this host, or why not. */
  guarantees(job: Job, matrix: Standings): readonly GuaranteeDecision[];
  /** Exactly what would be done. */
  plan(job: Job, matrix: Standings): LauncherPlan;
}

/** Declares a strategy. */
export function defineStrategy(strategy: Strategy): Strategy {
  return strategy;
}
