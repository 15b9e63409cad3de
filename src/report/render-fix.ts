/** `cupel doctor --fix`: the missing steps as one block for a shell. It changes nothing by itself. */
import type { Capability, Matrix } from "../model/capability.ts";
import type { Remedy, Selection, StrategySummary } from "../model/report.ts";
import type { GuaranteeId } from "../model/guarantee.ts";
import { describeBlocker } from "./blocker-words.ts";
import { findObstacle } from "./obstacle.ts";
import { joinWords, sentence } from "./phrase.ts";
import { printableText } from "./printable-text.ts";
import { nothingHelps } from "./remedy-case.ts";

/** What the block is made from: a report's parts, with the strategies judged for the job that is meant. */
export interface FixView {
  readonly selection: Selection;
  readonly strategies: readonly StrategySummary[];
  readonly matrix: Matrix;
  readonly remedies: readonly Remedy[];
  /** Guarantees that the job demands. */
  readonly demanded: readonly GuaranteeId[];
  /** Whether cupel runs in a container: its author and whoever starts it have to act then, elsewhere. */
  readonly inContainer: boolean;
}

/** One step: a remedy, and everything that waits for it. */
interface Step {
  readonly remedy: Remedy;
  readonly capabilities: readonly Capability[];
}

/** The block; one comment where nothing is to be done. */
export function renderFix(view: FixView): string {
  if (view.selection.chosen !== undefined) return "# Nothing to do: all that is demanded holds here.\n";
  const obstacle = findObstacle(view.selection, view.matrix);
  const strategy = view.strategies.find(({ id }) => id === obstacle?.strategy);
  if (strategy === undefined) return "# Nothing that cupel knows to do: no capability of this host is in the way.\n";
  const steps = listSteps(strategy, view);
  const typed = steps.filter(({ remedy }) => isForThisShell(remedy) && !view.inContainer);
  const lines = [
    `# BEGIN cupel doctor --fix: what the strategy ${strategy.id} lacks here`,
    ...typed.flatMap((step) => [...describeStep(step), ...step.remedy.commands]),
    // In a shell of its own: set -e would end the one that this is pasted into.
    "(",
    "set -eu",
    ...steps.filter((step) => !typed.includes(step)).flatMap((step) => renderStep(step, view)),
    ...flagLines(steps),
    "cupel doctor",
    ")",
    "# END cupel doctor --fix",
  ];
  return `${lines.join("\n")}\n`;
}

/** In the order of the strategy's needs; what one remedy does for several is done once. */
function listSteps(strategy: StrategySummary, { matrix, remedies, demanded }: FixView): Step[] {
  const unkept = strategy.guarantees.flatMap((decision) =>
    decision.kept || !demanded.includes(decision.id) ? [] : [decision.missing ?? ""],
  );
  const needed = [...new Set([...strategy.missing, ...unkept])];
  const pairs = needed.flatMap((id) => {
    const capability = matrix[id];
    const own = remedies.filter((remedy) => remedy.capability === id);
    return capability === undefined ? [] : own.map((remedy) => ({ remedy, capability }));
  });
  const groups = Map.groupBy(pairs, ({ remedy }) => JSON.stringify([remedy.id, remedy.summary, remedy.commands]));
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    return first === undefined
      ? []
      : [{ remedy: first.remedy, capabilities: group.map(({ capability }) => capability) }];
  });
}

/** A limit of the shell itself cannot be raised from a shell in it. */
function isForThisShell({ appliedBy, commands }: Remedy): boolean {
  return appliedBy === "you" && commands.length > 0;
}

function renderStep(step: Step, { inContainer }: FixView): string[] {
  const { commands, appliedBy } = step.remedy;
  if (!inContainer) return [...describeStep(step), ...commands];
  const place = appliedBy === "image author" ? "RUN " : "";
  return [...describeStep(step), ...commands.map((command) => `#   ${place}${command}`)];
}

/** Comments: whom it takes and what it does, what waits for it, what it changes, how it is undone. */
function describeStep({ remedy, capabilities }: Step): string[] {
  const causes = capabilities.flatMap(({ blockers }) => blockers).filter(({ code }) => code === remedy.blocker);
  const ids = capabilities.map(({ id }) => id);
  const [cause] = causes;
  const isHelpless = remedy.summary === nothingHelps;
  const what = isHelpless
    ? "Nothing that cupel knows helps."
    : `${actors[remedy.appliedBy]}: ${sentence(remedy.summary)}`;
  return [
    `# For ${joinWords(ids, mostIds)}${cause === undefined ? "" : `, blocked by ${describeBlocker(cause)}`}.`,
    `#   ${what}`,
    ...(remedy.commands.length + remedy.engineFlags.length === 0 ? [] : [`#   Changes ${remedy.scope}.`]),
    ...remedy.engineFlags.map((flag) => `#   Flag: ${flag}`),
    ...(remedy.risk === "" ? [] : [`#   Risk: ${sentence(remedy.risk)}`]),
    ...(remedy.undo.length === 0 ? [] : [`#   Undo: ${remedy.undo.join("; ")}`]),
  ].map((line) => printableText(line, true));
}

const mostIds = 5;

const actors: Readonly<Record<Remedy["appliedBy"], string>> = {
  you: "You",
  administrator: "The administrator",
  "image author": "In the image",
  "host operator": "Whoever runs the host",
};

function flagLines(steps: readonly Step[]): string[] {
  const flags = [...new Set(steps.flatMap(({ remedy }) => remedy.engineFlags))];
  return flags.length === 0 ? [] : [`# All flags for the engine together: ${flags.join(" ")}`];
}
