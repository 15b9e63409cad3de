/** Writes an outcome where `--result` says: the file is there whole or not at all. */
import { closeSync, openSync, renameSync, unlinkSync, writeFileSync } from "node:fs";
import { errnoOf } from "../host/errno-of.ts";
import { CupelError } from "../model/error.ts";
import type { Outcome } from "../model/outcome.ts";

/** A place for an outcome, known to be writable before the job starts. */
export interface ResultFile {
  write(outcome: Outcome): void;
  /** Leaves nothing behind. */
  abandon(): void;
}

/** Opens a temporary file beside `path`. @throws CupelError `usage` where that cannot be written. */
export function openResultFile(path: string): ResultFile {
  const temporary = `${path}.${process.pid}.tmp`;
  let descriptor: number;
  try {
    descriptor = openSync(temporary, "wx", 0o644);
  } catch (error) {
    throw new CupelError(
      "usage",
      `--result ${path} cannot be written (${errnoOf(error)}); name a file in a directory of yours`,
    );
  }
  return {
    write: (outcome) => {
      writeFileSync(descriptor, `${JSON.stringify(outcome, null, 2)}\n`);
      closeSync(descriptor);
      renameSync(temporary, path);
    },
    abandon: () => {
      closeSync(descriptor);
      unlinkSync(temporary);
    },
  };
}
