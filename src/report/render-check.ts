/** What `check` prints: each demand, what is behind those that do not hold, what drifted, and the verdict as the last line. */
import type { DemandVerdict } from "../model/demand.ts";
import { usesOf } from "./capability-uses.ts";
import { describeBeforeCauses, markOf } from "./capability-words.ts";
import { checkExitCodes, conclude, describeConclusion, type CheckResult, type Drift } from "./check-result.ts";
import { differenceBlocks, factBlocks } from "./difference-blocks.ts";
import { layOutBlocks } from "./lay-out-blocks.ts";
import { clause, joinWords, sentence } from "./phrase.ts";
import { detailBlocks } from "./problem-blocks.ts";
import { renderJson } from "./render-json.ts";
import type { TerminalStyle } from "./terminal-style.ts";
import { blank, heading, item, paragraph, verdict } from "./text-block.ts";
import type { Block, Mark } from "./text-block.ts";

/** The result as text. */
export function renderCheck(result: CheckResult, style: TerminalStyle): string {
  const demands = result.demands.map(demandBlock);
  const blocks = [
    ...demands,
    ...causeBlocks(result),
    ...driftBlocks(result.drift),
    blank,
    verdict(describeConclusion(result)),
  ];
  return layOutBlocks(blocks[0]?.kind === "blank" ? blocks.slice(1) : blocks, style);
}

/** The result as JSON. */
export function renderCheckJson(result: CheckResult): string {
  const { report, demands, drift } = result;
  const conclusion = conclude(result);
  return renderJson({ schema: 1, result: conclusion, exitCode: checkExitCodes[conclusion], demands, drift, report });
}

const marks: Readonly<Record<DemandVerdict["result"], Mark>> = {
  holds: "works",
  degraded: "degraded",
  fails: "blocked",
  unknown: "unknown",
};

const resultWords: Readonly<Record<DemandVerdict["result"], string>> = {
  holds: "holds",
  degraded: "holds only in part",
  fails: "does not hold",
  unknown: "cannot be told",
};

const kindWords: Readonly<Record<DemandVerdict["demand"]["kind"], string>> = {
  capability: "capability ",
  guarantee: "",
  isolation: "class ",
  strategy: "strategy ",
};

function demandBlock({ demand, result, because }: DemandVerdict): Block {
  return item(
    marks[result],
    sentence(`${kindWords[demand.kind]}${demand.id} ${resultWords[result]}: ${clause(because)}`),
  );
}

/** Each capability that is behind a demand that does not hold, once, with cause and remedy. */
function causeBlocks({ report, demands }: CheckResult): Block[] {
  const open = demands.filter(({ result }) => result !== "holds");
  const ids = new Set(open.flatMap(({ capability }) => capability ?? []));
  const found = report.capabilities.filter(({ id }) => ids.has(id));
  const seen = new Map<string, string>();
  return found.flatMap((capability, index) => [
    ...(index === 0 ? heading("What is in the way") : []),
    item(markOf(capability), sentence(describeBeforeCauses(capability))),
    ...detailBlocks(capability, usesOf(capability.id, report.strategies), report.remedies, seen),
  ]);
}

function driftBlocks(drift: Drift | undefined): Block[] {
  if (drift === undefined) return [];
  const { lock, differences, changes, unexpected } = drift;
  const added = joinWords(unexpected, 5);
  return [
    ...differenceBlocks(differences),
    ...(differences.length === 0 ? [] : factBlocks(changes, `Changed on the host since ${lock} was written`)),
    ...(unexpected.length === 0
      ? []
      : [
          blank,
          paragraph(`Not in ${lock}, since another build of cupel wrote it or they changed meanwhile: ${added}.`),
        ]),
  ];
}
