/** `cupel completion`. */
import { completionShells, renderCompletion } from "./completion-script.ts";
import { descriptions } from "./descriptions.ts";
import type { CommandLine } from "./parse-command-line.ts";

/** Writes the script for one shell; gives the exit code. */
export function completion({ operands }: CommandLine): number {
  const shell = completionShells.find((candidate) => candidate === operands[0]) ?? "bash";
  process.stdout.write(renderCompletion(shell, descriptions));
  return 0;
}
