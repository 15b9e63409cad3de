/** What a strategy says that it keeps. */
import type { Standings } from "../../src/model/capability.ts";
import type { Job } from "../../src/model/job.ts";
import type { Strategy } from "../../src/strategies/_strategy.ts";
import { jobOf } from "../fixtures/jobs/jobs.ts";

/** The ids of what this strategy keeps of this job on a host of these standings. */
export function keptOf(strategy: Strategy, standings: Standings, parts: Partial<Job> = {}): string[] {
  return strategy.guarantees(jobOf(parts), standings).flatMap(({ id, kept }) => (kept ? [id] : []));
}
