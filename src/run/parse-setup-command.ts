/** The words of a set-up command. Pure. */
import { CupelError } from "../model/error.ts";
import type { Setup } from "../model/job.ts";

function isCommand(value: unknown): value is Setup["command"] {
  const isWord = (word: unknown): boolean => typeof word === "string" && !word.includes("\0");
  return Array.isArray(value) && value.every(isWord) && (value[0] ?? "") !== "";
}

/** What it is as JSON; undefined where it is none. @throws CupelError `usage` for half a list. */
function parseList(text: string, stated: string): unknown {
  if (!/^\s*\[/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    // `[` is a program, too, but none that is called with a quote right behind it.
    if (!/^\s*\["/.test(text)) return undefined;
    throw new CupelError(
      "usage",
      `${stated} ${JSON.stringify(text)} begins as a list in JSON, and is none; write ["npm","ci"], or a script for sh`,
    );
  }
}

/** Its words as a list in JSON, or what a shell makes of it. @throws CupelError `usage` for a list that is no command. */
export function parseSetupCommand(text: string, stated: string): Setup["command"] {
  if (text.trim() === "") throw new CupelError("usage", `${stated} is empty; write a script for sh, or leave it out`);
  const words = parseList(text, stated);
  if (words === undefined) return ["/bin/sh", "-c", text];
  if (isCommand(words)) return words;
  throw new CupelError(
    "usage",
    `${stated} ${JSON.stringify(text)} is a list in JSON, and no command; write a program and its arguments, each as text, or a script for sh`,
  );
}
