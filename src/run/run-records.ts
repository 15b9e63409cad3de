/** Reads what is kept of runs. What was cut short, or is of another version, is counted, and stands in nobody's way. */
import { lstatSync } from "node:fs";
import * as v from "valibot";
import { isThere } from "../host/is-there.ts";
import { namesIn } from "../host/names-in.ts";
import { checkPrivateDirectory } from "../host/private-directory.ts";
import { readOwnFile } from "../host/read-own-file.ts";
import { CupelError } from "../model/error.ts";
import { isolationClasses } from "../model/guarantee.ts";
import { nearestWord } from "../model/nearest-word.ts";
import { runRecordSchema } from "../model/run-record.ts";
import type { HelperPlaces } from "../launch/start-launch.ts";
import { outcomeShape } from "./outcome-shape.ts";
import { runRecordName, runsIn } from "./record-run.ts";
import { idBeginning } from "./id-beginning.ts";
import { idPattern } from "./run-id.ts";

const amount = v.pipe(v.number(), v.integer(), v.minValue(0));
const keptStream = v.strictObject({ bytes: amount, cutBytes: amount });

/** The shape of a record, also what `runs show --json` writes. */
export const runRecordShape = v.strictObject({
  schema: v.literal(runRecordSchema),
  id: v.pipe(v.string(), v.description("also what cupel changes knows its changes by, where some are kept")),
  startedAt: v.pipe(v.string(), v.isoTimestamp()),
  endedAt: v.pipe(v.string(), v.isoTimestamp()),
  command: v.array(v.string()),
  directory: v.pipe(v.string(), v.description("where the job was to start")),
  plan: v.optional(
    v.strictObject({
      strategy: v.string(),
      isolation: v.picklist(isolationClasses),
      launch: v.pipe(
        v.record(v.string(), v.unknown()),
        v.description("what cupel plan shows; of variables the names alone"),
      ),
    }),
  ),
  outcome: outcomeShape,
  keptOutput: v.optional(
    v.pipe(
      v.strictObject({ output: keptStream, errors: keptStream }),
      v.description("what of the job's output lies beside the record"),
    ),
  ),
});

/** A record as it is read back. */
export type ReadRecord = v.InferOutput<typeof runRecordShape>;

/** Where the records of this user lie, of these state directories. */
export function recordPlaces({ directories, uid }: HelperPlaces): string[] {
  const own = directories.filter((directory) => checkPrivateDirectory(directory, uid).ok);
  return [...new Set(own)].map(runsIn).filter(isThere);
}

function parseRecord(text: string): ReadRecord | undefined {
  try {
    const parsed = v.safeParse(runRecordShape, JSON.parse(text));
    return parsed.success ? parsed.output : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function readRecord(place: string, id: string, uid: number): ReadRecord | undefined {
  const path = `${place}/${id}/${runRecordName}`;
  if (lstatSync(`${place}/${id}`, { throwIfNoEntry: false })?.isDirectory() !== true || !isThere(path))
    return undefined;
  const own = readOwnFile(path, uid);
  const record = "text" in own ? parseRecord(own.text) : undefined;
  return record?.id === id ? record : undefined;
}

/** All that can be read, newest first, and the ids of the others. */
export interface RunRecords {
  readonly records: readonly ReadRecord[];
  readonly unreadable: readonly string[];
}

/** Every id that there is, with the place where it lies. */
function listIds(places: HelperPlaces): { readonly place: string; readonly id: string }[] {
  return recordPlaces(places).flatMap((place) =>
    namesIn(place)
      .filter((name) => idPattern.test(name))
      .map((id) => ({ place, id })),
  );
}

/** Reads them all. */
export function readRunRecords(places: HelperPlaces): RunRecords {
  const found = listIds(places).map(({ place, id }) => ({ place, id, record: readRecord(place, id, places.uid) }));
  const records = found.flatMap(({ record }) => (record === undefined ? [] : [record]));
  // What was removed meanwhile was not cut short.
  const unreadable = found.filter(({ place, id, record }) => record === undefined && isThere(`${place}/${id}`));
  return {
    records: records.toSorted((one, other) => Date.parse(other.startedAt) - Date.parse(one.startedAt)),
    unreadable: unreadable.map(({ id }) => id),
  };
}

function unknownRun(stated: string, ids: readonly string[]): CupelError {
  const name = JSON.stringify(stated);
  if (ids.length === 0) return new CupelError("usage", `No run is recorded as ${name}: there is no record at all`);
  const near = nearestWord(stated, ids);
  const hint = near === undefined ? "cupel runs lists what there is" : `did you mean ${near}?`;
  return new CupelError("usage", `No run is recorded as ${name}: ${hint}`);
}

/** One of them, by the beginning of its id. @throws CupelError `usage` where that is no run's, or several begin so. */
export function findRunRecord(stated: string, places: HelperPlaces): FoundRecord {
  const all = listIds(places);
  const ids = all.map(({ id }) => id);
  const meant = idBeginning(stated, ids, "runs' ids");
  const first = all.find(({ id }) => id === meant);
  if (first === undefined) throw unknownRun(stated, ids);
  const record = readRecord(first.place, first.id, places.uid);
  if (record !== undefined) return { path: `${first.place}/${first.id}`, record };
  throw new CupelError("usage", `The record of run ${first.id} cannot be read: it is cut short, or of another version`);
}

/** The directory of one of them, and what it says. */
export interface FoundRecord {
  readonly path: string;
  readonly record: ReadRecord;
}

/** What of a record a list says. */
export function summaryOf({ id, startedAt, endedAt, command, outcome }: ReadRecord): object {
  const { status, exitCode, strategy, usage } = outcome;
  return { id, startedAt, endedAt, status, exitCode, strategy, wallMs: usage?.wallMs, command };
}
