/** How bubblewrap is called, as a script for bash: to be read, and to be tried. */
import { callBubblewrap } from "../launch/bubblewrap-call.ts";
import type { LookUp } from "../launch/look-up.ts";
import type { MadePlan, MakerInput } from "../launch/maker-call.ts";
import { makerDescriptors } from "../launch/protocol.ts";
import { comment, describeInside, descriptorComments, descriptorPurposes } from "./maker-script.ts";
import { groupWords, writtenOut } from "./maker-words.ts";
import { joinWords } from "./phrase.ts";
import { printableLine } from "./printable-text.ts";
import { quoteWord, quoteWords } from "./shell-words.ts";

const standardPurposes = ["/dev/null", "/dev/null", "what bubblewrap says of its failures, for cupel to pass on"];

/** What the plan leaves open: nothing of it is shown, and each is told by which object it is. */
function openBinding(plan: MadePlan<"bubblewrap">): {
  readonly layer: string;
  readonly given: ReadonlyMap<string, Uint8Array>;
} {
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

function showInput(
  input: MakerInput,
  number: number,
  plan: MadePlan<"bubblewrap">,
  { layer, given }: Binding,
): ShownInput {
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

function describeOutside({ outside, controlGroup }: MadePlan<"bubblewrap">): string {
  const isCapped = Object.values(controlGroup).some((value) => value !== undefined);
  return joinWords([
    ...(isCapped ? ["joins the job's control groups"] : []),
    "opens what is granted",
    ...(outside === "fresh" ? ["takes ids that nobody else has"] : []),
    "executes this in a session of its own",
  ]);
}

function inputComments(inputs: readonly ShownInput[]): string[] {
  const fixed = descriptorPurposes.filter(([number]) => number !== makerDescriptors.joining);
  const rows = [
    ...standardPurposes.map((purpose, number) => [number, purpose] as const),
    ...fixed,
    [
      makerDescriptors.firstInput,
      "all words up to the last --, each ended by a NUL: no list of processes shows them",
    ] as const,
    ...inputs.map(({ purpose }, index) => [makerDescriptors.firstInput + 1 + index, purpose] as const),
  ];
  return descriptorComments(rows);
}

/** The script. Pure but for `lookUp`. @throws CupelError `set-up` where the plan asks for what the program cannot do. */
export function renderBubblewrapCall(plan: MadePlan<"bubblewrap">, lookUp: LookUp): string {
  const binding = openBinding(plan);
  const call = callBubblewrap(plan, lookUp, binding);
  const { read, own } = writtenOut(call);
  const firstNumber = makerDescriptors.firstInput + 1;
  const inputs = call.inputs.slice(1).map((input, index) => showInput(input, firstNumber + index, plan, binding));
  const words = [
    `env -i ${quoteWord(call.path)}`,
    ...groupWords(read).map(quoteWords),
    quoteWords(own),
    ...inputs.map(({ redirection }, index) => `${firstNumber + index}${redirection}`),
  ];
  const lines = [
    "#!/bin/bash",
    ...comment(
      "The call of bubblewrap, written out. What cupel's launcher really executes, with an empty environment:",
    ),
    ...comment(`  ${quoteWords([call.path, ...call.arguments])}`),
    "#",
    ...comment(`Before it, the launcher ${describeOutside(plan)}.`),
    ...comment(`The last words start the launcher again, inside, which ${describeInside(plan)}.`),
    ...comment(
      "To try the sandbox alone: put a program of your own in the place of those words. What only cupel has is a file of yours: INPUT_ with the descriptor's number names it.",
    ),
    "#",
    ...comment("Descriptors:"),
    ...inputComments(inputs),
    words.map((word) => printableLine(word, true)).join(" \\\n  "),
  ];
  return lines.map((line) => `${line}\n`).join("");
}
