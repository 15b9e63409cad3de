/** What `check` prints: each demand, what is behind those that do not hold, what drifted, and the verdict as the last line. */
import type { DemandVerdict } from "../model/demand.ts";
import { checkExitCodes, conclude, describeConclusion, type CheckResult, type Drift } from "./check-result.ts";
import { describeDemandResult } from "./demand-words.ts";
import { differenceBlocks, factBlocks } from "./difference-blocks.ts";
import { reportFormats, type ReportFormatName } from "./formats.ts";
import { layOutBlocks } from "./lay-out-blocks.ts";
import { clause, joinWords, sentence } from "./phrase.ts";
import { groupBlocks, groupByCause } from "./problem-blocks.ts";
import { renderJson } from "./render-json.ts";
import type { TerminalStyle } from "./terminal-style.ts";
import { blank, heading, item, paragraph, verdict } from "./text-block.ts";
import type { Block, Mark } from "./text-block.ts";

/** The result as text. */
function renderCheck(result: CheckResult, style: TerminalStyle): string {
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
function renderCheckJson(result: CheckResult): string {
  const { report, demands, drift } = result;
  const conclusion = conclude(result);
  return renderJson({ schema: 1, result: conclusion, exitCode: checkExitCodes[conclusion], demands, drift, report });
}

/** What drifted, as demands that do not hold: the other formats have no words for a lock. */
function driftDemands({ lock, differences }: Drift): DemandVerdict[] {
  return differences.map(({ kind, id, was = "not measured", is = "not measured", change }) => ({
    demand: { kind: kind === "selection" ? "strategy" : kind, id },
    result: "fails",
    because: `${lock} expects ${was}, and it is ${is}${change === "better" ? ", which is better" : ""}`,
  }));
}

/** The result in one of the formats of a report. */
export async function renderCheckAs(
  format: ReportFormatName,
  result: CheckResult,
  style: TerminalStyle,
): Promise<string> {
  if (format === "text") return renderCheck(result, style);
  if (format === "json") return renderCheckJson(result);
  const { report, drift, location } = result;
  const demands = [...result.demands, ...(drift === undefined ? [] : driftDemands(drift))];
  const render = await reportFormats[format].load();
  return render(report, { style, all: false, demands, location });
}

const marks: Readonly<Record<DemandVerdict["result"], Mark>> = {
  holds: "works",
  degraded: "degraded",
  fails: "blocked",
  unknown: "unknown",
};

function demandBlock(demand: DemandVerdict): Block {
  return item(marks[demand.result], sentence(`${describeDemandResult(demand)}: ${clause(demand.because)}`));
}

/** The capabilities that are behind demands that do not hold, cause by cause, with remedies. */
function causeBlocks({ report, demands }: CheckResult): Block[] {
  const open = demands.filter(({ result }) => result !== "holds");
  const ids = new Set(open.flatMap(({ capability }) => capability ?? []));
  const groups = groupByCause(report.capabilities.filter(({ id }) => ids.has(id)));
  const seen = new Map<string, string>();
  if (groups.length === 0) return [];
  return [...heading("What is in the way"), ...groups.flatMap((group) => groupBlocks(group, report, seen))];
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
