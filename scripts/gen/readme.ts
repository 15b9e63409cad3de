/** The parts of README.md that say what the program's own lists say: written between marks, so that they cannot go stale. */
import { groupFlags } from "../../src/commands/flag-groups.ts";
import type { CommandDescription, FlagDescription } from "../../src/report/command-description.ts";
import { renderFields } from "./readme-fields.ts";
import { renderGuarantees, type GuaranteeFacts } from "./readme-guarantees.ts";
import { renderHosts, type TriedHost } from "./readme-hosts.ts";
import { renderList } from "./wrap-item.ts";

/** Where it lies, relative to the root. */
export const readmePath = "README.md";

/** What the parts are made of. */
export interface ReadmeFacts extends GuaranteeFacts {
  readonly commands: readonly CommandDescription[];
  readonly hosts: readonly TriedHost[];
}

/** The text with every part as the facts have it. @throws where a part has no place in it, or a place no part. */
export function renderReadme(text: string, facts: ReadmeFacts): string {
  const parts: Readonly<Record<string, string>> = {
    guarantees: renderGuarantees(facts),
    fields: renderFields(facts.strategies),
    hosts: renderHosts(facts.hosts),
    commands: renderCommands(facts.commands),
    "exit codes": renderExitCodes(facts.commands),
  };
  const places = Array.from(text.matchAll(place), ([, name = ""]) => name);
  const missing = Object.keys(parts).filter((name) => places.filter((other) => other === name).length !== 1);
  if (missing.length > 0) throw new Error(`${readmePath} has not one place for: ${missing.join(", ")}`);
  return text.replaceAll(place, (_, name: string) => {
    const part = parts[name];
    if (part === undefined) throw new Error(`${readmePath} has a place for ${name}, which nothing writes`);
    return `${startOf(name)}\n\n${part}\n${endOf(name)}`;
  });
}

// --- internal ---

const startOf = (name: string): string => `<!-- written by scripts/gen.ts: ${name} -->`;
const endOf = (name: string): string => `<!-- end of ${name} -->`;
const place = /^<!-- written by scripts\/gen\.ts: ([a-z ]+) -->\n[\s\S]*?^<!-- end of \1 -->$/gmu;

function renderFlag({ name, short, value }: FlagDescription): string {
  const letter = short === undefined ? "" : `-${short}, `;
  return `\`${letter}--${name}${value === undefined ? "" : ` ${value.placeholder}`}\``;
}

/** Under headings of a word or two; each is a sentence of its own. */
function renderFlags(command: CommandDescription): string {
  const flags = command.flags.filter((flag) => flag.name !== "help");
  if (flags.length === 0) return "";
  const groups = groupFlags({ ...command, flags });
  return groups.map((group) => ` ${group.heading}: ${group.flags.map(renderFlag).join(", ")}.`).join("");
}

function renderCommand(command: CommandDescription): string {
  const { name, summary, operands = [], passesCommand } = command;
  const words = operands.map(({ value, required }) => (required ? value.placeholder : `[${value.placeholder}]`));
  const line = ["cupel", name, ...(passesCommand === true ? ["--"] : []), ...words].join(" ");
  return `\`${line}\`: ${summary}.${renderFlags(command)}`;
}

function renderCommands(commands: readonly CommandDescription[]): string {
  return renderList(commands.map(renderCommand));
}

function renderExitCodes(commands: readonly CommandDescription[]): string {
  const meanings = commands.flatMap(({ name, exitCodes = [] }) =>
    exitCodes.length === 0
      ? []
      : [{ name, text: exitCodes.map(({ code, meaning }) => `**${code}** ${meaning}`).join("; ") }],
  );
  const alike = Map.groupBy(meanings, ({ text }) => text);
  return renderList(
    Array.from(alike, ([text, group]) => `${group.map(({ name }) => `\`${name}\``).join(", ")}: ${text}.`),
  );
}
