/** Layers that were kept: what jobs changed, each below its id in a state directory, until it is applied or discarded. */
import { renameSync } from "node:fs";
import * as v from "valibot";
import { errnoOf } from "../host/errno-of.ts";
import type { Host } from "../host/host.ts";
import { isThere } from "../host/is-there.ts";
import { namesIn } from "../host/names-in.ts";
import { checkPrivateDirectory, stateDirectories } from "../host/private-directory.ts";
import { readOwnFile } from "../host/read-own-file.ts";
import { replaceFile } from "../host/replace-file.ts";
import { CupelError } from "../model/error.ts";
import { changeKinds, layerSchema, type LayerRecord } from "../model/layer.ts";
import { nearestWord } from "../model/nearest-word.ts";
import { isDockersPlace, layersIn } from "./layer-place.ts";
import { isLeft, makerFrom } from "./gone-maker.ts";
import type { Layer } from "./open-layer.ts";
import { removeTree } from "./remove-tree.ts";
import { idBeginning } from "./id-beginning.ts";
import { freeId, idPattern, makingPattern } from "./run-id.ts";

const whole = v.pipe(v.number(), v.integer(), v.minValue(0));
const digits = v.pipe(v.string(), v.regex(/^-?\d+$/));
const kind = v.picklist(["file", "directory", "symlink", "special"]);

const hostEntrySchema = v.strictObject({
  kind,
  mode: whole,
  sizeBytes: whole,
  inode: digits,
  modifiedNs: digits,
  changedNs: digits,
});

/** Neither empty nor on its way out of the workspace. */
const relativePath = v.pipe(
  v.string(),
  v.check((path) => path.split("/").every((name) => !["", ".", ".."].includes(name) && !name.includes("\0"))),
);

const changeSchema = v.strictObject({
  path: relativePath,
  change: v.picklist(changeKinds),
  kind,
  mode: whole,
  sizeBytes: whole,
  target: v.optional(v.string()),
  before: v.optional(hostEntrySchema),
  isStale: v.optional(v.boolean()),
  isUnreadable: v.optional(v.boolean()),
});

/** The shape of a record, also what `changes --json` writes. */
export const layerRecordSchema = v.strictObject({
  schema: v.literal(layerSchema),
  id: v.string(),
  workspace: v.string(),
  program: v.string(),
  endedAt: v.string(),
  changes: v.array(changeSchema),
  protect: v.optional(v.array(v.string())),
});

/** A kept layer, and where it lies. */
export interface KeptLayer {
  readonly directory: string;
  readonly record: LayerRecord;
}

const recordName = "layer.json";

/** Writes the record into its layer. @throws CupelError `set-up`. */
export function writeLayerRecord(directory: string, record: LayerRecord): void {
  const failure = replaceFile(`${directory}/${recordName}`, `${JSON.stringify(record)}\n`, {
    mode: 0o600,
    isSynced: true,
  });
  if (failure !== undefined) throw new CupelError("set-up", `What the job changed could not be recorded: ${failure}`);
}

const triesMax = 20;

/** Gives the layer an id, with its record in it before it has. @throws CupelError `set-up`. */
export function keepLayer(layer: Layer, record: Omit<LayerRecord, "schema" | "id">): LayerRecord {
  for (let tries = 1; ; tries++) {
    const kept: LayerRecord = { schema: layerSchema, id: freeId([layer.stateDirectory]), ...record };
    writeLayerRecord(layer.path, kept);
    try {
      // Another's directory is never empty, so that it is not replaced (rename(2), ENOTEMPTY).
      renameSync(layer.path, `${layersIn(layer.stateDirectory)}/${kept.id}`);
      return kept;
    } catch (error) {
      if (tries < triesMax && ["ENOTEMPTY", "EEXIST"].includes(errnoOf(error))) continue;
      throw new CupelError("set-up", `What the job changed could not be kept (${layer.path}): ${errnoOf(error)}`);
    }
  }
}

function placesOf(host: Host): string[] {
  const own = stateDirectories(host).filter((directory) => checkPrivateDirectory(directory, host.identity.uid).ok);
  return [...new Set(own)].map(layersIn).filter(isThere);
}

function readRecord(directory: string, uid: number): LayerRecord | undefined {
  const path = `${directory}/${recordName}`;
  if (!isThere(path)) return undefined;
  const own = readOwnFile(path, uid);
  if (!("text" in own)) return undefined;
  try {
    const parsed = v.safeParse(layerRecordSchema, JSON.parse(own.text));
    return parsed.success ? parsed.output : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** All that are kept for this user, oldest first. */
export function listLayers(host: Host): KeptLayer[] {
  const found = placesOf(host).flatMap((place) =>
    namesIn(place)
      .filter((name) => idPattern.test(name))
      .flatMap((name): KeptLayer[] => {
        const directory = `${place}/${name}`;
        const record = readRecord(directory, host.identity.uid);
        return record?.id === name ? [{ directory, record }] : [];
      }),
  );
  return found.sort((one, other) => (one.record.endedAt < other.record.endedAt ? -1 : 1));
}

/** One of them, by the beginning of its id. @throws CupelError `usage` where that is none's, or several begin so. */
export function findLayer(id: string, host: Host): KeptLayer {
  const layers = listLayers(host);
  const ids = layers.map(({ record }) => record.id);
  const meant = idBeginning(id, ids, "ids of kept changes");
  const found = layers.find(({ record }) => record.id === meant);
  if (found !== undefined) return found;
  const near = nearestWord(id, ids);
  const known = ids.length === 0 ? "nothing is kept" : `there are ${ids.join(", ")}`;
  const which = near === undefined ? known : `did you mean ${near}?`;
  throw new CupelError("usage", `No changes are kept as ${JSON.stringify(id)}: ${which}`);
}

/** Forgets a kept layer. @throws CupelError `set-up`. */
export function discardLayer({ directory, record }: KeptLayer): void {
  const failure = removeTree(directory);
  if (failure !== undefined)
    throw new CupelError("set-up", `The changes ${record.id} could not all be removed: ${failure}`);
}

/** Removes what cupels that were killed have left beside `layer`. */
export function removeAbandoned(stateDirectory: string): void {
  const place = layersIn(stateDirectory);
  for (const name of namesIn(place)) {
    const made = makingPattern.exec(name);
    const path = `${place}/${name}`;
    if (made !== null && isLeft(makerFrom(made), path) && !isDockersPlace(path)) removeTree(path);
  }
}
