/** Many jobs by one command: jobs a second of whole batches, and what each further job of cupel's takes. */
import { bwrapByXargs, cupelBatch, type BatchRunner } from "./batch-runner.ts";
import type { Candidate, Missing } from "./contestant.ts";
import { degrees } from "./measure.ts";
import type { Row } from "./report.ts";
import { percentile, summarizeLatency } from "./statistics.ts";
import type { Workshop } from "./workshop.ts";

/** How many jobs in how many rounds. */
export interface BatchEffort {
  readonly jobs: number;
  readonly rounds: number;
}

interface Batches {
  readonly rows: Row[];
  readonly missing: Missing[];
}

/** Milliseconds from start to end, or a reason where not every job ended well. */
async function runBatch(
  workshop: Workshop,
  runner: BatchRunner,
  count: number,
  parallel: number,
): Promise<number | string> {
  const command = runner.command(count, parallel);
  const start = performance.now();
  const child = Bun.spawn([...command], {
    cwd: workshop.directory,
    env: { ...workshop.environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  const tookMs = performance.now() - start;
  if (code !== 0) return `exit code ${code}: ${stderr.trim().split("\n").at(-1) ?? ""}`;
  const done = runner.countDone(stdout) ?? count;
  return done === count ? tookMs : `${done} of ${count} jobs ended well`;
}

/** Jobs a second of one runner at each degree, or the first reason against it. */
async function measureRound(
  workshop: Workshop,
  runner: BatchRunner,
  count: number,
): Promise<Record<string, number> | string> {
  const rates: Record<string, number> = {};
  for (const degree of degrees) {
    const tookMs = await runBatch(workshop, runner, count, degree);
    if (typeof tookMs === "string") return tookMs;
    rates[String(degree)] = (count * 1000) / tookMs;
  }
  return rates;
}

function medianOf(rounds: readonly Record<string, number>[]): Record<string, number> {
  const at = (degree: string): number[] => rounds.flatMap((rates) => rates[degree] ?? []);
  return Object.fromEntries(degrees.map((degree) => [String(degree), percentile(at(String(degree)), 0.5)]));
}

async function measureRates(
  workshop: Workshop,
  candidates: readonly (BatchRunner | Missing)[],
  effort: BatchEffort,
): Promise<Batches> {
  const missing = candidates.flatMap((candidate) => ("reason" in candidate ? [candidate] : []));
  let runners = candidates.flatMap((candidate) => ("reason" in candidate ? [] : [candidate]));
  const rounds = new Map<string, Record<string, number>[]>();
  for (let round = 0; round < effort.rounds; round++) {
    for (const runner of runners) {
      const { name } = runner;
      const rates = await measureRound(workshop, runner, effort.jobs);
      if (typeof rates === "string") {
        missing.push({ name, reason: rates });
        runners = runners.filter((other) => other.name !== name);
      } else rounds.set(name, [...(rounds.get(name) ?? []), rates]);
    }
  }
  const rows = runners.map(({ name, what }) => ({ name, what, jobsPerSecond: medianOf(rounds.get(name) ?? []) }));
  return { rows, missing };
}

/** A batch twice as long takes longer by its second half alone, which pays no start and no end. Pure. */
export function furtherJobNs(onceMs: number, twiceMs: number, jobs: number): number {
  return ((twiceMs - onceMs) * 1e6) / jobs;
}

async function measureFurtherJobs(
  workshop: Workshop,
  runner: BatchRunner,
  effort: BatchEffort,
): Promise<Row | Missing> {
  const name = "resident";
  const samplesNs: number[] = [];
  for (let round = 0; round < effort.rounds; round++) {
    const onceMs = await runBatch(workshop, runner, effort.jobs, 1);
    const twiceMs = await runBatch(workshop, runner, 2 * effort.jobs, 1);
    if (typeof onceMs === "string") return { name, reason: onceMs };
    if (typeof twiceMs === "string") return { name, reason: twiceMs };
    samplesNs.push(furtherJobNs(onceMs, twiceMs, effort.jobs));
  }
  const fastest = Math.min(...samplesNs);
  if (fastest <= 0) return { name, reason: "twice the jobs took no longer: the machine is too busy" };
  return {
    name,
    what: "each further job of a batch, 1 at once: resident launcher and cupel's part",
    latency: summarizeLatency(samplesNs),
  };
}

/** Round by round, one runner after the other; `bwrap` is the contestant that xargs starts. */
export async function measureBatches(
  workshop: Workshop,
  bwrap: Candidate | undefined,
  effort: BatchEffort,
): Promise<Batches> {
  const cupel = cupelBatch(workshop);
  const { rows, missing } = await measureRates(workshop, [cupel, bwrapByXargs(workshop, bwrap)], effort);
  if ("reason" in cupel) return { rows, missing: [...missing, { name: "resident", reason: cupel.reason }] };
  const further = await measureFurtherJobs(workshop, cupel, effort);
  if ("reason" in further) return { rows, missing: [...missing, further] };
  return { rows: [...rows, further], missing };
}
