/** `cupel strategies` as text. */
import { layOutBlocks } from "./lay-out-blocks.ts";
import { clause, count, joinWords, sentence } from "./phrase.ts";
import type { ListedStart, ListedStrategy, StrategyList } from "./strategy-list.ts";
import type { TerminalStyle } from "./terminal-style.ts";
import { blank, field, item, paragraph, verdict, type Block, type Mark } from "./text-block.ts";

function markOf({ isTaken, available, obstacle }: ListedStrategy): Mark {
  if (isTaken) return "works";
  if (available) return "degraded";
  return obstacle?.kind === "capability" && obstacle.state === "unknown" ? "unknown" : "blocked";
}

function placeOf({ isTaken, available }: ListedStrategy): string {
  if (isTaken) return "taken for a job without flags";
  return available ? "works here" : "not available";
}

function describeObstacle(obstacle: NonNullable<ListedStrategy["obstacle"]>): string {
  if (obstacle.kind === "trial") return sentence(`it has not passed its trial: ${clause(obstacle.summary)}`);
  const { capability, state, blocker } = obstacle;
  const why = blocker === undefined ? "" : ` (${blocker.code}): ${clause(blocker.detail)}`;
  return sentence(`it needs ${capability}, which is ${state}${why}`);
}

function describeKept({ guaranteesKept, guaranteesTotal, demandsNotKept }: ListedStrategy): string {
  const lacks =
    demandsNotKept.length === 0
      ? "all that are demanded among them"
      : `of those that are demanded not ${joinWords(demandsNotKept)}`;
  return sentence(`${guaranteesKept} of ${count(guaranteesTotal, "guarantee")}, ${lacks}`);
}

function milliseconds(value: number): string {
  return `${value.toFixed(2)} ms`;
}

function describeStart(start: ListedStart): string {
  switch (start.state) {
    case "not-measured":
      return "not measured.";
    case "failed":
      return sentence(`could not be measured: ${clause(start.because)}`);
    case "measured":
      return `${milliseconds(start.medianMs)}, the median of ${count(start.runs, "job")}; the fastest took ${milliseconds(start.minMs)}.`;
  }
}

function strategyBlocks(strategy: ListedStrategy): Block[] {
  const { id, isolation, obstacle } = strategy;
  return [
    item(markOf(strategy), sentence(`${id} (class ${isolation}): ${placeOf(strategy)}`)),
    ...(obstacle === undefined ? [] : [field("Because", describeObstacle(obstacle))]),
    field("Keeps", describeKept(strategy)),
    field("Start", describeStart(strategy.start)),
  ];
}

/** The list as text. Pure. */
export function renderStrategies({ strategies }: StrategyList, style: TerminalStyle): string {
  const isUnmeasured = strategies.some(({ available, start }) => available && start.state === "not-measured");
  return layOutBlocks(
    [
      verdict("Strategies, the preferred first:"),
      blank,
      ...strategies.flatMap(strategyBlocks),
      ...(isUnmeasured ? [blank, paragraph("To measure what a start costs: cupel strategies --measure")] : []),
    ],
    style,
  );
}
