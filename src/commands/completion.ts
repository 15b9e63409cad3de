/** `cupel completion`. */
import { capabilityIds } from "../matrix/capability-ids.ts";
import type { CommandDescription, ValueDescription } from "../report/command-description.ts";
import { completionShells, renderCompletion } from "./completion-script.ts";
import { descriptions } from "./descriptions.ts";
import { allTopics } from "./explain.ts";
import type { CommandLine } from "./parse-command-line.ts";
import { writeOutput } from "./terminal.ts";

/** Ids that the descriptions leave out, since loading them all would cost every command time. */
function withIds(command: CommandDescription): CommandDescription {
  const choices = (placeholder: string, ids: readonly string[], list: boolean): ValueDescription => ({
    kind: "choice",
    placeholder,
    choices: [...new Set(ids)],
    list,
  });
  const isExplain = command.name === "explain";
  return {
    ...command,
    flags: command.flags.map((flag) =>
      flag.name === "capability" ? { ...flag, value: choices("ID,…", capabilityIds, true) } : flag,
    ),
    ...(command.operands === undefined
      ? {}
      : {
          operands: command.operands.map((operand) =>
            isExplain ? { ...operand, value: choices("ID", topicIds(), false) } : operand,
          ),
        }),
  };
}

function topicIds(): string[] {
  return allTopics()
    .filter(({ kind }) => kind !== "exit code")
    .map(({ id }) => id);
}

/** Writes the script for one shell; gives the exit code. */
export function completion({ operands }: CommandLine): number {
  const shell = completionShells.find((candidate) => candidate === operands[0]) ?? "bash";
  writeOutput(renderCompletion(shell, descriptions.map(withIds)));
  return 0;
}
