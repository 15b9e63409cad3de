/** Pieces that descriptions of several commands share. */
import type { FlagDescription } from "../report/command-description.ts";

/** `--help`. */
export const helpFlag: FlagDescription = { name: "help", short: "h", description: "show this text" };
/** `--json`. */
export const jsonFlag: FlagDescription = { name: "json", description: "write JSON to standard output" };

/** A value that is a path. */
export const path = (placeholder: string) => ({ kind: "path", placeholder }) as const;
/** A value that is any text. */
export const text = (placeholder: string) => ({ kind: "text", placeholder }) as const;
/** A value that is one of some words, or a list of them. */
export const choice = (placeholder: string, choices: readonly string[], list = false) =>
  ({ kind: "choice", placeholder, choices, list }) as const;

/** Exit codes that most commands have. */
export const usageCodes = [
  { code: "64", meaning: "usage" },
  { code: "70", meaning: "a bug in cupel" },
];
