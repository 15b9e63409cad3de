/** Records of runs in words: a table of them, as wide as the terminal, and one of them in whole. */
import type { ArtifactsOutcome } from "../model/artifact.ts";
import type { Outcome } from "../model/outcome.ts";
import type { KeptOutput, RunRecord } from "../model/run-record.ts";
import { describeArtifacts, describeMissingArtifacts, describeRefusedArtifacts } from "./artifact-words.ts";
import { count, formatBytes, formatDuration, joinWords } from "./phrase.ts";
import { printableText } from "./printable-text.ts";
import { quoteWords } from "./shell-words.ts";
import { summarizeChanges } from "./render-changes.ts";
import { fitLine, type ReaderView } from "./fit-line.ts";
import type { TerminalStyle } from "./terminal-style.ts";
import { displayWidth } from "./wrap-text.ts";

/** What is shown of a record; a plan only by the name of its strategy. */
export type ShownRun = Pick<RunRecord, "id" | "startedAt" | "command" | "directory"> & {
  readonly outcome: Outcome;
  readonly keptOutput?: KeptOutput | undefined;
};

const minuteMs = 60_000;

/** `12 s ago`, `3 h ago`, `5 days ago`. */
export function describeAge(milliseconds: number): string {
  const minutes = milliseconds / minuteMs;
  if (minutes < 1) return `${Math.max(0, Math.floor(milliseconds / 1000))} s ago`;
  if (minutes < 60) return `${Math.floor(minutes)} min ago`;
  const hours = minutes / 60;
  return hours < 48 ? `${Math.floor(hours)} h ago` : `${Math.floor(hours / 24)} days ago`;
}

interface Column {
  readonly title: string;
  /** Terminals that are narrower go without it. */
  readonly fromWidth: number;
  readonly text: (run: ShownRun, nowMs: number) => string;
}

const columns: readonly Column[] = [
  { title: "id", fromWidth: 0, text: ({ id }) => id },
  { title: "started", fromWidth: 50, text: ({ startedAt }, nowMs) => describeAge(nowMs - Date.parse(startedAt)) },
  { title: "status", fromWidth: 0, text: ({ outcome }) => outcome.status },
  {
    title: "time",
    fromWidth: 60,
    text: ({ outcome: { usage } }) => (usage === undefined ? "-" : formatDuration(usage.wallMs)),
  },
  { title: "strategy", fromWidth: 72, text: ({ outcome }) => outcome.strategy ?? "-" },
];

const gap = 2;
const commandLeast = 12;

/** As many letters of it as take no more than `width` columns. */
function shorten(text: string, width: number, { unicode }: TerminalStyle): string {
  if (displayWidth(text) <= width) return text;
  const mark = unicode ? "…" : "...";
  let kept = "";
  for (const letter of text) {
    if (displayWidth(kept + letter) + mark.length > width) break;
    kept += letter;
  }
  return `${kept}${mark}`;
}

/** Cells of the columns that leave room for a command, padded. */
function cellsOf(runs: readonly ShownRun[], { nowMs, style, isWide }: RunListView): string[][] {
  const shown = columns.filter(({ fromWidth }) => isWide || style.columns >= fromWidth);
  for (;;) {
    const rows = [
      shown.map(({ title }) => title.toUpperCase()),
      ...runs.map((run) => shown.map(({ text }) => text(run, nowMs))),
    ];
    const widths = shown.map((_, index) => Math.max(...rows.map((row) => (row[index] ?? "").length)) + gap);
    const taken = widths.reduce((sum, width) => sum + width, 0);
    if (isWide || shown.length === 1 || style.columns - taken >= commandLeast)
      return rows.map((row) => row.map((cell, at) => cell.padEnd(widths[at] ?? 0)));
    shown.pop();
  }
}

/** When and for whom it is rendered. */
export interface RunListView extends ReaderView {
  readonly nowMs: number;
}

/** The table, newest first as they come; for a program no command is shortened. */
export function renderRunList(runs: readonly ShownRun[], unreadable: number, view: RunListView): string {
  const { style, isWide } = view;
  const notes =
    unreadable === 0 ? [] : [`${count(unreadable, "record")} cannot be read: cut short, or of another version`];
  const fitted = notes.map((note) => fitLine("", note, view));
  if (runs.length === 0) return `${["runs: nothing is recorded", ...fitted].join("\n")}\n`;
  const commands = ["COMMAND", ...runs.map(({ command }) => quoteWords(command))];
  const lines = cellsOf(runs, view).map((row, index) => {
    const cells = row.join("");
    const room = isWide ? Infinity : style.columns - cells.length;
    return `${cells}${shorten(printableText(commands[index] ?? "", style.unicode), room, style)}`.trimEnd();
  });
  return `${[...lines, ...fitted].join("\n")}\n`;
}

function usageWords({ usage, output = [] }: Outcome): string[] {
  if (usage === undefined) return [];
  const { tree, userMs, systemMs, maxRssBytes, blocks } = usage;
  const memory =
    tree?.peakMemoryBytes === undefined
      ? `${formatBytes(maxRssBytes)} in its largest process`
      : formatBytes(tree.peakMemoryBytes);
  const io = tree?.io ?? blocks;
  return [
    `CPU ${formatDuration(tree?.cpuMs ?? userMs + systemMs)}, memory ${memory}`,
    ...(tree?.peakPids === undefined ? [] : [count(tree.peakPids, "process", "processes")]),
    ...(io === undefined ? [] : [`disk: ${formatBytes(io.readBytes)} read, ${formatBytes(io.writtenBytes)} written`]),
    ...output.map(({ stream, bytes }) => `${stream} ${formatBytes(bytes)}`),
  ];
}

function changeWords({ workspace }: Outcome): string[] {
  if (workspace?.changes === undefined) return [];
  const { changes, id, isApplied } = workspace;
  const kept = id === undefined ? "" : `, kept when it ended: cupel changes ${id}`;
  return [`${summarizeChanges(changes)}${isApplied === true ? ", applied" : kept}`];
}

function artifactWords(artifacts: ArtifactsOutcome): string {
  const lacks = [
    ...(artifacts.refusedCount === 0 ? [] : [describeRefusedArtifacts(artifacts)]),
    ...(artifacts.missing.length === 0 ? [] : [describeMissingArtifacts(artifacts)]),
  ];
  return [describeArtifacts(artifacts), ...lacks].join("; ");
}

function keptWords(id: string, kept: KeptOutput): string[] {
  return (["output", "errors"] as const).map((name) => {
    const { bytes, cutBytes } = kept[name];
    const cut = cutBytes === 0 ? "" : `, the first of ${formatBytes(bytes + cutBytes)}`;
    return `${name}: ${formatBytes(bytes)} kept${cut}${bytes === 0 ? "" : `: cupel runs show ${id} --${name}`}`;
  });
}

/** One of them: a line for each thing that is known. */
export function renderRun(run: ShownRun, view: ReaderView): string {
  const { id, startedAt, command, directory, outcome, keptOutput } = run;
  const { status, cause, exitCode, strategy, guarantees, accepted, degraded, denied = [], artifacts } = outcome;
  const time = outcome.usage === undefined ? "" : `, took ${formatDuration(outcome.usage.wallMs)}`;
  const kept = guarantees.filter((decision) => decision.kept).map((decision) => decision.id);
  const lines: (readonly [string, string])[] = [
    ["run", `${id}: ${status}: ${cause.summary}; exit code ${exitCode}`],
    ["command", quoteWords(command)],
    ["directory", directory],
    ["started", `${startedAt}${time}`],
    ...(strategy === undefined ? [] : [["strategy", strategy] as const]),
    ...(kept.length === 0 ? [] : [["kept", kept.join(", ")] as const]),
    ...(accepted.length === 0 ? [] : [["given up", joinWords(accepted)] as const]),
    ...degraded.map((lack) => ["degraded", `${lack.id}: ${lack.reason}`] as const),
    ...denied.map(({ kind, count: times, by }) => ["denied", `${kind}, by ${by}: ${times}`] as const),
    ...usageWords(outcome).map((words) => ["used", words] as const),
    ...changeWords(outcome).map((words) => ["changes", words] as const),
    ...(artifacts === undefined ? [] : [["artifacts", artifactWords(artifacts)] as const]),
    ...(keptOutput === undefined ? [] : keptWords(id, keptOutput).map((words) => ["wrote", words] as const)),
    ...cause.evidence.map(({ action, result }) => ["evidence", `${action}: ${result}`] as const),
  ];
  const width = Math.max(...lines.map(([name]) => name.length)) + gap;
  // A command is there to be pasted.
  const fit = (name: string, text: string): string =>
    name === "command" ? `${name.padEnd(width)}${text}` : fitLine(name.padEnd(width), text, view);
  return lines.map(([name, text]) => `${fit(name, printableText(text, true))}\n`).join("");
}
