/** `--help`: usage texts, made from the commands' descriptions. */
import type {
  CommandDescription,
  FlagDescription,
  FlagGroup,
  OperandDescription,
  ValueDescription,
} from "./command-description.ts";
import { layOutBlocks } from "./lay-out-blocks.ts";
import { clause } from "./phrase.ts";
import type { TerminalStyle } from "./terminal-style.ts";
import { blank, command, definition, heading, paragraph, verdict } from "./text-block.ts";
import type { Block } from "./text-block.ts";

/** The usage of one command; `path` is what is typed before its name: `["cupel"]`. */
export function renderUsage(
  path: readonly string[],
  described: CommandDescription,
  style: TerminalStyle,
  groups: readonly FlagGroup[] = [{ heading: "Flags", flags: described.flags }],
): string {
  const name = [...path, described.name].join(" ");
  return layOutBlocks(
    [
      verdict(`${name}: ${clause(described.summary)}.`),
      ...heading("Usage"),
      command(usageLine(name, described)),
      ...section("Operands", (described.operands ?? []).map(operandBlock)),
      ...section(
        "Commands",
        (described.subcommands ?? []).map(({ name: verb, summary }) => definition(verb, summary)),
      ),
      ...groups.flatMap((group) => section(group.heading, group.flags.map(flagBlock))),
      ...section("Examples", (described.examples ?? []).map(command)),
      ...section(
        "Exit codes",
        (described.exitCodes ?? []).map(({ code, meaning }) => definition(code, meaning)),
      ),
      ...(described.subcommands === undefined
        ? []
        : [blank, paragraph(`${name} COMMAND --help tells more about a command.`)]),
    ],
    style,
  );
}

function section(title: string, blocks: readonly Block[]): Block[] {
  return blocks.length === 0 ? [] : [...heading(title), ...blocks];
}

function usageLine(name: string, { subcommands, flags, operands, passesCommand, isFront }: CommandDescription): string {
  const parts = [
    name,
    ...(subcommands === undefined ? [] : ["COMMAND"]),
    ...(flags.length === 0 ? [] : ["[flags]"]),
    ...(passesCommand === true && isFront !== true ? ["--"] : []),
    ...(operands ?? []).map(operandTerm),
  ];
  return parts.join(" ");
}

function operandTerm({ value, required, repeatable }: OperandDescription): string {
  const term = `${value.placeholder}${repeatable === true && !value.placeholder.endsWith("…") ? "…" : ""}`;
  return required ? term : `[${term}]`;
}

function operandBlock({ value, description }: OperandDescription): Block {
  return definition(value.placeholder, `${description}${choicesOf(value, description)}`);
}

function flagBlock({ name, short, value, description, repeatable }: FlagDescription): Block {
  const letter = short === undefined ? "" : `-${short}, `;
  const placeholder = value === undefined ? "" : ` ${value.placeholder}`;
  const again = repeatable === true ? "; may be given more than once" : "";
  return definition(`${letter}--${name}${placeholder}`, `${description}${choicesOf(value, description)}${again}`);
}

/** Longer lists, such as that of all guarantees, are for completion and the documentation. */
const mostChoices = 8;

function choicesOf(value: ValueDescription | undefined, description: string): string {
  if (value?.kind !== "choice" || value.choices.length > mostChoices) return "";
  const words = description.split(/[^\w-]+/u);
  return value.choices.every((choice) => words.includes(choice)) ? "" : `; one of ${value.choices.join(", ")}`;
}
