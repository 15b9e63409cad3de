/** The rule of selection: of the strategies that work here and keep every demanded guarantee, the preferred one. Pure. */
import { isUsable, type Standings } from "../model/capability.ts";
import { isolationStrength, type GuaranteeDecision, type GuaranteeId } from "../model/guarantee.ts";
import type { Job } from "../model/job.ts";
import type { Rejection, Selection } from "../model/report.ts";
import type { StartCost } from "../model/start-cost.ts";
import type { TrialVerdict } from "../model/trial.ts";
import type { VerifiedSet } from "../model/verification.ts";
import type { Strategy } from "../strategies/_strategy.ts";
import { isNeededBy, needsOfJob } from "./needs-of-job.ts";
import { decideVerified } from "./verified-decisions.ts";

/** One strategy, judged for one job on one host. */
export interface Candidate {
  readonly strategy: Strategy;
  readonly decisions: readonly GuaranteeDecision[];
  /** Required capabilities that are not usable here. */
  readonly missing: readonly string[];
  readonly trial: TrialVerdict | undefined;
  /** Demanded guarantees that it does not keep. */
  readonly unkept: readonly GuaranteeDecision[];
  /** Those of them that the caller did not give up by name. */
  readonly unmet: readonly GuaranteeDecision[];
  /** What the job itself needs of any strategy's host, and that is not usable here. */
  readonly lacking: readonly string[];
  /** Demanded guarantees that it keeps, but that no attack on this very sandbox was seen to fail against. */
  readonly unverified: readonly GuaranteeId[];
}

/** What selection looks at. */
export interface SelectionInput {
  readonly strategies: readonly Strategy[];
  readonly job: Job;
  readonly matrix: Standings;
  readonly trials: readonly TrialVerdict[];
  /** What attacks showed on this host. */
  readonly verified?: readonly VerifiedSet[] | undefined;
  /** What starts were measured to cost on this host. */
  readonly startCosts?: readonly StartCost[] | undefined;
}

function judge(strategy: Strategy, { job, matrix, trials, verified: sets = [] }: SelectionInput): Candidate {
  const { decisions, verified } = decideVerified(strategy, job, matrix, sets);
  const unkept = decisions.filter((decision) => !decision.kept && job.demands.required.includes(decision.id));
  return {
    strategy,
    decisions,
    missing: strategy.requires(matrix).filter((id) => !isUsable(matrix[id])),
    trial: trials.find((trial) => trial.strategy === strategy.id),
    unkept,
    unmet: unkept.filter(({ id }) => !job.demands.accepted.includes(id) || isNeededBy(job, id)),
    lacking: needsOfJob(job, matrix).filter((id) => !isUsable(matrix[id])),
    unverified: job.demands.required.filter(
      (id) => !verified.includes(id) && !unkept.some((decision) => decision.id === id),
    ),
  };
}

/** Every strategy, judged. */
export function judgeAll(input: SelectionInput): Candidate[] {
  return input.strategies.map((strategy) => judge(strategy, input));
}

/** Whether it exists here: nothing that it requires is missing, and its trial passed. */
export function isAvailable(candidate: Candidate): boolean {
  return candidate.missing.length === 0 && candidate.trial?.result === "passed";
}

function guaranteeReason(decision: GuaranteeDecision): Rejection["reason"] {
  const because = decision.kept ? "" : decision.reason;
  const missing = decision.kept ? undefined : decision.missing;
  return { kind: "guarantee", guarantee: decision.id, because, missing };
}

/** The first thing that it lacks for this job; undefined where it lacks nothing. */
function lack(candidate: Candidate, { demands }: Job): Rejection["reason"] | undefined {
  const { strategy, missing, trial, unmet } = candidate;
  if (demands.strategy !== undefined && demands.strategy !== strategy.id) return { kind: "not-named" };
  if (missing[0] !== undefined) return { kind: "capability", capability: missing[0] };
  if (trial?.result !== "passed") return { kind: "trial", summary: trial?.summary ?? "it was not tried" };
  const { minimum } = demands;
  if (minimum !== undefined && isolationStrength(strategy.isolation) < isolationStrength(minimum)) {
    return { kind: "isolation", minimum };
  }
  if (unmet[0] !== undefined) return guaranteeReason(unmet[0]);
  return lackBeyondGuarantees(candidate, demands);
}

function lackBeyondGuarantees(candidate: Candidate, { verified }: Job["demands"]): Rejection["reason"] | undefined {
  const [capability] = candidate.lacking;
  if (capability !== undefined) return { kind: "capability", capability };
  return verified === true ? verifiedReason(candidate) : undefined;
}

function verifiedReason({ unverified: [guarantee] }: Candidate): Rejection["reason"] | undefined {
  return guarantee === undefined ? undefined : { kind: "not-verified", guarantee };
}

/** What a start costs, where that is known of all of them: a time says nothing beside a rank. */
function startsOf(fit: readonly Candidate[], costs: readonly StartCost[] = []): (candidate: Candidate) => number {
  const costOf = ({ strategy }: Candidate) => costs.find((cost) => cost.strategy === strategy.id)?.medianUs;
  return fit.every((candidate) => costOf(candidate) !== undefined) ? (candidate) => costOf(candidate) ?? 0 : () => 0;
}

/** Better first. What the caller gave up is still kept where something keeps it. */
function compare(
  one: Candidate,
  other: Candidate,
  prefer: Job["demands"]["prefer"],
  startOf: (candidate: Candidate) => number,
): number {
  const strength = isolationStrength(other.strategy.isolation) - isolationStrength(one.strategy.isolation);
  return (
    one.unkept.length - other.unkept.length ||
    (prefer === "strongest" ? strength : 0) ||
    Number(one.unverified.length > 0) - Number(other.unverified.length > 0) ||
    (prefer === "fastest" ? startOf(one) - startOf(other) : 0) ||
    one.strategy.rank - other.strategy.rank
  );
}

/** What is here and lacks least; what is not here, only where nothing is. The preferred one of equals. */
export function closestOf(candidates: readonly Candidate[]): Candidate | undefined {
  const distance = (candidate: Candidate): number => candidate.unmet.length + (isAvailable(candidate) ? 0 : 100);
  return candidates.toSorted(
    (one, other) => distance(one) - distance(other) || one.strategy.rank - other.strategy.rank,
  )[0];
}

/** Chooses, and says why each other strategy was not taken. */
export function select(input: SelectionInput): Selection {
  const { job } = input;
  const candidates = judgeAll(input);
  const lacks = new Map(candidates.map((candidate) => [candidate, lack(candidate, job)]));
  const fit = candidates.filter((candidate) => lacks.get(candidate) === undefined);
  const startOf = startsOf(fit, input.startCosts);
  const chosen = fit.toSorted((one, other) => compare(one, other, job.demands.prefer, startOf))[0];
  const rejected = candidates
    .filter((candidate) => candidate !== chosen)
    .map((candidate): Rejection => ({
      strategy: candidate.strategy.id,
      reason: lacks.get(candidate) ?? { kind: "not-preferred" },
    }));
  if (chosen === undefined) {
    const named = candidates.filter((candidate) => lacks.get(candidate)?.kind !== "not-named");
    return { accepted: [], rejected, closest: closestOf(named)?.strategy.id };
  }
  return { chosen: chosen.strategy.id, accepted: chosen.unkept.map((decision) => decision.id), rejected };
}
