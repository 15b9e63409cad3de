/** A report for people: the verdict first, then problems, strategies and trials, then the matrix. */
import type { Matrix } from "../model/capability.ts";
import type { Report } from "../model/report.ts";
import { layerBlocks } from "./layer-blocks.ts";
import { layOutBlocks } from "./lay-out-blocks.ts";
import { foldedMatrixBlocks, namedCapabilityBlocks, wholeMatrixBlocks } from "./matrix-blocks.ts";
import { formatDuration, joinWords } from "./phrase.ts";
import { problemBlocks } from "./problem-blocks.ts";
import { longestQuickProbes } from "./quick-probes.ts";
import { strategyBlocks, trialBlocks, verifiedBlocks } from "./strategy-blocks.ts";
import type { TerminalStyle } from "./terminal-style.ts";
import { blank, paragraph, verdict } from "./text-block.ts";
import type { Block } from "./text-block.ts";
import { describeVerdict } from "./verdict-words.ts";

/** How much is shown. */
export interface RenderTextOptions {
  /** Every capability on its own line, every reason, every trial's evidence. */
  readonly all: boolean;
  /** The verdict alone. */
  readonly brief?: boolean | undefined;
  /** Only these capabilities or families of them, in every detail. */
  readonly capabilities?: readonly string[] | undefined;
}

/** The report as text. */
export function renderText(report: Report, style: TerminalStyle, options: RenderTextOptions): string {
  const matrix: Matrix = Object.fromEntries(report.capabilities.map((capability) => [capability.id, capability]));
  const names = options.capabilities ?? [];
  const first = verdict(describeVerdict(report, matrix));
  if (options.brief === true) return layOutBlocks([first], style);
  const body = names.length > 0 ? namedCapabilityBlocks(report, names) : bodyBlocks(report, matrix, options.all);
  return layOutBlocks([first, ...body, blank, paragraph(`${origin(report)}${overBudget(report)}`)], style);
}

function bodyBlocks(report: Report, matrix: Matrix, all: boolean): Block[] {
  return [
    ...problemBlocks(report),
    ...strategyBlocks(report, matrix, all),
    ...trialBlocks(report.trials, all),
    ...verifiedBlocks(report.verified),
    ...layerBlocks(report.layers, all),
    ...(all ? wholeMatrixBlocks(report) : foldedMatrixBlocks(report)),
  ];
}

/** Said only where it was exceeded: which probes took longest. */
function overBudget({ quickProbes, capabilities }: Report): string {
  const { durationMs, budgetMs } = quickProbes;
  if (durationMs <= budgetMs) return "";
  const longest = longestQuickProbes(capabilities);
  const named = longest.slice(0, 3).map(([probe, time]) => `${probe} ${formatDuration(time)}`);
  return ` The quick probes took ${formatDuration(durationMs)}, more than the ${formatDuration(budgetMs)} that they may take: ${joinWords(named)}.`;
}

function origin({ id, createdAt, cupel, user, durationMs }: Report): string {
  const duration = durationMs > 0 ? ` in ${formatDuration(durationMs)}` : "";
  return `Report ${id}, made${duration} by cupel ${cupel.version} for uid ${user.uid} at ${createdAt}.`;
}
