/**
 * Writes a file that a flag names: it is there whole or not at all. A job may have had the directory to itself meanwhile,
 * so the directory is the one that was opened before, and nothing in it is trusted.
 */
import { randomUUID } from "node:crypto";
import { closeSync, fsyncSync, openSync, renameSync, statSync, unlinkSync, writeFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { errnoOf } from "../host/errno-of.ts";
import { removeIfThere } from "../host/replace-file.ts";
import { CupelError } from "../model/error.ts";

/** A place for a file, seen to be writable before anything that takes long. */
export interface OutputFile {
  /** @throws CupelError `set-up` where it cannot be written any more. */
  write(text: string): void;
  close(): void;
}

/** What the place is for, in the words of its error messages. */
export interface OutputPurpose {
  /** The words in front of the path, with what is between them: `--result `, `--output json=`. */
  readonly flag: string;
  /** What is written, at the beginning of a sentence: `The outcome`. */
  readonly content: string;
}

function writeNew(path: string, text: string): void {
  const descriptor = openSync(path, "wx", 0o644);
  try {
    writeFileSync(descriptor, text);
    fsyncSync(descriptor);
  } catch (error) {
    // Half of it is worth nothing, and nobody knows its name.
    removeIfThere(path);
    throw error;
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

type Refuse = (problem: string, cause?: unknown) => CupelError;

function openDirectory(path: string, refuse: Refuse): number {
  try {
    return openSync(dirname(path), "r");
  } catch (error) {
    throw refuse(`cannot be written (${errnoOf(error)})`, error);
  }
}

/** Something other than a file would be replaced by one: a device, say. */
function refuseUnlessFile(path: string, refuse: Refuse): void {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats?.isFile() === false) throw refuse(`is ${stats.isDirectory() ? "a directory" : "not a regular file"}`);
}

function tryToWrite(path: string, temporary: string, refuse: Refuse): void {
  try {
    refuseUnlessFile(path, refuse);
    writeNew(temporary, "");
    unlinkSync(temporary);
  } catch (error) {
    if (error instanceof CupelError) throw error;
    throw refuse(`cannot be written (${errnoOf(error)})`, error);
  }
}

/** The opened directory as a path (proc_pid_fd(5)); its name where the kernel has no such thing. */
function placeOf(path: string, directory: number): string {
  return process.platform === "linux" ? `/proc/${process.pid}/fd/${directory}` : dirname(path);
}

/** Makes sure that `path` can be written. @throws CupelError `usage` where it cannot. */
export function openOutputFile(path: string, { flag, content }: OutputPurpose): OutputFile {
  const refuse: Refuse = (problem, cause) => {
    const message = `${flag}${JSON.stringify(path)} ${problem}; name a file in a directory of yours`;
    return new CupelError("usage", message, { cause });
  };
  const name = basename(path);
  if (path === "" || path.endsWith("/") || name === "." || name === "..") throw refuse("names no file");
  const directory = openDirectory(path, refuse);
  const place = placeOf(path, directory);
  const temporary = `${place}/.${name}.${randomUUID().slice(0, 8)}`;
  try {
    tryToWrite(path, temporary, refuse);
  } catch (error) {
    closeSync(directory);
    throw error;
  }
  return {
    write: (text) => {
      try {
        writeNew(temporary, text);
        renameOrRemove(temporary, `${place}/${name}`);
      } catch (error) {
        throw new CupelError("set-up", `${content} could not be written to ${path} (${errnoOf(error)})`, {
          cause: error,
        });
      }
    },
    close: () => closeSync(directory),
  };
}
