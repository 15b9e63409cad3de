/** cupel.lock.json: what a host is expected to be, to be committed beside the code that relies on it. */
import * as v from "valibot";
import { readInputFile } from "../host/read-input-file.ts";
import { blockerCodes, capabilityStates } from "../model/capability.ts";
import { guaranteeIds, isolationClasses } from "../model/guarantee.ts";
import { renderJson } from "../report/render-json.ts";
import type { Snapshot } from "../report/snapshot.ts";
import { openOutputFile, type OutputFile } from "./output-file.ts";
import { realPath } from "./real-path.ts";
import { parseStrictDocument } from "./strict-document.ts";

/** The shape of the file. */
export const lockSchema = v.strictObject({
  schema: v.pipe(v.literal(1), v.description("version of this shape")),
  host: v.pipe(
    v.record(v.string(), v.string()),
    v.description("facts of the host that explain a difference; they are none by themselves"),
  ),
  capabilities: v.pipe(
    v.record(
      v.string(),
      v.strictObject({
        state: v.picklist(capabilityStates),
        value: v.optional(v.union([v.string(), v.number()])),
        blockers: v.optional(v.array(v.picklist(blockerCodes))),
      }),
    ),
    v.description("every capability by id"),
  ),
  strategies: v.pipe(
    v.record(
      v.string(),
      v.strictObject({
        isolation: v.picklist(isolationClasses),
        available: v.boolean(),
        keeps: v.array(v.picklist(guaranteeIds)),
      }),
    ),
    v.description("every strategy by id, with what it keeps for the default job"),
  ),
  selection: v.strictObject({ chosen: v.optional(v.string()) }),
});

const maxBytes = 16 * 1024 * 1024;

/** Reads a lock. @throws CupelError `usage`, one sentence with the place of what is wrong. */
export function readLockFile(path: string): Snapshot {
  const text = readInputFile(path, { what: "a lock that cupel lock wrote", maxBytes, pipes: false });
  const { schema: _schema, ...snapshot } = parseStrictDocument(text, path, lockSchema);
  return snapshot;
}

/** The file's text: the same for the same host, whenever it is made. Pure. */
export function renderLock(snapshot: Snapshot): string {
  return renderJson({ schema: 1, ...snapshot });
}

/** The place of a new lock, seen to be writable before a long measurement. @throws CupelError `usage` where it is not. */
export function openLockFile(path: string): OutputFile {
  return openOutputFile(realPath(path) ?? path, { flag: "--output ", content: "The lock" });
}
