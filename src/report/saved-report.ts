/** The saved report: saves time, never decides against the user. */
import { lstatSync } from "node:fs";
import { isThere } from "../host/is-there.ts";
import { removeIfThere, replaceFile } from "../host/replace-file.ts";
import { checkPrivateDirectory, usePrivateDirectory } from "../host/private-directory.ts";
import { namesIn } from "../host/names-in.ts";
import { readOwnFile } from "../host/read-own-file.ts";
import type { Report } from "../model/report.ts";
import { differingParts, type FingerprintParts } from "./fingerprint.ts";
import { verdictOf } from "./verdict.ts";

/** The whole report, for people and for `plan`; what decides of it, for `run`; what attacks showed; and what starts cost. */
export const fileNames = {
  report: "report.json",
  verdict: "verdict.json",
  verification: "verification.json",
  startCosts: "start-costs.json",
} as const;

/** What was saved and holds, or why there is nothing; `reason` is worth a line only where a file is there and is not used. */
export type Loaded<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason?: string | undefined };

/** Reads a shape: see `parseReport`, `parseVerdict`. */
export type Parser<T> = (input: unknown) => { ok: true; value: T } | { ok: false; problem: string };

interface Fingerprinted {
  readonly fingerprintParts: FingerprintParts;
}

function parseJson(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function judge<T extends Fingerprinted>(text: string, parts: FingerprintParts, parse: Parser<T>): Loaded<T> {
  const json = parseJson(text);
  if (json === undefined) return { ok: false, reason: "it is cut short or not JSON" };
  const parsed = parse(json.value);
  if (!parsed.ok) return { ok: false, reason: `it is of another version (${parsed.problem})` };
  // A host that changed is what the fingerprint is for: probing again needs no comment.
  return differingParts(parsed.value.fingerprintParts, parts).length === 0 ? parsed : { ok: false };
}

/** What is wanted of a saved file: its shape, and what must hold of it. */
export interface SavedQuery<T> {
  readonly kind: keyof typeof fileNames;
  readonly parse: Parser<T>;
  readonly parts: FingerprintParts;
}

function loadFrom<T extends Fingerprinted>(directory: string, uid: number, query: SavedQuery<T>): Loaded<T> {
  const path = `${directory}/${fileNames[query.kind]}`;
  if (!isThere(path)) return { ok: false };
  // Before anything is opened: what others could have put there may be a device.
  const place = checkPrivateDirectory(directory, uid);
  const own = place.ok ? readOwnFile(path, uid) : place;
  // What went away meanwhile is as good as never saved.
  if ("reason" in own && !isThere(path)) return { ok: false };
  if ("reason" in own) return { ok: false, reason: `${path} is not used: ${own.reason}` };
  const loaded = judge(own.text, query.parts, query.parse);
  return loaded.ok || loaded.reason === undefined
    ? loaded
    : { ok: false, reason: `${path} is not used: ${loaded.reason}` };
}

/** Looks in the directories that {@link saveReport} uses, in the same order; the first that holds is taken. */
export function loadSaved<T extends Fingerprinted>(
  directories: readonly string[],
  uid: number,
  query: SavedQuery<T>,
): Loaded<T> {
  let reason: string | undefined;
  for (const directory of directories) {
    const loaded = loadFrom(directory, uid, query);
    if (loaded.ok) return loaded;
    reason ??= loaded.reason;
  }
  return { ok: false, reason };
}

const saved = { mode: 0o600, isSynced: true } as const;

/** The verdict comes last: where it is, the report that it belongs to is whole. */
function writeBoth(report: Report, directory: string): string | undefined {
  return (
    replaceFile(`${directory}/${fileNames.report}`, `${JSON.stringify(report, null, 2)}\n`, saved) ??
    replaceFile(`${directory}/${fileNames.verdict}`, JSON.stringify(verdictOf(report)), saved)
  );
}

/** Younger ones may be another's that is at work: the number of a process that wrote longer ago may be another's by now. */
export const leftoverAgeMs = 60_000;

/** What a killed cupel had not renamed or removed yet. Younger ones may be another's that is at work. */
function removeLeftovers(directory: string): void {
  const old = Date.now() - leftoverAgeMs;
  for (const name of namesIn(directory).filter((entry) => /\.\d+$|^trial-.*-\d+$/.test(entry))) {
    const path = `${directory}/${name}`;
    if ((lstatSync(path, { throwIfNoEntry: false })?.mtimeMs ?? old) < old) removeIfThere(path);
  }
}

/** `cupel clean` may take the directory away at any moment; then it is made again. */
const saveTries = 20;

function saveIn(directory: string, uid: number, write: () => string | undefined): string | undefined {
  for (let tries = 1; ; tries++) {
    const place = usePrivateDirectory(directory, uid);
    const failure = place.ok ? write() : place.reason;
    if (failure?.endsWith("ENOENT") !== true || tries === saveTries) return failure;
  }
}

/** Saves the report in the first directory that takes it; gives its path, or why none does. */
export function saveReport(
  report: Report,
  directories: readonly string[],
  uid: number,
): { ok: true; path: string } | { ok: false; reason: string } {
  const reasons: string[] = [];
  for (const directory of directories) {
    const failure = saveIn(directory, uid, () => writeBoth(report, directory));
    if (failure === undefined) {
      removeLeftovers(directory);
      return { ok: true, path: `${directory}/${fileNames.report}` };
    }
    reasons.push(failure);
  }
  return { ok: false, reason: reasons.join("; ") };
}

/** Saves what was found beside the report, in the first directory that takes it; gives why none does. */
export function saveFindings(
  kind: "verification" | "startCosts",
  content: string,
  directories: readonly string[],
  uid: number,
): string | undefined {
  const reasons: string[] = [];
  for (const directory of directories) {
    const path = `${directory}/${fileNames[kind]}`;
    const failure = saveIn(directory, uid, () => replaceFile(path, content, saved));
    if (failure === undefined) return undefined;
    reasons.push(failure);
  }
  return reasons.length === 0 ? "there is no place for it" : reasons.join("; ");
}

/** Forgets the report: a set-up that failed shows that it does not hold. What was found beside it stays: it has broken nothing. */
export function dropReport(directories: readonly string[], uid: number): void {
  for (const directory of directories) {
    if (!checkPrivateDirectory(directory, uid).ok) continue;
    for (const name of [fileNames.report, fileNames.verdict]) removeIfThere(`${directory}/${name}`);
  }
}
