/** cupel.lock.json: what a host is expected to be, to be committed beside the code that relies on it. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import * as v from "valibot";
import { errnoOf } from "../host/errno-of.ts";
import { readInputFile } from "../host/read-input-file.ts";
import { blockerCodes, capabilityStates } from "../model/capability.ts";
import { CupelError } from "../model/error.ts";
import { guaranteeIds, isolationClasses } from "../model/guarantee.ts";
import { renderJson } from "../report/render-json.ts";
import type { Snapshot } from "../report/snapshot.ts";
import { realPath } from "./real-path.ts";
import { parseStrictDocument } from "./strict-document.ts";

/** Where a lock is written and looked for when none is named. */
export const defaultLockPath = "cupel.lock.json";

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

/** What stands at `path` is replaced by rename(2): a device or a directory must not be. */
function refuseUnfit(path: string): void {
  if (path === "") throw new CupelError("usage", '--output "" names no file; write one');
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats !== undefined && !stats.isFile()) {
    throw new CupelError("usage", `--output ${path} is no file; name a file, or - for standard output`);
  }
}

function writeNew(path: string, text: string): void {
  const descriptor = openSync(path, "wx", 0o644);
  try {
    writeFileSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Does something with a new file beside `path`, of which nothing is left. @throws CupelError `usage`. */
function besideFile(path: string, use: (temporary: string, target: string) => void): void {
  const target = realPath(path) ?? path;
  const temporary = `${target}.${process.pid}.tmp`;
  try {
    refuseUnfit(target);
    use(temporary, target);
  } catch (error) {
    if (error instanceof CupelError) throw error;
    const problem = `--output ${path} cannot be written (${errnoOf(error)}); name another file`;
    throw new CupelError("usage", problem, { cause: error });
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** Sees to it before a long measurement that the lock can be written. @throws CupelError `usage` where it cannot. */
export function checkLockPlace(path: string): void {
  besideFile(path, (temporary) => writeNew(temporary, ""));
}

/** Writes the lock, whole or not at all. @throws CupelError `usage` where it cannot be written. */
export function writeLockFile(path: string, snapshot: Snapshot): void {
  besideFile(path, (temporary, target) => {
    writeNew(temporary, renderLock(snapshot));
    renameSync(temporary, target);
  });
}
