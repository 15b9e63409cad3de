/** What attacks on a strategy's sandbox showed, held against what it says of itself. Pure. */
import type { Standings } from "../model/capability.ts";
import type { GuaranteeDecision, GuaranteeId } from "../model/guarantee.ts";
import type { Job } from "../model/job.ts";
import type { VerifiedSet } from "../model/verification.ts";
import type { Strategy } from "../strategies/_strategy.ts";
import { mechanismsOf } from "./mechanisms.ts";

/** What is known of one strategy's sandbox for one job. */
export interface VerifiedDecisions {
  readonly decisions: readonly GuaranteeDecision[];
  /** Guarantees that held when that very sandbox was attacked. */
  readonly verified: readonly GuaranteeId[];
}

function findSet(
  strategy: Strategy,
  job: Job,
  matrix: Standings,
  sets: readonly VerifiedSet[],
): VerifiedSet | undefined {
  const own = sets.filter((set) => set.strategy === strategy.id);
  if (own.length === 0) return undefined;
  const mechanisms = mechanismsOf(job, strategy.plan(job, matrix));
  return own.find((set) => set.mechanisms === mechanisms);
}

/** A guarantee that was broken is not offered any more, whatever the mechanism. */
function withoutBroken(decision: GuaranteeDecision, { guarantees }: VerifiedSet): GuaranteeDecision {
  const found = guarantees.find(({ id }) => id === decision.id);
  if (!decision.kept || found?.state !== "broken") return decision;
  const reason = `it was broken here by attack ${found.attack}, in spite of this: ${decision.mechanism}`;
  return { id: decision.id, kept: false, reason };
}

/** A strategy's decisions, without those that attacks on this sandbox have broken. */
export function decideVerified(
  strategy: Strategy,
  job: Job,
  matrix: Standings,
  sets: readonly VerifiedSet[],
): VerifiedDecisions {
  const decisions = strategy.guarantees(job, matrix);
  const set = findSet(strategy, job, matrix, sets);
  if (set === undefined) return { decisions, verified: [] };
  return {
    decisions: decisions.map((decision) => withoutBroken(decision, set)),
    verified: set.guarantees.flatMap(({ id, state }) => (state === "held" ? [id] : [])),
  };
}
