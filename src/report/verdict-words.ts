/** The verdict of a report, one or two sentences. */
import type { Matrix } from "../model/capability.ts";
import type { GuaranteeDecision, GuaranteeId } from "../model/guarantee.ts";
import type { Report, StrategySummary } from "../model/report.ts";
import { blockerCodesOf } from "./blocker-words.ts";
import { findObstacle, smallestRemedy } from "./obstacle.ts";
import { clause, joinWords, sentence } from "./phrase.ts";
import { describeRejection, placeOfStrategy } from "./rejection-words.ts";
import { describeWho } from "./remedy-blocks.ts";

/** A decision that a guarantee is not kept. */
type Unkept = Extract<GuaranteeDecision, { kept: false }>;

/** What the report comes to. */
export function describeVerdict(report: Report, matrix: Matrix): string {
  const chosen = report.strategies.find((strategy) => strategy.id === report.selection.chosen);
  if (chosen !== undefined) return choiceSentences(report, chosen, matrix);
  return elsewhereSentence(report) ?? refusalSentences(report, matrix);
}

/** On a platform where every mechanism is another's there is one thing to say. */
function elsewhereSentence({ capabilities }: Report): string | undefined {
  const [first] = capabilities;
  if (first === undefined || capabilities.some(({ state }) => state !== "not-applicable")) return undefined;
  return `Nothing can be measured or run here: every capability is ${sentence(first.summary)}`;
}

/** The caps that a job can ask for, as they read in a sentence. */
const capWords: Partial<Record<GuaranteeId, string>> = {
  "limit.time": "time",
  "limit.cpu": "CPU",
  "limit.memory": "memory",
  "limit.pids": "processes",
};

function choiceSentences(report: Report, chosen: StrategySummary, matrix: Matrix): string {
  const { accepted } = report.selection;
  const held =
    accepted.length === 0
      ? "all demanded guarantees hold."
      : `the demanded guarantees hold but for ${joinWords(accepted)}, given up by name.`;
  return `Jobs will run ${placeOfStrategy(chosen)}; ${held}${missingCaps(chosen, matrix)}`;
}

function missingCaps(chosen: StrategySummary, matrix: Matrix): string {
  const missing = chosen.guarantees.filter((decision): decision is Unkept => !decision.kept && decision.id in capWords);
  const first = missing[0];
  if (first === undefined) return "";
  const caps = missing.map((decision) => capWords[decision.id] ?? decision.id);
  const subject = missing.length === 1 ? `A cap on ${joinWords(caps)}` : `Caps on ${joinWords(caps)}`;
  const reasons = new Set(missing.map((decision) => describeReason(decision, matrix)));
  const codes = new Set(missing.map((decision) => codesOf(decision, matrix)));
  // Several reasons are for the section on problems: here, who is behind them is enough.
  if (reasons.size === 1)
    return ` ${subject} cannot be enforced here: ${describeReason(first, matrix)} (${codesOf(first, matrix)}).`;
  return ` ${subject} cannot be enforced here (${[...codes].join("; ")}).`;
}

function describeReason({ reason, missing }: Unkept, matrix: Matrix): string {
  const capability = matrix[missing ?? ""];
  if (capability === undefined) return clause(reason);
  const causes = capability.blockers.map(({ detail }) => clause(detail));
  return causes.length === 0 ? clause(capability.summary) : joinWords(causes);
}

/** Who is behind it: blocker codes, the state where there are none, the strategy where the host is not to blame. */
function codesOf({ missing }: Unkept, matrix: Matrix): string {
  const capability = matrix[missing ?? ""];
  return capability === undefined ? "not offered by this strategy" : blockerCodesOf(capability);
}

function refusalSentences(report: Report, matrix: Matrix): string {
  const obstacle = findObstacle(report.selection, matrix);
  const remedy = obstacle && smallestRemedy(obstacle.capability.id, report.remedies);
  const parts = ["No strategy here keeps the default demands.", closestSentence(report, matrix)];
  if (obstacle !== undefined && obstacle.strategy !== report.selection.closest) {
    const rejection = report.selection.rejected.find(({ strategy }) => strategy === obstacle.strategy);
    if (rejection) parts.push(sentence(`Strategy ${obstacle.strategy} ${describeRejection(rejection, matrix)}`));
  }
  if (remedy) parts.push(`Smallest remedy known: ${clause(remedy.summary)} (${describeWho(remedy)}).`);
  return parts.filter((part) => part !== "").join(" ");
}

function closestSentence(report: Report, matrix: Matrix): string {
  const closest = report.selection.rejected.find((rejection) => rejection.strategy === report.selection.closest);
  return closest === undefined
    ? ""
    : sentence(`Closest is ${closest.strategy}, but it ${describeRejection(closest, matrix)}`);
}
