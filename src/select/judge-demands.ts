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
import type { TrialVerdict } from "../model/trial.ts";
import type { Strategy } from "../strategies/_strategy.ts";
import { isAvailable, judgeAll, select, type Candidate } from "./select.ts";

/** What is demanded, and what was measured. */
export interface DemandInput {
  /** Its guarantees, floor and strategy are demanded: one strategy has to keep them all together. Absent: none are. */
  readonly job?: Job | undefined;
  /** Ids of capabilities that have to work. */
  readonly capabilities: readonly string[];
  readonly strategies: readonly Strategy[];
  readonly matrix: Matrix;
  readonly trials: readonly TrialVerdict[];
}

type JobInput = DemandInput & { readonly job: Job };

/** Strategies that the demanded class and strategy leave, and the one to speak of. */
interface Bench {
  readonly input: JobInput;
  readonly candidates: readonly Candidate[];
  readonly judge: Candidate | undefined;
}

type Result = DemandVerdict["result"];

/** A verdict without its demand. */
type Answer = Pick<DemandVerdict, "result" | "because" | "capability">;

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

/** What is here and lacks least; what is not here, only where nothing is. */
function closestOf(candidates: readonly Candidate[]): Candidate | undefined {
  const distance = (candidate: Candidate): number => candidate.unmet.length + (isAvailable(candidate) ? 0 : 100);
  return candidates.toSorted(
    (one, other) => distance(one) - distance(other) || one.strategy.rank - other.strategy.rank,
  )[0];
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

/** Why none of these is there: the one of which nothing is known against it, otherwise the last to be preferred. */
function explainAbsence(candidates: readonly Candidate[], matrix: Matrix): Answer {
  const unknown = candidates.find((candidate) => mightBeThere(candidate, matrix));
  const candidate = unknown ?? candidates.toSorted((one, other) => one.missing.length - other.missing.length)[0];
  const result = unknown === undefined ? "fails" : "unknown";
  return { result, ...(candidate === undefined ? { because: "there is no strategy" } : lackOf(candidate, matrix)) };
}

function mightBeThere({ trial, missing }: Candidate, matrix: Matrix): boolean {
  return trial?.result !== "failed" && missing.every((id) => isUnknown(id, matrix));
}

function isUnknown(id: string | undefined, matrix: Matrix): boolean {
  return id !== undefined && (matrix[id]?.state ?? "unknown") === "unknown";
}

/** What keeps a strategy from being there. */
function lackOf({ strategy, missing, trial }: Candidate, matrix: Matrix): Omit<Answer, "result"> {
  const [id] = missing;
  if (id !== undefined) return { because: `${strategy.id} needs ${nameCapability(id, matrix)}`, capability: id };
  const summary = trial === undefined ? "it was not tried" : withoutStop(trial.summary);
  return { because: `${strategy.id} has not passed its trial: ${summary}` };
}

function decisionOf(id: GuaranteeId, candidate: Candidate): GuaranteeDecision | undefined {
  return candidate.decisions.find((decision) => decision.id === id);
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

/** Nothing that was measured speaks against it. */
function mightKeep(candidate: Candidate, id: GuaranteeId, matrix: Matrix): boolean {
  const decision = decisionOf(id, candidate);
  if (decision === undefined || !mightBeThere(candidate, matrix)) return false;
  return decision.kept ? !isAvailable(candidate) : isUnknown(decision.missing, matrix);
}

/** What is in the way of a guarantee: of this host first, since that can be changed; by a strategy's nature last. */
function explainLoss(id: GuaranteeId, { candidates, judge, input }: Bench): Omit<Answer, "result"> {
  const { matrix } = input;
  const ordered = [judge, ...candidates].filter((candidate) => candidate !== undefined);
  const byHost = [
    ...ordered.filter((candidate) => candidate === judge && hostLack(candidate, id) !== undefined),
    ...ordered.filter((candidate) => mightKeep(candidate, id, matrix)),
    ...ordered.filter((candidate) => decisionOf(id, candidate)?.kept === true && !isAvailable(candidate)),
    ...ordered.filter((candidate) => hostLack(candidate, id) !== undefined),
  ][0];
  if (byHost !== undefined) {
    const missing = hostLack(byHost, id);
    if (missing === undefined) return lackOf(byHost, matrix);
    return { because: `${byHost.strategy.id} needs ${nameCapability(missing, matrix)}`, capability: missing };
  }
  const keeper = candidates.find((candidate) => isAvailable(candidate) && decisionOf(id, candidate)?.kept === true);
  if (keeper !== undefined) {
    const lost = keeper.unmet.map((decision) => decision.id).join(", ");
    return { because: `only ${keeper.strategy.id} keeps it, which does not keep ${lost}` };
  }
  const decision = judge && decisionOf(id, judge);
  const reason = decision === undefined || decision.kept ? "not kept" : withoutStop(decision.reason);
  return { because: `${judge?.strategy.id ?? "no strategy"}: ${reason}` };
}

/** Id of the capability for whose lack a strategy does not keep a guarantee, where there is one. */
function hostLack(candidate: Candidate, id: GuaranteeId): string | undefined {
  const decision = decisionOf(id, candidate);
  return decision === undefined || decision.kept ? undefined : decision.missing;
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

/** `userns.create, which is blocked (ns-limit)`. */
function nameCapability(id: string, matrix: Matrix): string {
  const capability = matrix[id];
  if (capability === undefined) return `${id}, which was not probed`;
  const codes = [...new Set(capability.blockers.map(({ code }) => code))]
    .filter((code) => code !== "unknown")
    .join(", ");
  return `${id}, which is ${capability.state}${codes === "" ? "" : ` (${codes})`}`;
}

function withoutStop(text: string): string {
  return text.trim().replace(/\.+$/u, "");
}
