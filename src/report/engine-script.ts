/** What scripts have in common that write down how a container engine makes a sandbox. Pure. */
import { posix } from "node:path";
import type { EngineEntry } from "../launch/engine-root.ts";
import { gatePlaces } from "../launch/gate-places.ts";
import type { ArchiveEntry } from "../launch/image-archive.ts";
import { isWithin } from "../model/job.ts";
import type { MadePlan } from "../launch/maker-call.ts";
import { comment, describeInside } from "./maker-script.ts";
import { joinWords } from "./phrase.ts";
import { printableLine } from "./printable-text.ts";
import { quoteWord } from "./shell-words.ts";

/** Stands for the directory that cupel makes for a launch; its last part is in names of what an engine makes. */
export const place = "/PLACE-OF-ENGINE";

/** Stands for the layer that cupel makes for a copy of the workspace. */
export const layer = "/COPY-OF-WORKSPACE";

/** In the place of the ids that root's job has outside: what cupel takes are others each time, and nobody's. */
export const anybody = { uid: 0x7000_0000, gid: 0x7000_0000 } as const;

const variables = [
  [place, '"$place"'],
  [place.slice(1), '"${place##*/}"'],
  [`${layer}/upper`, '"${COPY:?}"'],
] as const;

/** A word that a shell takes for itself, with what only the script knows put in. */
export function quoted(word: string): string {
  const known = variables.find(([name]) => word.includes(name));
  if (known === undefined) return quoteWord(word);
  const [name, variable] = known;
  const [before = "", ...rest] = word.split(name);
  return [before, ...rest].map((part) => (part === "" ? "" : quoteWord(part))).join(variable);
}

function entryLine(entry: EngineEntry): string {
  const path = quoted(`${place}/root${entry.path}`);
  if (entry.kind === "link") return `ln -s ${quoteWord(entry.target)} ${path}`;
  if (entry.kind === "directory") return `mkdir ${path}`;
  return entry.content === "" ? `: >${path}` : `printf %s ${quoteWord(entry.content)} >${path}`;
}

/** The launcher, a program of megabytes in no words, is left out; what it lies in is not. */
export function wordsOf(root: readonly ArchiveEntry[]): EngineEntry[] {
  const parent = posix.dirname(gatePlaces.launcher);
  const others = root.flatMap((entry): EngineEntry[] => {
    if (entry.path === gatePlaces.launcher || entry.path === parent) return [];
    if (entry.kind !== "file") return [entry];
    return typeof entry.content === "string" ? [{ ...entry, content: entry.content }] : [];
  });
  const at = others.findIndex(({ path }) => isWithin(path, parent));
  return others.toSpliced(at < 0 ? others.length : at, 0, { kind: "directory", path: parent, mode: 0o755 });
}

/** Only once all is in them: some are closed. */
function modeLines(root: readonly EngineEntry[]): string[] {
  const closed = root.flatMap((entry) => (entry.kind === "directory" && entry.mode !== 0o755 ? [entry] : []));
  return closed.toReversed().map(({ path, mode }) => `chmod ${mode.toString(8)} ${quoted(`${place}/root${path}`)}`);
}

/** What is in the place of a launch. */
export interface ScriptContents {
  readonly directories: readonly string[];
  /** By their paths in the place. */
  readonly files: Readonly<Record<string, string>>;
  /** What is in its `root`; what holds another comes first. */
  readonly root: readonly EngineEntry[];
}

/** Lines that make the place, whose path is then `$place`; `atEnd`, in a line each, has it removed. */
export function contentLines({ directories, files, root }: ScriptContents, atEnd: readonly string[]): string[] {
  const lines = [
    "umask 022",
    "place=$(mktemp -d)",
    ...atEnd,
    'chmod 711 "$place"',
    `cd "$place" && mkdir ${directories.join(" ")} && cd /`,
    ...Object.entries(files).map(([name, content]) => `printf %s ${quoted(content)} >${quoted(`${place}/${name}`)}`),
    ...root.map(entryLine),
    ...modeLines(root),
  ];
  return lines.map((line) => printableLine(line, true));
}

function describeOutside({ controlGroup }: MadePlan): string {
  const isCapped = Object.values(controlGroup).some((value) => value !== undefined);
  return joinWords([
    "opens what is granted",
    "starts a keeper, which ends whatever this starts",
    ...(isCapped ? ["has the container's first process put into the job's control groups"] : []),
  ]);
}

/** The first lines: what this is, and what it has no lines for. `notes` are what is so with this engine alone. */
export function introduction(plan: MadePlan, what: string, notes: readonly string[]): string[] {
  const copied = plan.root.find((step) => step.step === "copy");
  const given = plan.root.flatMap((step) => (step.step === "given" ? [step.destination] : []));
  const paragraphs = [
    what,
    `Before it, the launcher ${describeOutside(plan)}.`,
    `The last words start the launcher again, as the container's first process, which ${describeInside(plan)}.`,
    ...(given.length === 0 ? [] : [`It writes ${given.map(quoteWord).join(", ")}, whose content is never shown.`]),
    ...(copied === undefined
      ? []
      : [`COPY names a copy of ${quoteWord(copied.source)}, which cupel makes for the job.`]),
    ...notes,
    "To try the container alone: put a program of your own in the place of the last words.",
  ];
  return ["#!/bin/bash", ...paragraphs.flatMap((text) => comment(text)), "#"];
}

/** One command of several lines, as bash reads it. */
export function commandOf(lines: readonly string[]): string {
  return lines.map((line) => printableLine(line, true)).join(" \\\n  ");
}
