/** The strategies of a report, and their trials. */
import type { Matrix } from "../model/capability.ts";
import type { Report, StrategySummary } from "../model/report.ts";
import type { Trial } from "../model/trial.ts";
import type { VerifiedGuarantee, VerifiedSet } from "../model/verification.ts";
import { clause, count, formatDuration, joinWords, sentence } from "./phrase.ts";
import { describeRejection } from "./rejection-words.ts";
import { field, heading, item, note } from "./text-block.ts";
import type { Block, Mark } from "./text-block.ts";

/** One item for each strategy: its class, whether it is taken, and if not why not. */
export function strategyBlocks(report: Report, matrix: Matrix, all: boolean): Block[] {
  const blocks = report.strategies.flatMap((strategy) => [
    item(markOfStrategy(strategy, report, matrix), strategyLine(strategy, report, matrix)),
    ...unkeptBlocks(strategy, report, all),
  ]);
  return blocks.length === 0 ? [] : [...heading("Strategies"), ...blocks];
}

/** One item for each trial: what was seen when the strategy was really run. */
export function trialBlocks(trials: readonly Trial[], all: boolean): Block[] {
  const blocks = trials.flatMap((trial) => [
    item(trialMarks[trial.result], trialLine(trial)),
    ...(all || trial.result !== "passed" ? trial.evidence : []).map(({ action, result }) =>
      note(`${action}: ${result}`),
    ),
  ]);
  return blocks.length === 0 ? [] : [...heading("Trials (each strategy, really run once)"), ...blocks];
}

/** One item for each sandbox that `cupel verify` attacked under this fingerprint: what held, and what was broken. */
export function verifiedBlocks(sets: readonly VerifiedSet[] = []): Block[] {
  const blocks = sets.map((set) => item(set.guarantees.some(isBroken) ? "blocked" : "works", verifiedLine(set)));
  return blocks.length === 0 ? [] : [...heading("Attacks (cupel verify)"), ...blocks];
}

function isBroken({ state }: VerifiedGuarantee): boolean {
  return state === "broken";
}

function verifiedLine({ strategy, mechanisms, guarantees }: VerifiedSet): string {
  const held = guarantees.filter((guarantee) => !isBroken(guarantee));
  const quick = held.filter(({ depth }) => depth === "quick").length;
  const broken = guarantees.filter(isBroken).map(({ id, attack }) => `${id} by ${attack}`);
  return [
    `${strategy} (${mechanisms}): ${count(held.length, "guarantee")} held`,
    quick === 0 ? "" : `, ${quick === held.length ? "each" : quick} against one attack alone`,
    broken.length === 0 ? "." : sentence(`; broken: ${joinWords(broken)}`),
  ].join("");
}

const trialMarks: Readonly<Record<Trial["result"], Mark>> = { passed: "works", failed: "blocked", unknown: "unknown" };

function trialLine({ strategy, result, durationMs, summary }: Trial): string {
  const duration = durationMs > 0 ? ` in ${formatDuration(durationMs)}` : "";
  const word = result === "unknown" ? "ended without a result" : result;
  return `${strategy}: ${word}${duration}; ${sentence(summary)}`;
}

/** What is not available is unknown where nothing was seen to stand in its way. */
function markOfStrategy(strategy: StrategySummary, { selection, trials }: Report, matrix: Matrix): Mark {
  if (strategy.id === selection.chosen) return "works";
  if (strategy.available) return "degraded";
  const trial = trials.find((candidate) => candidate.strategy === strategy.id);
  const isUntold =
    strategy.missing.length === 0
      ? trial?.result === "unknown"
      : strategy.missing.every((id) => matrix[id]?.state === "unknown");
  return isUntold ? "unknown" : "blocked";
}

function strategyLine(strategy: StrategySummary, { selection }: Report, matrix: Matrix): string {
  const name = `${strategy.id} (class ${strategy.isolation})`;
  if (strategy.id === selection.chosen) return `${name}: taken; ${sentence(strategy.summary)}`;
  const rejection = selection.rejected.find((candidate) => candidate.strategy === strategy.id);
  const reason = rejection === undefined ? "" : `: it ${clause(describeRejection(rejection, matrix))}`;
  return `${name}: ${strategy.available ? "works here, not taken" : "not available"}${reason}.`;
}

/** What the chosen strategy does not keep; with `all` what every one does not keep, with reasons. */
function unkeptBlocks(strategy: StrategySummary, { selection }: Report, all: boolean): Block[] {
  const unkept = strategy.guarantees.flatMap((decision) => (decision.kept ? [] : [decision]));
  if (unkept.length === 0) return [];
  if (all)
    return [...Map.groupBy(unkept, ({ reason }) => reason)].map(([reason, group]) =>
      field("Does not keep", sentence(`${joinWords(group.map(({ id }) => id))}: ${reason}`)),
    );
  return strategy.id === selection.chosen
    ? [field("Does not keep", sentence(joinWords(unkept.map(({ id }) => id))))]
    : [];
}
