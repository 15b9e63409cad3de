/** What scripts have in common that write down how another program makes a sandbox. Pure. */
import type { MadePlan } from "../launch/maker-call.ts";
import { makerDescriptors } from "../launch/protocol.ts";
import { joinWords } from "./phrase.ts";
import { printableLine } from "./printable-text.ts";
import { quoteWord, quoteWords } from "./shell-words.ts";
import { wrapText } from "./wrap-text.ts";

type FixedDescriptor = Exclude<keyof typeof makerDescriptors, "firstInput">;

/** See platform/linux/launcher/maker.c. */
const purposes: Readonly<Record<FixedDescriptor, string>> = {
  report: "where the launcher inside says what becomes of the job",
  command: "where it is told of signals, and that the time is up",
  instruction: "what it is to do: all that the launcher outside was told",
  input: "the job's standard input",
  output: "its standard output",
  errors: "its standard error",
  terminal: "where it leaves the job's terminal, if that has one of its own",
  listeners: "where it leaves what listens for the proxy, if there is one",
  program: "the file of cupel's launcher",
  knowledge: "when the launch began, and how the caller's terminal is set",
  joining: "where it says that it is there, to be put into the job's control groups",
};

/** What the launcher inside finds at which descriptor, in the order of their numbers. */
export const descriptorPurposes: readonly (readonly [number: number, purpose: string])[] = Object.entries(purposes).map(
  ([name, purpose]) => [makerDescriptors[name as FixedDescriptor], purpose],
);

/** What it does when that has started it again, inside. */
export function describeInside(plan: MadePlan): string {
  const variables = Object.keys(plan.environment).toSorted();
  return joinWords([
    ...(plan.loopbackUp ? ["sets the loopback up"] : []),
    ...(plan.proxy === undefined ? [] : ["listens for the proxy"]),
    ...(plan.terminal === "private" ? ["makes a terminal"] : []),
    "sets resource limits",
    ...(plan.landlockVersion === undefined && plan.landlockScopes.length === 0 ? [] : ["applies Landlock"]),
    `loads the system call filter "${plan.seccomp}"`,
    `goes to ${quoteWord(plan.directory)}`,
    `executes ${quoteWords(plan.command)} with ${joinWords(variables)} set`,
  ]);
}

const widestComment = 96;

/** Lines of a comment; what follows the first begins with `hang`. */
export function comment(text: string, hang = ""): string[] {
  const lines = wrapText(printableLine(text, true), widestComment, widestComment - hang.length);
  return lines.map((line, index) => `# ${index === 0 ? "" : hang}${line}`);
}

/** A line for each of them, and those that the script has besides. */
export function descriptorComments(rows: readonly (readonly [number: number, purpose: string])[]): string[] {
  return rows.flatMap(([number, purpose]) => comment(`${String(number).padStart(2)}  ${purpose}`, "    "));
}
