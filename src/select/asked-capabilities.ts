/** Which capabilities a choice depends on: found by letting the strategies decide and writing down what they look at. Pure. */
import type { Standings } from "../model/capability.ts";
import type { Job } from "../model/job.ts";
import type { Strategy } from "../strategies/_strategy.ts";
import { needsOfJob } from "./needs-of-job.ts";

/** The same standings; every capability that is looked up in them is added to `asked`. */
export function notingStandings(known: Standings, asked: Set<string>): Standings {
  return new Proxy(known, {
    get: (standings, id) => {
      if (typeof id !== "string") return undefined;
      asked.add(id);
      return standings[id];
    },
  });
}

/**
 * Every capability that the strategies look at for one of these jobs, given what is known so far. More knowledge can lead
 * them to further ones: whoever measures asks again until nothing new is asked.
 */
export function askedCapabilities(
  strategies: readonly Strategy[],
  jobs: readonly Job[],
  known: Standings,
): ReadonlySet<string> {
  const asked = new Set<string>();
  const noting = notingStandings(known, asked);
  for (const job of jobs) for (const id of needsOfJob(job, noting)) asked.add(id);
  for (const strategy of strategies) {
    for (const id of strategy.requires(noting)) asked.add(id);
    for (const job of jobs) {
      strategy.guarantees(job, noting);
      strategy.plan(job, noting);
    }
  }
  return asked;
}
