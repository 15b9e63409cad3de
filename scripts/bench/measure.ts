/**
 * Measures all entrants in one interleaved run: a short block of each in turn, round after round, so that whatever else
 * the machine does falls on all of them alike.
 */
import { runBlock, type Block, type DriverContext } from "./driver.ts";
import type { Entrant } from "./entrant.ts";
import { BenchError } from "./options.ts";
import { percentile, shareOfRound, summarizeLatency, type Latency } from "./statistics.ts";

/** How much is measured. */
export interface Effort {
  readonly runs: number;
  readonly rounds: number;
  /** Time that one entrant may take for all its samples. */
  readonly latencyBudgetMs: number;
  /** Time that one entrant may take for each degree of parallelism. */
  readonly throughputBudgetMs: number;
  readonly throughputRounds: number;
}

/** How many run at once. */
export const degrees = [1, 2, 4] as const;

/** What takes longer than this is not warmed up before each block: nothing of its time is the machine's caches. */
const slowMs = 30;
const fewest = 3;
const blockDeadlineMs = 120_000;

/** Samples that an entrant gives within its budget. Pure. */
export function countSamples(estimateMs: number, { runs, latencyBudgetMs }: Effort): number {
  return Math.min(runs, Math.max(fewest, Math.floor(latencyBudgetMs / estimateMs)));
}

/** Jobs of one throughput block. Pure. */
export function countJobs(estimateMs: number, parallel: number, effort: Effort): number {
  const jobs = Math.floor(effort.throughputBudgetMs / effort.throughputRounds / estimateMs);
  return Math.max(parallel, jobs);
}

/** Starts with another one each time, so that nobody always follows the same neighbour. Pure. */
export function rotate<Item>(items: readonly Item[], by: number): Item[] {
  const at = items.length === 0 ? 0 : by % items.length;
  return [...items.slice(at), ...items.slice(0, at)];
}

async function measureBlock(
  context: DriverContext,
  { contestant, work, estimateMs }: Entrant,
  count: number,
  parallel: number,
): Promise<Block> {
  const warmUp = estimateMs > slowMs ? 0 : 1;
  const block = await runBlock(context, work, { count, warmUp, parallel, deadlineMs: blockDeadlineMs });
  if (typeof block === "string") throw new BenchError(`${contestant.name} worked at first, and then: ${block}`);
  return block;
}

/** Latency of each, one job at a time, by name. @throws BenchError where one stops working. */
export async function measureLatency(
  context: DriverContext,
  entrants: readonly Entrant[],
  effort: Effort,
): Promise<Map<string, Latency>> {
  const samples = new Map<string, number[]>(entrants.map(({ contestant }) => [contestant.name, []]));
  for (let round = 0; round < effort.rounds; round++) {
    for (const entrant of rotate(entrants, round)) {
      const count = shareOfRound(countSamples(entrant.estimateMs, effort), round, effort.rounds);
      if (count === 0) continue;
      const { samplesNs } = await measureBlock(context, entrant, count, 1);
      samples.get(entrant.contestant.name)?.push(...samplesNs);
    }
  }
  return new Map([...samples].map(([name, all]) => [name, summarizeLatency(all)]));
}

/** Jobs a second of each, by name and degree: the median block. @throws BenchError where one stops working. */
export async function measureThroughput(
  context: DriverContext,
  entrants: readonly Entrant[],
  effort: Effort,
): Promise<Map<string, Record<string, number>>> {
  const rates = new Map<string, number[]>();
  for (let round = 0; round < effort.throughputRounds; round++) {
    for (const entrant of rotate(entrants, round)) {
      for (const degree of degrees) {
        const key = `${entrant.contestant.name} ${degree}`;
        const count = countJobs(entrant.estimateMs, degree, effort);
        const { wallNs } = await measureBlock(context, entrant, count, degree);
        rates.set(key, [...(rates.get(key) ?? []), (count * 1e9) / wallNs]);
      }
    }
  }
  const median = (name: string, degree: number): number => percentile(rates.get(`${name} ${degree}`) ?? [], 0.5);
  return new Map(
    entrants.map(({ contestant: { name } }) => [
      name,
      Object.fromEntries(degrees.map((degree) => [String(degree), median(name, degree)])),
    ]),
  );
}
