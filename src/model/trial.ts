/** A trial: a strategy's real minimal plan, run once, and what was seen inside. */
import type { Evidence } from "./capability.ts";

/** As much of a trial as decides. */
export type TrialVerdict = Pick<Trial, "strategy" | "result" | "summary">;

/** The proof that a strategy's whole launch works here, or why it does not. */
export interface Trial {
  readonly strategy: string;
  readonly result: "passed" | "failed" | "unknown";
  /** One line: what held, or which step failed with which errno. */
  readonly summary: string;
  readonly evidence: readonly Evidence[];
  readonly durationMs: number;
}
