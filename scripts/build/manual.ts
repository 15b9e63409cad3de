/** The manual page cupel(1), made from the same descriptions as usage and completion, in man(7)'s macros. */
import { groupFlags } from "../../src/commands/flag-groups.ts";
import type {
  CommandDescription,
  ExitCodeDescription,
  FlagDescription,
  FlagGroup,
  OperandDescription,
} from "../../src/report/command-description.ts";

/** What the page says of the program as a whole. */
export interface ManualFacts {
  readonly version: string;
  readonly commands: readonly CommandDescription[];
}

const places: readonly (readonly [term: string, text: string])[] = [
  [
    "$XDG_STATE_HOME/cupel, ~/.local/state/cupel, /var/lib/cupel (root)",
    "The saved report, and private copies of cupel's native helpers.",
  ],
];

const variables: readonly (readonly [term: string, text: string])[] = [
  ["XDG_STATE_HOME", "Where the state lies; it must be a directory that nobody else can write."],
  ["NO_COLOR, FORCE_COLOR", "No color in the output, or color though it is no terminal; not empty."],
  ["COLUMNS", "Width of the output where the terminal does not say it."],
  [
    "CUPEL_BASE_URL",
    "Server that cupel upgrade asks for releases, instead of the one that this cupel came from. NODE_EXTRA_CA_CERTS, HTTPS_PROXY and NO_PROXY hold for it.",
  ],
  ["PATH", "Where programs are looked for, by probes and for --tools."],
];

/** Text for troff: no character of it is a request or an escape (groff_char(7)). */
export function escapeTroff(text: string): string {
  const escaped = text.replaceAll("\\", "\\e").replaceAll("-", "\\-").replaceAll("…", "...");
  return escaped.replaceAll(/^([.'])/gm, "\\&$1");
}

function quoted(text: string): string {
  return `"${escapeTroff(text).replaceAll('"', "\\(dq")}"`;
}

/** A term and what it means. */
function definition(term: string, text: string): string {
  return `.TP\n.B ${quoted(term)}\n${escapeTroff(text)}`;
}

function flagTerm({ name, short, value }: FlagDescription): string {
  const letter = short === undefined ? "" : `-${short}, `;
  return `${letter}--${name}${value === undefined ? "" : ` ${value.placeholder}`}`;
}

function flagText({ description, value, repeatable }: FlagDescription): string {
  const choices = value?.kind === "choice" ? ` One of: ${value.choices.join(", ")}.` : "";
  return `${description[0]?.toUpperCase() ?? ""}${description.slice(1)}.${choices}${repeatable === true ? " May be given more than once." : ""}`;
}

function operandTerm({ value, required }: OperandDescription): string {
  return required ? value.placeholder : `[${value.placeholder}]`;
}

function synopsis({ name, flags, operands, passesCommand }: CommandDescription): string {
  const words = [
    ...(flags.length === 0 ? [] : ["[flags]"]),
    ...(passesCommand === true ? ["--"] : []),
    ...(operands ?? []).map(operandTerm),
  ];
  return `.B cupel ${escapeTroff(name)}\n${escapeTroff(words.join(" "))}`;
}

function exitCodes(codes: readonly ExitCodeDescription[]): string[] {
  if (codes.length === 0) return [];
  return [".PP", "Exit status:", ...codes.map(({ code, meaning }) => definition(code, `${meaning}.`))];
}

function examples(lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  return [".PP", "Examples:", ".PP", ".nf", ".RS", ...lines.map(escapeTroff), ".RE", ".fi"];
}

/** One group alone needs no heading. */
function groupLines({ heading, flags }: FlagGroup, _index: number, groups: readonly FlagGroup[]): string[] {
  const lines = flags.map((flag) => definition(flagTerm(flag), flagText(flag)));
  return groups.length === 1 ? lines : [".PP", `${escapeTroff(heading)}:`, ...lines];
}

function commandLines(command: CommandDescription): string[] {
  return [
    `.SS ${quoted(`cupel ${command.name}`)}`,
    `${escapeTroff(command.summary)}.`,
    ...(command.operands ?? []).map((operand) => definition(operandTerm(operand), `${operand.description}.`)),
    ...groupFlags(command).flatMap(groupLines),
    ...exitCodes(command.exitCodes ?? []),
    ...examples(command.examples ?? []),
  ];
}

/** The whole page. */
export function renderManual({ version, commands }: ManualFacts): string {
  const lines = [
    `.TH CUPEL 1 "" ${quoted(`cupel ${version}`)} ${quoted("User Commands")}`,
    ".SH NAME",
    "cupel \\- find out what a host can enforce, and run jobs in a sandbox that keeps what they demand",
    ".SH SYNOPSIS",
    ...commands.flatMap((command, index) => [...(index === 0 ? [] : [".br"]), synopsis(command)]),
    ".SH DESCRIPTION",
    "cupel measures what this host can really enforce, by doing it, and runs each job in a sandbox that keeps the promises",
    "the job asked for. Where the host cannot keep them, it refuses and says what blocks what.",
    ".SH COMMANDS",
    ...commands.flatMap(commandLines),
    ".SH FILES",
    ...places.map(([term, text]) => definition(term, text)),
    ".SH ENVIRONMENT",
    ...variables.map(([term, text]) => definition(term, text)),
    ".SH SEE ALSO",
    ".BR bwrap (1),\n.BR unshare (1),\n.BR seccomp (2),\n.BR landlock (7),\n.BR cgroups (7)",
  ];
  return `${lines.join("\n")}\n`;
}
