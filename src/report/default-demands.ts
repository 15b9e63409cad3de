/** The demands of the default job, one by one, as a report answers them. Pure. */
import type { Matrix } from "../model/capability.ts";
import type { DemandVerdict } from "../model/demand.ts";
import { isolationSet, type GuaranteeDecision, type GuaranteeId } from "../model/guarantee.ts";
import type { Report, StrategySummary } from "../model/report.ts";
import { findObstacle } from "./obstacle.ts";
import { clause } from "./phrase.ts";
import { describeRejection } from "./rejection-words.ts";

/** What a demand is judged by: the strategy taken, or the closest one, and what is in the way. */
interface Judge {
  readonly strategy: StrategySummary;
  readonly isTaken: boolean;
  /** Nothing was seen to deny it: it could not be told. */
  readonly isUntold: boolean;
  readonly because: string;
  readonly obstacle: string | undefined;
}

/** One verdict for each guarantee that every job demands, but for those given up by name. */
export function defaultDemands(report: Report): DemandVerdict[] {
  const judge = findJudge(report);
  if (judge === undefined) return [];
  return judge.strategy.guarantees.flatMap((decision) => {
    if (!isolationSet.includes(decision.id) || isDropped(decision, judge, report)) return [];
    return [judgeGuarantee(decision, judge)];
  });
}

/** Whether all that keeps a strategy from doing the default job is what could not be told. */
export function couldDoDefaultJob(strategy: StrategySummary, { capabilities, trials }: Report): boolean {
  const isUnknown = (id: string | undefined): boolean =>
    capabilities.find((capability) => capability.id === id)?.state === "unknown";
  const unkept = strategy.guarantees.filter(({ id }) => isolationSet.includes(id));
  return (
    trials.find((trial) => trial.strategy === strategy.id)?.result !== "failed" &&
    strategy.missing.every(isUnknown) &&
    unkept.every((decision) => decision.kept || isUnknown(decision.missing))
  );
}

function findJudge(report: Report): Judge | undefined {
  const { selection, strategies, capabilities } = report;
  const strategy = strategies.find(({ id }) => id === (selection.chosen ?? selection.closest));
  if (strategy === undefined) return undefined;
  const matrix: Matrix = Object.fromEntries(capabilities.map((capability) => [capability.id, capability]));
  const rejection = selection.rejected.find((candidate) => candidate.strategy === strategy.id);
  return {
    strategy,
    isTaken: selection.chosen !== undefined,
    isUntold: strategies.some((candidate) => couldDoDefaultJob(candidate, report)),
    because: rejection === undefined ? "" : clause(describeRejection(rejection, matrix)),
    obstacle: findObstacle(selection, matrix)?.capability.id,
  };
}

/** What the strategy taken does not keep was not demanded, or was given up. */
function isDropped({ id, kept }: GuaranteeDecision, { isTaken }: Judge, { selection }: Report): boolean {
  return selection.accepted.includes(id) || (isTaken && !kept);
}

function judgeGuarantee(decision: GuaranteeDecision, judge: Judge): DemandVerdict {
  const demand = { kind: "guarantee", id: decision.id } as const;
  if (decision.kept && judge.strategy.available) return holds(decision.id, decision.mechanism);
  const result = judge.isUntold ? "unknown" : "fails";
  const reason = decision.kept ? judge.because : clause(decision.reason);
  const because = reason === "" ? "no strategy here keeps it" : `${judge.strategy.id}: ${reason}`;
  const capability = (decision.kept ? undefined : decision.missing) ?? judge.obstacle;
  return { demand, result, because, ...(capability === undefined ? {} : { capability }) };
}

function holds(id: GuaranteeId, because: string): DemandVerdict {
  return { demand: { kind: "guarantee", id }, result: "holds", because };
}
