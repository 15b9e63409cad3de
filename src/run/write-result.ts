/** Writes an outcome where `--result` says. */
import type { Outcome } from "../model/outcome.ts";
import { openOutputFile } from "./output-file.ts";

/** A place for an outcome, seen to be writable before the job starts. */
export interface ResultFile {
  /** @throws CupelError `set-up` where it cannot be written any more. */
  write(outcome: Outcome): void;
  close(): void;
}

/** Makes sure that `path` can be written. @throws CupelError `usage` where it cannot. */
export function openResultFile(path: string): ResultFile {
  const file = openOutputFile(path, { flag: "--result ", content: "The outcome" });
  return { write: (outcome) => file.write(`${JSON.stringify(outcome, null, 2)}\n`), close: () => file.close() };
}
