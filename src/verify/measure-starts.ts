/** What a start costs: whole jobs that do nothing, started the way that `run` starts them. */
import { closeSync, openSync } from "node:fs";
import { CupelError } from "../model/error.ts";
import type { Job } from "../model/job.ts";
import type { StartCost } from "../model/start-cost.ts";
import { carryOut } from "../run/carry-out.ts";
import type { Strategy } from "../strategies/_strategy.ts";
import { describeEnd, trialJob, type TrialContext } from "./run-trial.ts";

/** What was measured of one strategy, or one line on why nothing could be. */
export type StartMeasurement =
  | { readonly strategy: string; readonly cost: StartCost }
  | { readonly strategy: string; readonly cost?: undefined; readonly problem: string };

/** How many jobs count. One more goes before them, for what is loaded once. */
export const countedStarts = 10;

const program = "/bin/true";

/** In whole microseconds. @throws where there is none. Pure. */
export function startCostOf(strategy: string, timesMs: readonly number[]): StartCost {
  const sorted = timesMs.toSorted((one, other) => one - other);
  const [least] = sorted;
  const low = sorted[Math.ceil(sorted.length / 2) - 1];
  const high = sorted[Math.floor(sorted.length / 2)];
  if (least === undefined || low === undefined || high === undefined) throw new Error("nothing was measured");
  const us = (milliseconds: number): number => Math.round(milliseconds * 1000);
  return { strategy, runs: sorted.length, medianUs: us((low + high) / 2), minUs: us(least) };
}

/** The time of one, in milliseconds, or how it failed. */
async function startOnce(strategy: Strategy, job: Job, context: TrialContext): Promise<number | string> {
  const { id, isolation } = strategy;
  const launch = strategy.plan(job, context.matrix);
  const nothing = openSync("/dev/null", "r+");
  try {
    const { events, totalMs } = await carryOut(
      { strategy: id, isolation, launch, guarantees: [] },
      { ...context, streams: [nothing, nothing, nothing], forwardSignals: false },
    );
    return events.some((event) => event.event === "ended" && event.status === 0)
      ? totalMs
      : describeEnd(events, program, launch);
  } catch (error) {
    if (error instanceof CupelError) return error.message;
    throw error;
  } finally {
    closeSync(nothing);
  }
}

/** One after the other, and in turns, so that what else the machine does weighs on all of them alike. */
export async function measureStarts(
  strategies: readonly Strategy[],
  defaultJob: Job,
  context: TrialContext,
): Promise<StartMeasurement[]> {
  const job: Job = { ...trialJob(defaultJob), command: [program] };
  const timesMs = new Map<string, number[]>(strategies.map(({ id }) => [id, []]));
  const problems = new Map<string, string>();
  for (let round = 0; round <= countedStarts; round++) {
    for (const strategy of strategies.filter(({ id }) => !problems.has(id))) {
      const seen = await startOnce(strategy, job, context);
      if (typeof seen === "string") problems.set(strategy.id, seen);
      else if (round > 0) timesMs.get(strategy.id)?.push(seen);
    }
  }
  return strategies.map(({ id }) => {
    const problem = problems.get(id);
    return problem === undefined
      ? { strategy: id, cost: startCostOf(id, timesMs.get(id) ?? []) }
      : { strategy: id, problem };
  });
}
