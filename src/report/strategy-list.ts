/** All strategies, as `cupel strategies` lists them. */
import * as v from "valibot";
import { blockerCodes, capabilityStates, type Matrix } from "../model/capability.ts";
import { guaranteeIds, isolationClasses } from "../model/guarantee.ts";
import type { Job } from "../model/job.ts";
import type { StrategySummary } from "../model/report.ts";
import type { StartCost } from "../model/start-cost.ts";
import type { TrialVerdict } from "../model/trial.ts";

/** Version of the list's shape. */
export const strategyListSchema = 1;

const capabilityObstacle = v.strictObject({
  kind: v.literal("capability"),
  capability: v.string(),
  state: v.picklist(capabilityStates),
  /** The first of what denies it, where that is known. */
  blocker: v.optional(v.strictObject({ code: v.picklist(blockerCodes), detail: v.string() })),
});

const trialObstacle = v.strictObject({ kind: v.literal("trial"), summary: v.string() });

const start = v.variant("state", [
  v.strictObject({ state: v.literal("not-measured") }),
  v.strictObject({ state: v.literal("failed"), because: v.string() }),
  v.strictObject({ state: v.literal("measured"), runs: v.number(), medianMs: v.number(), minMs: v.number() }),
]);

const listed = v.strictObject({
  id: v.string(),
  isolation: v.picklist(isolationClasses),
  rank: v.number(),
  summary: v.string(),
  /** Whether a job without flags is run by it. */
  isTaken: v.boolean(),
  available: v.boolean(),
  /** Where it is not available: what is first in the way. */
  obstacle: v.optional(v.variant("kind", [capabilityObstacle, trialObstacle])),
  /** For a job without flags, of as many as there are. */
  guaranteesKept: v.number(),
  guaranteesTotal: v.number(),
  /** Those that such a job demands. */
  demandsNotKept: v.array(v.picklist(guaranteeIds)),
  start,
});

/** The shape of the list. */
export const strategyListShape = v.strictObject({
  schema: v.literal(strategyListSchema),
  /** Id of the report that it was made from. */
  report: v.string(),
  /** The preferred one first. */
  strategies: v.array(listed),
});

/** One strategy of the list. */
export type ListedStrategy = v.InferOutput<typeof listed>;
/** What is known of what a start costs. */
export type ListedStart = v.InferOutput<typeof start>;
/** The list. */
export type StrategyList = v.InferOutput<typeof strategyListShape>;

/** What is known of the host and its strategies. */
export interface ListingInput {
  readonly job: Job;
  readonly matrix: Matrix;
  readonly trials: readonly TrialVerdict[];
  /** Id of the one that is taken. */
  readonly taken: string | undefined;
  readonly startCosts: readonly StartCost[];
  /** By strategy: why what was to be measured now could not be. */
  readonly problems: ReadonlyMap<string, string>;
}

function obstacleOf({ id, available, missing }: StrategySummary, input: ListingInput): ListedStrategy["obstacle"] {
  if (available) return undefined;
  const [capability] = missing;
  if (capability === undefined) {
    const trial = input.trials.find(({ strategy }) => strategy === id);
    return { kind: "trial", summary: trial?.summary ?? "it was not tried" };
  }
  const { state = "unknown", blockers = [] } = input.matrix[capability] ?? {};
  const [first] = blockers;
  const blocker = first === undefined ? {} : { blocker: { code: first.code, detail: first.detail } };
  return { kind: "capability", capability, state, ...blocker };
}

function startOf(id: string, { startCosts, problems }: ListingInput): ListedStart {
  const because = problems.get(id);
  if (because !== undefined) return { state: "failed", because };
  const cost = startCosts.find(({ strategy }) => strategy === id);
  if (cost === undefined) return { state: "not-measured" };
  return { state: "measured", runs: cost.runs, medianMs: cost.medianUs / 1000, minMs: cost.minUs / 1000 };
}

/** One strategy as it is listed. Pure. */
export function listStrategy(summary: StrategySummary, input: ListingInput): ListedStrategy {
  const { id, isolation, rank, available, guarantees } = summary;
  const obstacle = obstacleOf(summary, input);
  const unkept = guarantees.flatMap((decision) => (decision.kept ? [] : [decision.id]));
  return {
    id,
    isolation,
    rank,
    summary: summary.summary,
    isTaken: id === input.taken,
    available,
    ...(obstacle === undefined ? {} : { obstacle }),
    guaranteesKept: guarantees.length - unkept.length,
    guaranteesTotal: guarantees.length,
    demandsNotKept: unkept.filter((one) => input.job.demands.required.includes(one)),
    start: startOf(id, input),
  };
}
