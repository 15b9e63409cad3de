/**
 * Writes an outcome where `--result` says: the file is there whole or not at all. The job may have had the directory to
 * itself meanwhile, so the directory is the one that was opened before it started, and nothing in it is trusted.
 */
import { randomUUID } from "node:crypto";
import { closeSync, fsyncSync, openSync, renameSync, statSync, unlinkSync, writeFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { errnoOf } from "../host/errno-of.ts";
import { CupelError } from "../model/error.ts";
import type { Outcome } from "../model/outcome.ts";

/** A place for an outcome, seen to be writable before the job starts. */
export interface ResultFile {
  /** @throws CupelError `set-up` where it cannot be written any more. */
  write(outcome: Outcome): void;
  close(): void;
}

function refuse(path: string, problem: string): CupelError {
  return new CupelError("usage", `--result ${JSON.stringify(path)} ${problem}; name a file in a directory of yours`);
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

function renameOrRemove(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    unlinkSync(from);
    throw error;
  }
}

function openDirectory(path: string): number {
  try {
    return openSync(dirname(path), "r");
  } catch (error) {
    throw refuse(path, `cannot be written (${errnoOf(error)})`);
  }
}

/** Something other than a file would be replaced by one: a device, say. */
function refuseUnlessFile(path: string): void {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats?.isFile() === false) throw refuse(path, `is ${stats.isDirectory() ? "a directory" : "not a regular file"}`);
}

function tryToWrite(path: string, temporary: string): void {
  try {
    refuseUnlessFile(path);
    writeNew(temporary, "");
    unlinkSync(temporary);
  } catch (error) {
    if (error instanceof CupelError) throw error;
    throw refuse(path, `cannot be written (${errnoOf(error)})`);
  }
}

/** Makes sure that `path` can be written. @throws CupelError `usage` where it cannot. */
export function openResultFile(path: string): ResultFile {
  const name = basename(path);
  if (path === "" || path.endsWith("/") || name === "." || name === "..") throw refuse(path, "names no file");
  const directory = openDirectory(path);
  const place = `/proc/${process.pid}/fd/${directory}`;
  const temporary = `${place}/.${name}.${randomUUID().slice(0, 8)}`;
  try {
    tryToWrite(path, temporary);
  } catch (error) {
    closeSync(directory);
    throw error;
  }
  return {
    write: (outcome) => {
      try {
        writeNew(temporary, `${JSON.stringify(outcome, null, 2)}\n`);
        renameOrRemove(temporary, `${place}/${name}`);
      } catch (error) {
        throw new CupelError("set-up", `The outcome could not be written to ${path} (${errnoOf(error)})`, {
          cause: error,
        });
      }
    },
    close: () => closeSync(directory),
  };
}
