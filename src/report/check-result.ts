/** What `check` comes to: verdicts, drift, and the exit code. Pure. */
import type { DemandVerdict } from "../model/demand.ts";
import type { Report } from "../model/report.ts";
import { countChanges } from "./difference-blocks.ts";
import { count } from "./phrase.ts";
import {
  compareFacts,
  compareSnapshots,
  snapshotOf,
  type Difference,
  type FactChange,
  type Snapshot,
} from "./snapshot.ts";

/** How a host differs from what is expected of it. */
export interface Drift {
  /** The lock's path. */
  readonly lock: string;
  readonly differences: readonly Difference[];
  /** What else is not as it was on the host: it may explain the differences. */
  readonly changes: readonly FactChange[];
  /** Capabilities that another build of cupel, which made the lock, did not know. */
  readonly unexpected: readonly string[];
}

/** Everything that a check found. */
export interface CheckResult {
  readonly report: Report;
  readonly demands: readonly DemandVerdict[];
  readonly drift?: Drift | undefined;
  readonly failsOnDegraded: boolean;
  /** The file that makes the demands, as it was named. */
  readonly location?: string | undefined;
}

/** The end of it, in one word. */
export type Conclusion = "passed" | "failed" | "unknown" | "drifted" | "degraded";

/** Exit codes by conclusion: API. */
export const checkExitCodes: Readonly<Record<Conclusion, number>> = {
  passed: 0,
  failed: 1,
  unknown: 3,
  drifted: 4,
  degraded: 2,
};

/** How this host differs from the lock. */
export function findDrift(lock: string, expected: Snapshot, report: Report): Drift {
  const found = snapshotOf(report);
  const all = compareSnapshots(expected, found);
  const isUnexpected = ({ kind, was }: Difference): boolean => kind === "capability" && was === undefined;
  return {
    lock,
    differences: all.filter((one) => !isUnexpected(one)),
    changes: compareFacts(expected.host, found.host),
    unexpected: all.filter(isUnexpected).map(({ id }) => id),
  };
}

/** The first that applies, gravest first. */
export function conclude({ demands, drift, failsOnDegraded }: Omit<CheckResult, "report">): Conclusion {
  const has = (wanted: DemandVerdict["result"]): boolean => demands.some(({ result }) => result === wanted);
  if (has("fails")) return "failed";
  if (has("unknown")) return "unknown";
  if (drift !== undefined && drift.differences.length > 0) return "drifted";
  return failsOnDegraded && has("degraded") ? "degraded" : "passed";
}

/** The last line of the output: `check: failed: 2 of 5 demands do not hold`. */
export function describeConclusion(result: Omit<CheckResult, "report">): string {
  const { demands, drift } = result;
  const amountOf = (wanted: DemandVerdict["result"]): number =>
    demands.filter((verdict) => verdict.result === wanted).length;
  const of = (amount: number): string => `${amount} of ${count(demands.length, "demand")}`;
  const partly = amountOf("degraded") === 0 ? "" : `, ${amountOf("degraded")} only in part`;
  const holding =
    demands.length === 0 ? "" : `${count(demands.length, "demand")} hold${demands.length === 1 ? "s" : ""}${partly}`;
  const differing = drift?.differences.length ?? 0;
  const same = drift === undefined ? "" : "nothing differs from the lock";
  switch (conclude(result)) {
    case "failed":
      return `check: failed: ${of(amountOf("fails"))} ${amountOf("fails") === 1 ? "does" : "do"} not hold`;
    case "unknown":
      return `check: cannot tell: ${of(amountOf("unknown"))} cannot be told`;
    case "drifted":
      return `check: drifted: ${count(differing, "entry differs", "entries differ")} from the lock (${countChanges(drift?.differences ?? [])})`;
    case "degraded":
      return `check: degraded: ${of(amountOf("degraded"))} hold${amountOf("degraded") === 1 ? "s" : ""} only in part`;
    case "passed":
      return `check: passed: ${[holding, same].filter((part) => part !== "").join(", ")}`;
  }
}
