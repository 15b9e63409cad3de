/** What `check` comes to: verdicts, drift, and the exit code. Pure. */
import type { DemandVerdict } from "../model/demand.ts";
import type { Report } from "../model/report.ts";
import { countChanges } from "./difference-blocks.ts";
import { count } from "./phrase.ts";
import { compareFacts, compareSnapshots, type Difference, type FactChange } from "./compare-snapshots.ts";
import { snapshotOf, type Snapshot } from "./snapshot.ts";

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

/** Without values that the lock does not expect: they were not the same twice when it was made. */
function onlyExpectedValues(found: Snapshot, expected: Snapshot): Snapshot {
  const entries = Object.entries(found.capabilities).map(([id, capability]) => {
    const { value: _value, ...rest } = capability;
    const isExpected = expected.capabilities[id]?.value !== undefined;
    return [id, isExpected ? capability : rest] as const;
  });
  return { ...found, capabilities: Object.fromEntries(entries) };
}

/** How this host differs from the lock. */
export function findDrift(lock: string, expected: Snapshot, report: Report): Drift {
  const found = onlyExpectedValues(snapshotOf(report), expected);
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
  const of = (amount: number, singular: string, plural: string): string =>
    `${amount} of ${count(demands.length, "demand")} ${amount === 1 ? singular : plural}`;
  switch (conclude(result)) {
    case "failed":
      return `check: failed: ${of(amountOf("fails"), "does not hold", "do not hold")}`;
    case "unknown":
      return `check: cannot tell: ${of(amountOf("unknown"), "cannot be told", "cannot be told")}`;
    case "drifted":
      return `check: drifted: ${describeDrift(drift?.differences ?? [])}`;
    case "degraded":
      return `check: degraded: ${of(amountOf("degraded"), "holds only in part", "hold only in part")}`;
    case "passed":
      return `check: passed: ${describePassed(demands.length, amountOf("degraded"), drift !== undefined)}`;
  }
}

function describeDrift(differences: readonly Difference[]): string {
  const amount = count(differences.length, "entry differs", "entries differ");
  return `${amount} from the lock (${countChanges(differences)})`;
}

function describePassed(amount: number, degraded: number, isLocked: boolean): string {
  const parts = [
    ...(amount === 0 ? [] : [`${count(amount, "demand")} hold${amount === 1 ? "s" : ""}`]),
    ...(degraded === 0 ? [] : [`${degraded} only in part`]),
    ...(isLocked ? ["nothing differs from the lock"] : []),
  ];
  return parts.join(", ");
}
