/** `cupel plan`: what would run, with what, which guarantees that keeps, and why nothing else was taken. */
import type { Matrix } from "../model/capability.ts";
import type { Job } from "../model/job.ts";
import type { Origin } from "../model/origin.ts";
import type { Plan } from "../model/plan.ts";
import type { Selection, StrategySummary } from "../model/report.ts";
import { guaranteeBlocks } from "./guarantee-blocks.ts";
import { layOutBlocks } from "./lay-out-blocks.ts";
import { originBlocks } from "./origin-words.ts";
import { launchBlocks, rootBlocks } from "./launch-blocks.ts";
import { limitBlocks } from "./limit-blocks.ts";
import { joinWords, sentence } from "./phrase.ts";
import { describeRejection, placeOfStrategy } from "./rejection-words.ts";
import { quoteWords } from "./shell-words.ts";
import type { TerminalStyle } from "./terminal-style.ts";
import { blank, command, heading, item, paragraph, verdict } from "./text-block.ts";
import type { Block } from "./text-block.ts";

/** What {@link renderPlan} needs. */
export interface PlanView {
  readonly job: Job;
  readonly selection: Selection;
  /** Absent where nothing was chosen. */
  readonly plan?: Plan | undefined;
  readonly matrix: Matrix;
  /** Where each value of the job comes from. */
  readonly origins: readonly Origin[];
  /** What a project that is not trusted asks for in vain. */
  readonly leftOut: readonly Origin[];
  /** All strategies, judged for this job. */
  readonly strategies: readonly StrategySummary[];
}

/** The plan as text. */
export function renderPlan(view: PlanView, style: TerminalStyle): string {
  const { job, plan, matrix } = view;
  const planned = plan === undefined ? [] : plannedBlocks(job, plan, matrix);
  return layOutBlocks(
    [
      verdict(firstSentence(view)),
      command(quoteWords(job.command)),
      ...planned,
      ...originBlocks(view.origins, view.leftOut),
      ...rejectionBlocks(view),
    ],
    style,
  );
}

/** What the launcher does, for a plan that it carries out all by itself. */
export function renderLauncherSteps({ launch }: Plan, job: Job, style: TerminalStyle): string {
  const none = "There is no command line: cupel's own launcher does all of this:";
  return layOutBlocks([verdict(none), ...launchBlocks(job, launch), ...rootBlocks(launch)], style);
}

function firstSentence({ plan, selection }: PlanView): string {
  if (plan === undefined) return "Nothing would run: no strategy here keeps what this job demands.";
  const place = placeOfStrategy({ id: plan.strategy, isolation: plan.isolation });
  const lost = selection.accepted.length === 0 ? "" : `, without ${joinWords(selection.accepted)}, given up by name`;
  return `This would run ${place}${lost}:`;
}

function plannedBlocks(job: Job, plan: Plan, matrix: Matrix): Block[] {
  return [
    ...launchBlocks(job, plan.launch),
    ...limitBlocks(job, plan, matrix),
    ...guaranteeBlocks(plan.guarantees, job.demands, matrix),
    ...rootBlocks(plan.launch),
  ];
}

function rejectionBlocks({ selection, matrix, strategies }: PlanView): Block[] {
  if (selection.rejected.length === 0) return [blank, paragraph("There is no other strategy.")];
  const items = selection.rejected.map((rejection) => {
    const strategy = strategies.find(({ id }) => id === rejection.strategy);
    const name = strategy === undefined ? rejection.strategy : `${strategy.id} (class ${strategy.isolation})`;
    return item(
      strategy?.available === true ? "degraded" : "blocked",
      sentence(`${name}: it ${describeRejection(rejection, matrix)}`),
    );
  });
  return [...heading("Not taken"), ...items];
}
