/** Where the values of a job come from, in words. */
import type { Origin } from "../model/origin.ts";
import { joinWords } from "./phrase.ts";
import { printableText } from "./printable-text.ts";
import { field, heading, type Block } from "./text-block.ts";

/** Where one value comes from. */
function describeOrigin({ from, field: name, flag, place }: Origin): string {
  if (from === "default") return "cupel's default";
  if (from === "flag") return name === "command" ? "the command line" : `--${flag}`;
  return `${place ?? ""} (${originWords[from]})`;
}

const originWords: Readonly<Record<Exclude<Origin["from"], "flag" | "default">, string>> = {
  "job file": "the job file",
  project: "the project",
  user: "your configuration",
};

/** Named one by one up to this many: a file may hold thousands. */
const namedMost = 5;

/** A value in a line of prose. */
const valueLengthMost = 60;

function shorten(value: string): string {
  return value.length > valueLengthMost ? `${value.slice(0, valueLengthMost)}…` : value;
}

/** One line about what a project that is not trusted asks for in vain; there is at least one such thing. */
export function describeLeftOut(leftOut: readonly Origin[]): string {
  const named = leftOut
    .slice(0, namedMost)
    .map(({ place, field: name, value }) => `${place ?? ""} ${name} ${shorten(value)}`);
  const others = leftOut.length - named.length;
  const list = joinWords([...named, ...(others > 0 ? [`${others} more`] : [])]);
  return printableText(
    `left out, since a project that is not trusted can only ask for less: ${list}; cupel trust shows it all and allows it`,
    true,
  );
}

function originLine(origin: Origin): Block {
  const { field: name, value } = origin;
  return field(name, `${name === "command" ? "" : `${value}, `}from ${describeOrigin(origin)}`);
}

/** A value each, with where it comes from, and what of a project's wishes does not count. */
export function originBlocks(origins: readonly Origin[], leftOut: readonly Origin[]): Block[] {
  return [
    ...section("Where it comes from", origins),
    ...section("Left out, since the project is not trusted", leftOut),
  ];
}

function section(title: string, origins: readonly Origin[]): Block[] {
  return origins.length === 0 ? [] : [...heading(title), ...origins.map(originLine)];
}
