/** Commands and their subcommands as a flat list: what completion scripts are made from. */
import type { CommandDescription, FlagDescription } from "../report/command-description.ts";

/** A command with the words that lead to it. */
export interface CommandNode {
  /** `[]` is the program itself. */
  readonly path: readonly string[];
  readonly command: CommandDescription;
}

const help: FlagDescription = { name: "help", short: "h", description: "show this text" };

/** The program and everything below it, each after its parent; every one has `--help`. */
export function flattenCommands(commands: readonly CommandDescription[]): CommandNode[] {
  const program: CommandDescription = { name: "cupel", summary: "", flags: [], subcommands: commands };
  return nodesBelow([], program);
}

/** Names a flag goes by on the command line: `--memory`, `-m`. */
export function flagWords({ name, short }: FlagDescription): string[] {
  return short === undefined ? [`--${name}`] : [`--${name}`, `-${short}`];
}

function nodesBelow(path: readonly string[], command: CommandDescription): CommandNode[] {
  const flags = command.flags.some(({ name }) => name === help.name) ? command.flags : [...command.flags, help];
  const below = (command.subcommands ?? []).flatMap((child) => nodesBelow([...path, child.name], child));
  return [{ path, command: { ...command, flags } }, ...below];
}
