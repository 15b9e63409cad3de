/**
 * Removes records of runs that are too old, or too many. Never that of a run whose changes are kept: those lie there until
 * they are applied or discarded, however old they are, and neither what another cupel is writing.
 */
import { lstatSync, renameSync } from "node:fs";
import { errnoOf } from "../host/errno-of.ts";
import type { Host } from "../host/host.ts";
import { isThere } from "../host/is-there.ts";
import { namesIn } from "../host/names-in.ts";
import type { HelperPlaces } from "../launch/start-launch.ts";
import { CupelError } from "../model/error.ts";
import { leftoverAgeMs } from "../report/saved-report.ts";
import { isLeft, makerFrom } from "./gone-maker.ts";
import { layersIn } from "./layer-place.ts";
import { recordLimitsOf, type RecordLimits } from "./record-settings.ts";
import { removeTree } from "./remove-tree.ts";
import { idPattern, makingName, makingPattern } from "./run-id.ts";
import { recordPlaces } from "./run-records.ts";
import { findSettingsFiles } from "./settings-files.ts";
import { readUserConfiguration } from "./user-configuration.ts";
import { treeBytes } from "./tree-bytes.ts";

/** A record, as far as that decides whether it stays. */
export interface RecordEntry {
  readonly path: string;
  readonly writtenMs: number;
  readonly bytes: number;
  /** The changes of the job are kept. */
  readonly isHeld: boolean;
}

/** Those that go: of those that are not held, the old ones, and of the others the oldest beyond number and size. Pure. */
export function expiredRecords(
  entries: readonly RecordEntry[],
  nowMs: number,
  { ageMs, runs, bytes }: RecordLimits,
): RecordEntry[] {
  const newestFirst = entries.toSorted((one, other) => other.writtenMs - one.writtenMs);
  const sum = { runs: 0, bytes: 0 };
  return newestFirst.filter((entry) => {
    const isOver = nowMs - entry.writtenMs > ageMs || sum.runs + 1 > runs || sum.bytes + entry.bytes > bytes;
    if (isOver && !entry.isHeld) return true;
    sum.runs += 1;
    sum.bytes += entry.bytes;
    return false;
  });
}

function entriesIn(place: string, layers: readonly string[]): RecordEntry[] {
  return namesIn(place).flatMap((name) => {
    const path = `${place}/${name}`;
    const stats = idPattern.test(name) ? lstatSync(path, { throwIfNoEntry: false }) : undefined;
    if (stats?.isDirectory() !== true) return [];
    const isHeld = layers.some((directory) => isThere(`${directory}/${name}`));
    return [{ path, writtenMs: stats.mtimeMs, bytes: treeBytes(path), isHeld }];
  });
}

/** Under a name that readers pass over: a removal that is cut short leaves nothing that looks like a record. */
function removeRecord({ path }: RecordEntry, place: string): boolean {
  const leaving = `${place}/${makingName()}`;
  try {
    renameSync(path, leaving);
  } catch (error) {
    // Another cupel was quicker.
    errnoOf(error);
    return false;
  }
  return removeTree(leaving) === undefined;
}

/** What cupels that were killed have left: old enough that no other can be at work on it, whoever sees its process. */
function removeUnfinished(place: string, nowMs: number): void {
  for (const name of namesIn(place)) {
    const made = makingPattern.exec(name);
    const path = `${place}/${name}`;
    if (made === null || !isLeft(makerFrom(made), path)) continue;
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats !== undefined && nowMs - stats.mtimeMs > leftoverAgeMs) removeTree(path);
  }
}

/** What was removed, and what is left. */
export interface Pruned {
  readonly removed: number;
  readonly removedBytes: number;
  readonly left: number;
}

/** Removes them. */
export function pruneRuns(places: HelperPlaces, limits: RecordLimits): Pruned {
  const nowMs = Date.now();
  const layers = places.directories.map(layersIn);
  const placed = recordPlaces(places).map((place) => ({ place, entries: entriesIn(place, layers) }));
  const all = placed.flatMap(({ entries }) => entries);
  const expired = new Set(expiredRecords(all, nowMs, limits));
  const removed = placed.flatMap(({ place, entries }) =>
    entries.filter((entry) => expired.has(entry) && removeRecord(entry, place)),
  );
  for (const { place } of placed) removeUnfinished(place, nowMs);
  return {
    removed: removed.length,
    removedBytes: removed.reduce((total, { bytes }) => total + bytes, 0),
    left: all.length - removed.length,
  };
}

/** What the user's configuration lets be kept. @throws CupelError `usage` for what is wrong in it. */
export function readRecordLimits(host: Host): RecordLimits {
  const { user } = findSettingsFiles(host);
  return recordLimitsOf(user === undefined ? undefined : readUserConfiguration(user, host).value.records);
}

/** Beside a run, which has read the same configuration: what went wrong since then is the next run's to say. */
export function pruneByConfiguration(host: Host, directories: readonly string[]): void {
  try {
    pruneRuns({ directories, uid: host.identity.uid }, readRecordLimits(host));
  } catch (error) {
    if (!(error instanceof CupelError)) throw error;
  }
}
