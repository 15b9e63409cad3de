/** Whether what is demanded of a host holds on it, demand by demand. Pure. */
import type { CapabilityState, Matrix } from "../model/capability.ts";
import type { DemandVerdict } from "../model/demand.ts";
import {
  isolationStrength,
  type GuaranteeDecision,
  type GuaranteeId,
  type IsolationClass,
} from "../model/guarantee.ts";
import type { Job } from "../model/job.ts";
import {
  decisionOf,
  explainAbsence,
  explainLoss,
  isUnknown,
  mightBeThere,
  mightKeep,
  nameCapability,
  withoutStop,
  type Answer,
  type Bench,
  type DemandInput,
  type JobInput,
} from "./demand-reasons.ts";
import { closestOf, isAvailable, judgeAll, select, type Candidate } from "./select.ts";

type Result = DemandVerdict["result"];

/** Every demand, in the order: class, strategy, guarantees, capabilities. */
export function judgeDemands({ job, ...rest }: DemandInput): DemandVerdict[] {
  const capabilities = rest.capabilities.map((id) => ({
    demand: { kind: "capability", id } as const,
    ...judgeCapability(id, rest.matrix),
  }));
  return job === undefined ? capabilities : [...judgeJob({ ...rest, job }), ...capabilities];
}

function judgeJob(input: JobInput): DemandVerdict[] {
  const bench = seatBench(input);
  const { minimum, strategy } = input.job.demands;
  const together: DemandVerdict[] = [
    ...(minimum === undefined ? [] : [{ demand: { kind: "isolation", id: minimum } as const, ...judgeClass(bench) }]),
    ...(strategy === undefined
      ? []
      : [{ demand: { kind: "strategy", id: strategy } as const, ...judgeStrategy(strategy, bench) }]),
    ...demandedGuarantees(input.job).map((id) => ({
      demand: { kind: "guarantee", id } as const,
      ...judgeGuarantee(id, bench),
    })),
  ];
  // A job that gives everything up still has to be run by something.
  const anything: DemandVerdict = { demand: { kind: "isolation", id: "process" }, ...judgeClass(bench) };
  return settleTogether(together.length === 0 ? [anything] : together, bench);
}

function demandedGuarantees({ demands }: Job): GuaranteeId[] {
  return demands.required.filter((id) => !demands.accepted.includes(id));
}

function seatBench(input: JobInput): Bench {
  const { strategy, minimum } = input.job.demands;
  const floor = minimum === undefined ? 0 : isolationStrength(minimum);
  const candidates = judgeAll(input).filter(
    (candidate) =>
      (strategy === undefined || candidate.strategy.id === strategy) &&
      isolationStrength(candidate.strategy.isolation) >= floor,
  );
  const chosen = select(input).chosen;
  const judge = candidates.find((candidate) => candidate.strategy.id === chosen) ?? closestOf(candidates);
  return { input, candidates, judge };
}

const results: Readonly<Record<CapabilityState, Result>> = {
  works: "holds",
  degraded: "degraded",
  blocked: "fails",
  absent: "fails",
  broken: "fails",
  unknown: "unknown",
  "not-applicable": "fails",
};

function judgeCapability(id: string, matrix: Matrix): Answer {
  const capability = matrix[id];
  if (capability === undefined) return { result: "unknown", because: "it was not probed", capability: id };
  const { state, level, summary } = capability;
  const isTried = level === "enforced" || level === "exercised";
  // Never more than was measured: what only its presence speaks for holds as present.
  const word = state === "works" && !isTried ? `present (${level}, not tried)` : `${state} (${level})`;
  return { result: results[state], because: `${word}: ${withoutStop(summary)}`, capability: id };
}

function judgeClass({ input, candidates }: Bench): Answer {
  const { minimum } = input.job.demands;
  const available = candidates.filter(isAvailable).toSorted((one, other) => one.strategy.rank - other.strategy.rank)[0];
  if (available !== undefined) {
    return { result: "holds", because: `strategy ${available.strategy.id}, of class ${available.strategy.isolation}` };
  }
  if (candidates.length === 0) {
    return { result: "fails", because: noStrategyOf(minimum) };
  }
  return explainAbsence(candidates, input.matrix);
}

function noStrategyOf(minimum: IsolationClass | undefined): string {
  return `this version of cupel has no strategy of class ${minimum ?? "process"} or stronger`;
}

function judgeStrategy(id: string, { input, candidates }: Bench): Answer {
  const candidate = candidates.find(({ strategy }) => strategy.id === id);
  if (candidate === undefined)
    return { result: "fails", because: `it is weaker than class ${input.job.demands.minimum ?? ""}` };
  if (!isAvailable(candidate)) return explainAbsence([candidate], input.matrix);
  return { result: "holds", because: `its trial passed: ${withoutStop(candidate.trial?.summary ?? "")}` };
}

function judgeGuarantee(id: GuaranteeId, bench: Bench): Answer {
  const { judge, input } = bench;
  const decision = judge && decisionOf(id, judge);
  if (judge === undefined || decision === undefined) {
    const { minimum } = input.job.demands;
    return { result: "fails", because: noStrategyOf(minimum) };
  }
  if (decision.kept && isAvailable(judge)) return keptAnswer(judge, decision, input.matrix);
  const result = bench.candidates.some((candidate) => mightKeep(candidate, id, input.matrix)) ? "unknown" : "fails";
  return { result, ...explainLoss(id, bench) };
}

function keptAnswer(
  { strategy }: Candidate,
  { mechanism, capabilities }: Extract<GuaranteeDecision, { kept: true }>,
  matrix: Matrix,
): Answer {
  const degraded = capabilities.find((id) => matrix[id]?.state === "degraded");
  const because = `${strategy.id}: ${withoutStop(mechanism)}`;
  if (degraded === undefined) return { result: "holds", because };
  return { result: "degraded", because: `${because}; ${nameCapability(degraded, matrix)}`, capability: degraded };
}

/**
 * Demands that each might hold, but that no strategy might keep together, fail: what is unknown would not help. Nothing is
 * settled where all hold, or where one fails anyway.
 */
function settleTogether(verdicts: readonly DemandVerdict[], { input, candidates }: Bench): DemandVerdict[] {
  const isOpen =
    verdicts.some(({ result }) => result === "unknown") && verdicts.every(({ result }) => result !== "fails");
  const { matrix } = input;
  const mightKeepAll = candidates.some(
    (candidate) =>
      mightBeThere(candidate, matrix) &&
      candidate.unmet.every((decision) => !decision.kept && isUnknown(decision.missing, matrix)),
  );
  if (!isOpen || mightKeepAll) return [...verdicts];
  const together = (because: string): string =>
    `${because}; whatever comes of that, no strategy keeps all demands together`;
  return verdicts.map((verdict) =>
    verdict.result === "unknown" ? { ...verdict, result: "fails", because: together(verdict.because) } : verdict,
  );
}
