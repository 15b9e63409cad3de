/** What is kept of a run once it is over. */
import type { Outcome } from "./outcome.ts";
import type { LauncherPlan, Plan } from "./plan.ts";

/** Version of a record's shape. */
export const runRecordSchema = 1;

/** What was carried out, without the values of variables: these may be secrets. */
export interface RecordedPlan extends Pick<Plan, "strategy" | "isolation"> {
  readonly launch: Omit<LauncherPlan, "environment"> & { readonly environment: readonly string[] };
}

/** A copy of one stream of a job's. */
export interface KeptStream {
  /** What is there. */
  readonly bytes: number;
  /** What came beyond the cap, and is not. */
  readonly cutBytes: number;
}

/** Copies of what a job wrote, in the files of these names beside its record. */
export interface KeptOutput {
  /** Standard output, and what the job wrote on a terminal of its own. */
  readonly output: KeptStream;
  readonly errors: KeptStream;
}

/** One run. */
export interface RunRecord {
  readonly schema: typeof runRecordSchema;
  readonly id: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly endedAt: string;
  /** As the caller gave it. */
  readonly command: readonly string[];
  /** Where the job was to start. */
  readonly directory: string;
  /** Absent where nothing was chosen. */
  readonly plan?: RecordedPlan | undefined;
  readonly outcome: Outcome;
  readonly keptOutput?: KeptOutput | undefined;
}
