/** Completion for zsh: one function for each command, built on its own `_arguments`. */
import type {
  CommandDescription,
  FlagDescription,
  OperandDescription,
  ValueDescription,
} from "../report/command-description.ts";
import { flagWords, flattenCommands } from "./command-tree.ts";
import type { CommandNode } from "./command-tree.ts";

/** The script: works from a directory of `$fpath` as `_cupel`, and when it is sourced. */
export function renderZshCompletion(commands: readonly CommandDescription[]): string {
  const functions = flattenCommands(commands).toReversed().flatMap(commandFunction);
  return [
    "#compdef cupel",
    "# zsh completion for cupel; made by `cupel completion zsh`",
    "",
    ...functions,
    ending,
  ].join("\n");
}

const ending = `if [ "$funcstack[1]" = "_cupel" ]; then
  _cupel "$@"
else
  compdef _cupel cupel
fi
`;

function commandFunction({ path, command }: CommandNode): string[] {
  const name = functionName(path);
  const specs = [...command.flags.flatMap(flagSpecs), ...operandSpecs(command)];
  const call = command.passesCommand === true ? "_arguments -s -S -A '-*'" : "_arguments -s -S";
  const body = command.subcommands === undefined ? callBody(call, specs) : branchBody(path, command.subcommands, specs);
  return [`${name}() {`, ...body.map((line) => `  ${line}`), "}", ""];
}

function callBody(call: string, specs: readonly string[]): string[] {
  return [`${call} \\`, ...specs.map((spec, index) => `  ${spec}${index === specs.length - 1 ? "" : " \\"}`)];
}

/** `_arguments -C` stops at the subcommand and leaves the rest of the line to its function. */
function branchBody(
  path: readonly string[],
  subcommands: readonly CommandDescription[],
  specs: readonly string[],
): string[] {
  return [
    "local curcontext=$curcontext state line ret=1",
    ...callBody("_arguments -C -s", [...specs, quote("1: :->command"), quote("*:: :->rest")]),
    "case $state in",
    "  command)",
    "    local -a commands=(",
    ...subcommands.map(({ name, summary }) => `      ${quote(`${name.replaceAll(":", "\\:")}:${summary}`)}`),
    "    )",
    "    _describe -t commands command commands && ret=0 ;;",
    "  rest)",
    "    case $line[1] in",
    ...subcommands.map(({ name }) => `      ${quote(name)}) ${functionName([...path, name])} && ret=0 ;;`),
    "    esac ;;",
    "esac",
    "return ret",
  ];
}

function flagSpecs(flag: FlagDescription): string[] {
  const words = flagWords(flag);
  const exclusion = flag.repeatable === true ? "*" : `(${words.join(" ")})`;
  const description = `[${flag.description.replace(/[[\]\\]/gu, String.raw`\$&`)}]`;
  return words.map((word) =>
    quote(`${exclusion}${word}${word.startsWith("--") && flag.value ? "=" : ""}${description}${action(flag.value)}`),
  );
}

function operandSpecs({ operands, passesCommand }: CommandDescription): string[] {
  if (passesCommand === true) return [quote("*::: :_normal")];
  return (operands ?? []).map((operand, index) => quote(operandSpec(operand, index)));
}

function operandSpec({ value, required, repeatable }: OperandDescription, index: number): string {
  if (repeatable === true) return `*${action(value)}`;
  return `${index + 1}${required ? "" : ":"}${action(value)}`;
}

/** `:message:what completes it`; nothing for a flag without a value. */
function action(value: ValueDescription | undefined): string {
  if (value === undefined) return "";
  const message = value.placeholder.replaceAll(":", String.raw`\:`);
  if (value.kind === "path") return `:${message}:_files`;
  if (value.kind === "text") return `:${message}: `;
  const words = value.choices.map(escapeWord).join(" ");
  return value.list === true ? `:${message}:_values -s , ${escapeWord(message)} ${words}` : `:${message}:(${words})`;
}

/** `_arguments` hands what completes a value to `eval`. */
function escapeWord(word: string): string {
  return word.replace(/[^\w.,@%+=/-]/gu, String.raw`\$&`);
}

function functionName(path: readonly string[]): string {
  return ["_cupel", ...path].join("_").replaceAll("-", "_");
}

function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
