/** Contestants that were seen to run a job here. */
import { isMissing, jobs, type Candidate, type Contestant, type Missing, type Work } from "./contestant.ts";
import { runBlock, type BlockOrder, type DriverContext } from "./driver.ts";

/** A contestant that works here, and about how long it takes. */
export interface Entrant {
  readonly contestant: Contestant;
  /** Its work on the job that is timed. */
  readonly work: Work;
  readonly estimateMs: number;
}

const trialDeadlineMs = 60_000;

function trialOrder(count: number): BlockOrder {
  return { count, warmUp: 1, parallel: 1, deadlineMs: trialDeadlineMs, isVerbose: true };
}

/** A sandbox that passes on no failure may not have run the job at all. */
async function passesFailureOn(context: DriverContext, contestant: Contestant): Promise<boolean> {
  if (!contestant.runsJobs) return true;
  const failing = await runBlock(context, contestant.work(jobs.fail), { ...trialOrder(1), warmUp: 0 });
  return typeof failing === "string";
}

async function tryOut(context: DriverContext, contestant: Contestant): Promise<Entrant | Missing> {
  const { name } = contestant;
  const work = contestant.work(jobs.succeed);
  const block = await runBlock(context, work, trialOrder(2));
  if (typeof block === "string") return { name, reason: block };
  if (!(await passesFailureOn(context, contestant)))
    return { name, reason: "it says of a job that fails that it succeeded" };
  return { contestant, work, estimateMs: Math.min(...block.samplesNs) / 1e6 };
}

/** Runs each once, the job that succeeds and the one that fails; only those that tell the two apart are measured. */
export async function tryAll(
  context: DriverContext,
  candidates: readonly Candidate[],
): Promise<{ entrants: Entrant[]; missing: Missing[] }> {
  const entrants: Entrant[] = [];
  const missing: Missing[] = [];
  for (const candidate of candidates) {
    const result = isMissing(candidate) ? candidate : await tryOut(context, candidate);
    if ("reason" in result) missing.push(result);
    else entrants.push(result);
  }
  return { entrants, missing };
}
