/** Completion for fish: one `complete` line for each flag, subcommand and operand. */
import type {
  CommandDescription,
  FlagDescription,
  OperandDescription,
  ValueDescription,
} from "../report/command-description.ts";
import { flagWords, flattenCommands } from "./command-tree.ts";
import type { CommandNode } from "./command-tree.ts";

/** The script: works from fish's completions directory and when it is sourced. */
export function renderFishCompletion(commands: readonly CommandDescription[]): string {
  const nodes = flattenCommands(commands);
  const title = "# fish completion for cupel; made by `cupel completion fish`";
  return [title, "", ...tables(nodes), functions, ...nodes.flatMap(nodeLines), ""].join("\n");
}

function pathKey(path: readonly string[]): string {
  return `/${path.join("/")}`;
}

function quoteAll(words: readonly string[]): string {
  return words.map(quote).join(" ");
}

/** All that varies but the `complete` lines: lists that the functions look words up in. */
function tables(nodes: readonly CommandNode[]): string[] {
  const passing = nodes.filter(({ command }) => command.passesCommand === true);
  const valued = nodes.flatMap(({ path, command }) =>
    command.flags
      .filter(({ value }) => value !== undefined)
      .flatMap((flag) => flagWords(flag).map((word) => `${pathKey(path)} ${word}`)),
  );
  return [
    `set -g __cupel_paths ${quoteAll(nodes.map(({ path }) => pathKey(path)))}`,
    "# Commands whose operands are a command of the user's own.",
    `set -g __cupel_passing ${quoteAll(passing.map(({ path }) => pathKey(path)))}`,
    "# Flags that take the next word.",
    `set -g __cupel_valued ${quoteAll(valued)}`,
  ];
}

const functions = String.raw`
# Where the command line has come to: a command (/trust/add), or the number of the word that begins the user's own.
function __cupel_place
  set -l path /
  set -l is_value no
  set -l number 1
  set -l tokens (commandline -opc)
  for token in $tokens[2..-1]
    set number (math $number + 1)
    set -l below (string replace -r '/$' '' -- $path)/$token
    if test $is_value = yes
      set is_value no
    else if test "$token" = --
      math $number + 1
      return
    else if string match -q -- '-*' $token
      contains -- "$path $token" $__cupel_valued; and set is_value yes
    else if contains -- $below $__cupel_paths
      set path $below
    else if contains -- $path $__cupel_passing
      echo $number
      return
    end
  end
  echo $path
end

function __cupel_at
  test (__cupel_place) = $argv[1]
end

# Completes a list: what stands before the last comma stays.
function __cupel_list
  set -l value (string replace -r '^--[^=]*=' '' -- (commandline -ct))
  set -l front (string match -r '^.*,' -- $value)
  for word in $argv
    echo "$front$word"
  end
end

function __cupel_is_inner
  string match -qr '^[0-9]+$' -- (__cupel_place)
end

# Completes the user's own command, from the first of its words on.
function __cupel_inner
  set -l tokens (commandline -opc)
  set -l current (commandline -ct)
  if __cupel_is_inner
    set -e tokens[1..(math (__cupel_place) - 1)]
  else
    string match -q -- '-*' $current; and return
    set tokens
  end
  set -l line (string join ' ' -- (string escape -- $tokens) $current)
  complete -C "$line"
end

complete -c cupel -f
complete -c cupel -n __cupel_is_inner -a '(__cupel_inner)'`;

function nodeLines({ path, command }: CommandNode): string[] {
  const front = `complete -c cupel -n ${quote(`__cupel_at ${pathKey(path)}`)}`;
  return [
    ...(command.subcommands ?? []).map(({ name, summary }) => `${front} -a ${quote(name)} -d ${quote(summary)}`),
    ...operandOptions(command).map((options) => `${front} ${options}`),
    ...command.flags.map((flag) => `${front} ${flagOptions(flag)} -d ${quote(flag.description)}`),
  ];
}

function flagOptions({ name, short, value }: FlagDescription): string {
  const letter = short === undefined ? "" : ` -s ${short}`;
  return `-l ${name}${letter}${value === undefined ? "" : ` ${valueOptions(value)}`}`;
}

function operandOptions({ operands, passesCommand }: CommandDescription): string[] {
  if (passesCommand === true) return ["-a '(__cupel_inner)'"];
  return (operands ?? []).slice(0, 1).flatMap(({ value, description }: OperandDescription) => {
    if (value.kind === "text") return [];
    return [`${value.kind === "path" ? "-F" : `-a ${choices(value)}`} -d ${quote(description)}`];
  });
}

/** `-r` takes a value, `-x` one that is no file. */
function valueOptions(value: ValueDescription): string {
  if (value.kind === "path") return "-r -F";
  return value.kind === "text" ? "-x" : `-x -a ${choices(value)}`;
}

function choices(value: Extract<ValueDescription, { kind: "choice" }>): string {
  const words = value.choices.join(" ");
  return quote(value.list === true ? `(__cupel_list ${words})` : words);
}

/** In fish, only the backslash and the quote itself mean anything inside single quotes. */
function quote(text: string): string {
  return `'${text.replace(/[\\']/gu, String.raw`\$&`)}'`;
}
