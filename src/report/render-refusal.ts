/** What `run` prints when it refuses: what is missing, why, what would help, and what giving it up would mean. */
import { guaranteePromises, isolationStrength } from "../model/guarantee.ts";
import type { GuaranteeId } from "../model/guarantee.ts";
import { isUsable, type Matrix } from "../model/capability.ts";
import type { Job } from "../model/job.ts";
import type { Rejection, Remedy, Selection, StrategySummary } from "../model/report.ts";
import { needsOfJob } from "../select/needs-of-job.ts";
import { describeBlocker } from "./blocker-words.ts";
import { stateWord } from "./capability-words.ts";
import { layOutBlocks } from "./lay-out-blocks.ts";
import { describeFreedoms } from "./lost-guarantee-words.ts";
import { explainingRejection, findObstacle, furtherObstacles, smallestRemedy } from "./obstacle.ts";
import type { Obstacle } from "./obstacle.ts";
import { clause, joinWords, sentence } from "./phrase.ts";
import { describeRejection } from "./rejection-words.ts";
import { describeWho } from "./remedy-blocks.ts";
import type { TerminalStyle } from "./terminal-style.ts";
import { command, paragraph, verdict } from "./text-block.ts";
import type { Block } from "./text-block.ts";

/** What {@link renderRefusal} needs. */
export interface RefusalView {
  readonly job: Job;
  readonly selection: Selection;
  /** All strategies, judged for this job. */
  readonly strategies: readonly StrategySummary[];
  readonly matrix: Matrix;
  readonly remedies: readonly Remedy[];
}

/** The refusal as text; its first words are `cupel: refused:`. */
export function renderRefusal(view: RefusalView, style: TerminalStyle): string {
  const inQuestion = { ...view, selection: narrowSelection(view) };
  const obstacle = findObstacle(inQuestion.selection, view.matrix);
  const blocks = [
    verdict(`cupel: refused: ${sentence(describeRefusal(view))}`),
    ...(obstacle === undefined ? unremediableBlocks(inQuestion) : obstacleBlocks(inQuestion, obstacle)),
    ...closestBlocks(view, obstacle?.strategy ?? explainingRejection(inQuestion.selection)?.strategy),
    ...(obstacle === undefined ? [] : remedyBlocks(view, obstacle)),
    ...wayOutBlocks(view),
  ];
  return layOutBlocks(blocks, style);
}

/** The refusal in one sentence, naming the first demanded guarantee that is missing: for the outcome's message, too. */
export function describeRefusal(view: Pick<RefusalView, "job" | "selection" | "strategies">): string {
  const { strategy: named, minimum } = view.job.demands;
  const candidates = candidatesOf(view);
  if (candidates.length === 0) return `no strategy here is as strong as class ${minimum ?? "demanded"}`;
  const available = candidates.filter((strategy) => strategy.available);
  const missing = demandedOf(view.job).find((id) => available.every((strategy) => !keeps(strategy, id)));
  const guarantee = missing === undefined ? beyondGuarantees(view.job) : `${missing} (${guaranteePromises[missing]})`;
  if (available.length > 0)
    return `${named === undefined ? "no strategy here keeps" : `strategy ${named} does not keep`} ${guarantee}`;
  return `${named === undefined ? "no strategy works here" : `strategy ${named} does not work here`}, so nothing keeps ${guarantee}`;
}

/** Demands that are no guarantee. */
function beyondGuarantees({ limits }: Job): string {
  return limits.disks === undefined ? "all that is demanded" : "the cap on how fast its disks are read or written";
}

/** Strategies that the caller's own choice of strategy and class leaves. */
function candidatesOf({ job, strategies }: Pick<RefusalView, "job" | "strategies">): StrategySummary[] {
  const { strategy: named, minimum } = job.demands;
  const floor = minimum === undefined ? 0 : isolationStrength(minimum);
  return strategies.filter(
    ({ id, isolation }) => (named === undefined || named === id) && isolationStrength(isolation) >= floor,
  );
}

function narrowSelection(view: RefusalView): Selection {
  const ids = candidatesOf(view).map(({ id }) => id);
  return { ...view.selection, rejected: view.selection.rejected.filter(({ strategy }) => ids.includes(strategy)) };
}

function demandedOf({ demands }: Job): GuaranteeId[] {
  return demands.required.filter((id) => !demands.accepted.includes(id));
}

function keeps(strategy: StrategySummary, id: GuaranteeId): boolean {
  return strategy.guarantees.some((decision) => decision.id === id && decision.kept);
}

function lostWith(strategy: StrategySummary, job: Job): GuaranteeId[] {
  return demandedOf(job).filter((id) => !keeps(strategy, id));
}

function rejectionOf(strategy: string | undefined, selection: Selection): Rejection | undefined {
  return selection.rejected.find((rejection) => rejection.strategy === strategy);
}

/** Why, where nothing about the host is to blame. */
function unremediableBlocks({ selection, matrix }: RefusalView): Block[] {
  const rejection = explainingRejection(selection);
  return rejection === undefined
    ? []
    : [paragraph(sentence(`Cause: ${rejection.strategy} ${describeRejection(rejection, matrix)}`))];
}

/** Which capability is lacking, and which layer of the host is behind it. */
function obstacleBlocks({ selection }: RefusalView, { capability, strategy }: Obstacle): Block[] {
  const causes = capability.blockers.filter(({ code }) => code !== "unknown").map(describeBlocker);
  const how = causes.length === 0 ? `: ${clause(capability.summary)}` : ` by ${causes.join("; also by ")}`;
  const lack = rejectionOf(strategy, selection)?.reason;
  const need = lack?.kind === "guarantee" ? `${capability.id} for ${lack.guarantee}` : capability.id;
  return [paragraph(`Cause: ${strategy} needs ${need}, which is ${stateWord(capability)}${how}.`)];
}

const mostLosses = 5;

/** The closest strategy and what it lacks, unless the cause has said just that. */
function closestBlocks({ job, selection, strategies, matrix }: RefusalView, told: string | undefined): Block[] {
  const closest = strategies.find((strategy) => strategy.id === selection.closest);
  if (closest === undefined) return [];
  const lost = lostWith(closest, job);
  const isTold = told === closest.id;
  if (closest.available && lost.length > 0) {
    const lacks = paragraph(`Closest: ${closest.id}, which does not keep ${joinWords(lost, mostLosses)}.`);
    return isTold && lost.length === 1 ? [] : [lacks];
  }
  const rejection = rejectionOf(closest.id, selection);
  if (rejection === undefined || isTold) return [];
  return [paragraph(sentence(`Closest: ${closest.id}, which ${describeRejection(rejection, matrix)}`))];
}

function remedyBlocks({ remedies, strategies, matrix }: RefusalView, obstacle: Obstacle): Block[] {
  const remedy = smallestRemedy(obstacle.capability.id, remedies);
  if (remedy === undefined) return [];
  const risk = remedy.risk === "" ? "" : ` Risk: ${sentence(remedy.risk)}`;
  const further = furtherObstacles(obstacle, strategies, matrix);
  const rest = further.length === 0 ? "" : ` Then ${obstacle.strategy} still lacks ${joinWords(further, mostLosses)}.`;
  return [
    paragraph(`Smallest remedy known (${describeWho(remedy)}): ${sentence(remedy.summary)}${risk}${rest}`),
    ...remedy.commands.map(command),
    ...(remedy.engineFlags.length === 0 ? [] : [paragraph(`Flags for its engine: ${remedy.engineFlags.join(" ")}`)]),
  ];
}

/** What would let the job run all the same, and what that gives up. */
function wayOutBlocks({ job, selection, strategies, matrix }: RefusalView): Block[] {
  const { strategy: named } = job.demands;
  const isNeedMet = needsOfJob(job, matrix).every((id) => isUsable(matrix[id]));
  const whole = strategies.find(
    (strategy) => strategy.id !== named && strategy.available && lostWith(strategy, job).length === 0,
  );
  if (named !== undefined && whole !== undefined && isNeedMet) {
    return [paragraph(`Without --strategy ${named}, ${whole.id} would keep every demand.`)];
  }
  const closest = strategies.find((strategy) => strategy.id === selection.closest);
  return closest?.available === true ? acceptanceBlocks(closest, job) : [];
}

/** Up to this many, the losses are named one by one. */
const longestList = 3;

function acceptanceBlocks(closest: StrategySummary, job: Job): Block[] {
  const lost = lostWith(closest, job);
  const { minimum, accepted } = job.demands;
  const isTooWeak = minimum !== undefined && isolationStrength(closest.isolation) < isolationStrength(minimum);
  // Whole, so that the flag says the same whether or not an earlier one is left in the command line.
  const named = lost.length > longestList ? "all" : [...accepted, ...lost].join(",");
  const flags = [
    ...(isTooWeak ? [`--min ${closest.isolation}`] : []),
    ...(lost.length === 0 ? [] : [`--accept-missing ${named}`]),
  ];
  if (flags.length === 0) return [];
  const loss =
    lost.length === 0 ? `the class is then ${closest.isolation}` : `the job could then ${describeFreedoms(lost)}`;
  return [paragraph(`To run all the same, by strategy ${closest.id}: ${flags.join(" ")}; ${loss}.`)];
}
