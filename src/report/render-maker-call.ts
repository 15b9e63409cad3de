/** How the program that makes a sandbox is called, as a script for bash: to be read, and to be tried. */
import { callBubblewrap } from "../launch/bubblewrap-call.ts";
import type { LookUp } from "../launch/look-up.ts";
import type { MadePlan, MakerInput } from "../launch/maker-call.ts";
import { makerDescriptors } from "../launch/protocol.ts";
import { groupWords, writtenOut } from "./maker-words.ts";
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
};

const standardPurposes = ["/dev/null", "/dev/null", "what bubblewrap says of its failures, for cupel to pass on"];

/** What the plan leaves open: nothing of it is shown, and each is told by which object it is. */
function openBinding(plan: MadePlan): { readonly layer: string; readonly given: ReadonlyMap<string, Uint8Array> } {
  const names = plan.root.flatMap((step) => (step.step === "given" ? [step.content] : []));
  return { layer: "/", given: new Map(names.map((name) => [name, new Uint8Array()])) };
}

type Binding = ReturnType<typeof openBinding>;

interface ShownInput {
  readonly purpose: string;
  /** What opens it in bash, behind its number. */
  readonly redirection: string;
}

/** What only a job that runs has: whoever tries this gives a file of theirs. */
function ownInput(number: number, purpose: string): ShownInput {
  return { purpose, redirection: `<"\${INPUT_${number}:?}"` };
}

function showInput(input: MakerInput, number: number, plan: MadePlan, { layer, given }: Binding): ShownInput {
  if ("source" in input) {
    const copy = plan.root.find((step) => step.step === "copy");
    if (copy !== undefined && input.source === `${layer}/upper`)
      return ownInput(number, `a copy of ${quoteWord(copy.source)}, which cupel makes for the job`);
    return {
      purpose: `${quoteWord(input.source)}, opened through no link`,
      redirection: `<${quoteWord(input.source)}`,
    };
  }
  const name = [...given].find(([, content]) => content === input.content)?.[0];
  if (name !== undefined)
    return ownInput(number, `${name.includes(" ") ? name : `the secret ${name}`}, which is never shown`);
  const text = Buffer.from(input.content).toString();
  return { purpose: "a file that cupel writes", redirection: `< <(printf %s ${quoteWord(text)})` };
}

function describeOutside({ outside, controlGroup }: MadePlan): string {
  const isCapped = Object.values(controlGroup).some((value) => value !== undefined);
  return joinWords([
    ...(isCapped ? ["joins the job's control groups"] : []),
    "opens what is granted",
    ...(outside === "fresh" ? ["takes ids that nobody else has"] : []),
    "executes this in a session of its own",
  ]);
}

function describeInside(plan: MadePlan): string {
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

function comment(text: string, hang = ""): string[] {
  const lines = wrapText(printableLine(text, true), widestComment, widestComment - hang.length);
  return lines.map((line, index) => `# ${index === 0 ? "" : hang}${line}`);
}

function descriptorComments(inputs: readonly ShownInput[]): string[] {
  const fixed = Object.entries(purposes).map(
    ([name, purpose]) => [makerDescriptors[name as FixedDescriptor], purpose] as const,
  );
  const rows = [
    ...standardPurposes.map((purpose, number) => [number, purpose] as const),
    ...fixed,
    [
      makerDescriptors.firstInput,
      "all words up to the last --, each ended by a NUL: no list of processes shows them",
    ] as const,
    ...inputs.map(({ purpose }, index) => [makerDescriptors.firstInput + 1 + index, purpose] as const),
  ];
  return rows.flatMap(([number, purpose]) => comment(`${String(number).padStart(2)}  ${purpose}`, "    "));
}

/** The script. Pure but for `lookUp`. @throws CupelError `set-up` where the plan asks for what the program cannot do. */
export function renderMakerCall(plan: MadePlan, lookUp: LookUp): string {
  const binding = openBinding(plan);
  const call = callBubblewrap(plan, lookUp, binding);
  const { read, own } = writtenOut(call);
  const firstNumber = makerDescriptors.firstInput + 1;
  const inputs = call.inputs.slice(1).map((input, index) => showInput(input, firstNumber + index, plan, binding));
  const name = plan.maker.program;
  const words = [
    `env -i ${quoteWord(call.path)}`,
    ...groupWords(read).map(quoteWords),
    quoteWords(own),
    ...inputs.map(({ redirection }, index) => `${firstNumber + index}${redirection}`),
  ];
  const lines = [
    "#!/bin/bash",
    ...comment(`The call of ${name}, written out. What cupel's launcher really executes, with an empty environment:`),
    ...comment(`  ${quoteWords([call.path, ...call.arguments])}`),
    "#",
    ...comment(`Before it, the launcher ${describeOutside(plan)}.`),
    ...comment(`The last words start the launcher again, inside, which ${describeInside(plan)}.`),
    ...comment(
      "To try the sandbox alone: put a program of your own in the place of those words. What only cupel has is a file of yours: INPUT_ with the descriptor's number names it.",
    ),
    "#",
    ...comment("Descriptors:"),
    ...descriptorComments(inputs),
    words.map((word) => printableLine(word, true)).join(" \\\n  "),
  ];
  return lines.map((line) => `${line}\n`).join("");
}
