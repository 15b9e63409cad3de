/** What a job changed, in words: a line for each change, and what it comes to. */
import { countChanges, type Change, type ChangeCounts, type ChangeKind, type LayerRecord } from "../model/layer.ts";
import { fitLine, type ReaderView } from "./fit-line.ts";
import { count, formatBytes, joinWords } from "./phrase.ts";
import { printableText } from "./printable-text.ts";

const letters: Readonly<Record<ChangeKind, string>> = {
  added: "A",
  modified: "M",
  deleted: "D",
  "type-changed": "T",
  "mode-changed": "P",
};

function detailOf({ change, kind, mode, sizeBytes, target, before }: Change): string {
  const octal = (bits: number): string => bits.toString(8).padStart(4, "0");
  if (change === "mode-changed") return `mode ${octal(before?.mode ?? 0)}, now ${octal(mode)}`;
  if (target !== undefined) return `link to ${target}`;
  if (kind === "directory") return "directory";
  return kind === "file" ? formatBytes(sizeBytes) : "device, FIFO or socket";
}

/** `M src/main.c (1.2 KiB)`. */
export function describeChange(change: Change): string {
  return printableText(`${letters[change.change]} ${change.path} (${detailOf(change)})`, true);
}

/** `3 added, 1 modified (12 KiB)`; entries of every kind are counted alike. */
export function summarizeChanges(counts: ChangeCounts): string {
  const parts = [
    [counts.added, "added"],
    [counts.modified, "modified"],
    [counts.deleted, "deleted"],
    [counts["type-changed"], "replaced by another kind"],
    [counts["mode-changed"], "with another mode"],
  ] as const;
  const [first, ...others] = parts.filter(([amount]) => amount > 0);
  if (first === undefined) return "nothing changed";
  const words = [`${count(first[0], "path")} ${first[1]}`, ...others.map(([amount, word]) => `${amount} ${word}`)];
  return counts.sizeBytes === 0 ? joinWords(words) : `${joinWords(words)} (${formatBytes(counts.sizeBytes)})`;
}

/** What `run` says of a job that changed something. */
export function describeKept({ id, changes }: LayerRecord): string {
  return `${summarizeChanges(countChanges(changes))} in the workspace; see cupel changes ${id}, apply with cupel apply ${id}`;
}

/** Every change of one job. */
export function renderChanges(record: LayerRecord, view: ReaderView): string {
  const { changes, workspace, program, endedAt } = record;
  const about = printableText(`${workspace}: what ${program} changed, until ${endedAt}`, true);
  const lines = changes.map(describeChange);
  const total = `changes: ${summarizeChanges(countChanges(changes))}`;
  return [about, ...lines, total].map((line) => `${fitLine("", line, view)}\n`).join("");
}

/** What changes that are kept hold together, in bytes; a file with holes counts as what it seems to hold. */
export function sizeOfLayers(records: readonly LayerRecord[]): number {
  return records.reduce((sum, { changes }) => sum + countChanges(changes).sizeBytes, 0);
}

/** Everything that is kept, a line each, and what it comes to. */
export function renderLayerList(records: readonly LayerRecord[], view: ReaderView): string {
  if (records.length === 0) return "changes: nothing is kept\n";
  const lines = records.map(({ id, workspace, program, endedAt, changes }) =>
    printableText(`${id} ${endedAt} ${workspace}: ${program}, ${summarizeChanges(countChanges(changes))}`, true),
  );
  const total = `changes of ${count(records.length, "job")}, ${formatBytes(sizeOfLayers(records))} together`;
  return [...lines, total].map((line) => `${fitLine("", line, view)}\n`).join("");
}
