/** Topics on what a job is promised: a guarantee, or a strategy that keeps some. Pure. */
import { guaranteePromises, type GuaranteeId } from "../model/guarantee.ts";
import type { Report } from "../model/report.ts";
import type { Strategy } from "../strategies/_strategy.ts";
import { guaranteeExplanations } from "./explanations.ts";
import { describeFreedoms } from "./lost-guarantee-words.ts";
import { joinWords, sentence } from "./phrase.ts";
import { field, item } from "./text-block.ts";
import type { Block } from "./text-block.ts";
import { head, type Topic } from "./topic.ts";

/** One guarantee: the promise, what the job could do without it, who keeps it here. */
export function guaranteeTopic(id: GuaranteeId): Topic {
  const text = `The promise: ${guaranteePromises[id]}. ${guaranteeExplanations[id]}`;
  const freedom = `Without it, the job could ${describeFreedoms([id])}.`;
  return {
    kind: "guarantee",
    id,
    summary: guaranteePromises[id],
    needs: [],
    blocks: (report) => [...head("guarantee", id, `${text} ${freedom}`), ...(report ? keptHere(id, report) : [])],
  };
}

/** Which strategies keep it for the default job here, and on what it stands. */
function keptHere(id: GuaranteeId, { strategies }: Report): Block[] {
  return strategies.flatMap((strategy) => {
    const decision = strategy.guarantees.find((candidate) => candidate.id === id);
    if (decision === undefined) return [];
    const where = strategy.available ? "" : "; it is not available here";
    if (!decision.kept) return [item("blocked", sentence(`${strategy.id} does not keep it: ${decision.reason}`))];
    const mark = strategy.available ? "works" : "degraded";
    const needs =
      decision.capabilities.length === 0 ? [] : [field("Stands on", sentence(joinWords(decision.capabilities)))];
    return [item(mark, sentence(`${strategy.id} keeps it: ${decision.mechanism}${where}`)), ...needs];
  });
}

/** One strategy: what it is, and how it fares here. */
export function strategyTopic({ id, isolation, rank, summary, explanation }: Strategy): Topic {
  const text = `${sentence(`${summary[0]?.toUpperCase() ?? ""}${summary.slice(1)}`)} ${explanation} Class ${isolation}, rank ${rank} (lower is preferred).`;
  return {
    kind: "strategy",
    id,
    summary,
    needs: [],
    blocks: (report) => [
      ...head("strategy", id, text.replaceAll(/\s+/g, " ")),
      ...(report ? strategyHere(id, report) : []),
    ],
  };
}

function strategyHere(id: string, report: Report): Block[] {
  const strategy = report.strategies.find((candidate) => candidate.id === id);
  const trial = report.trials.find((candidate) => candidate.strategy === id);
  if (strategy === undefined) return [];
  const isTaken = report.selection.chosen === id ? "; the default job is run by it" : "";
  const kept = strategy.guarantees.filter((decision) => decision.kept).map((decision) => decision.id);
  const unkept = strategy.guarantees.flatMap((decision) => (decision.kept ? [] : [decision]));
  return [
    item(
      strategy.available ? "works" : "blocked",
      sentence(strategy.available ? `Works here${isTaken}` : "Not available here"),
    ),
    ...(strategy.missing.length === 0 ? [] : [field("Lacks", sentence(joinWords(strategy.missing)))]),
    ...(trial === undefined ? [] : [field("Trial", sentence(`${trial.result}; ${trial.summary}`))]),
    ...(kept.length === 0 ? [] : [field("Keeps", sentence(joinWords(kept)))]),
    ...Array.from(
      Map.groupBy(unkept, ({ reason }) => reason),
      ([reason, group]) =>
        field("Does not keep", sentence(`${joinWords(group.map((decision) => decision.id))}: ${reason}`)),
    ),
  ];
}
