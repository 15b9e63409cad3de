/** Many jobs by one command: `cupel run --batch` beside bwrap by xargs(1). */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { isMissing, jobs, type Candidate, type Missing } from "./contestant.ts";
import { degrees } from "./measure.ts";
import { percentile } from "./statistics.ts";
import type { Row } from "./report.ts";
import type { Workshop } from "./workshop.ts";

/** One way to run a list of jobs, so many at once. */
interface BatchRunner {
  readonly name: string;
  readonly what: string;
  command(parallel: number): readonly string[];
  /** How many jobs its output says to have ended well; all where it says nothing of single jobs. */
  countDone(stdout: string): number | undefined;
}

/** How many jobs in how many rounds. */
export interface BatchEffort {
  readonly jobs: number;
  readonly rounds: number;
}

/** An outcome line of a job that exited with 0. Pure. */
export function countSuccesses(stdout: string): number {
  const lines = stdout.split("\n").filter((line) => line !== "");
  return lines.filter((line) => {
    const outcome = JSON.parse(line) as { exitCode?: number; outcome?: { exitCode?: number } };
    return (outcome.exitCode ?? outcome.outcome?.exitCode) === 0;
  }).length;
}

function knowsBatch({ executable, environment, directory }: Workshop): boolean {
  const help = Bun.spawnSync([executable, "run", "--help"], { env: { ...environment }, cwd: directory });
  return help.stdout.toString().includes("--batch");
}

function cupelBatch(workshop: Workshop, count: number): BatchRunner | Missing {
  const name = "cupel-batch";
  if (!knowsBatch(workshop)) return { name, reason: "this build of cupel does not know run --batch" };
  const file = join(workshop.path, "jobs.jsonl");
  const lines = Array.from({ length: count }, (_, index) =>
    JSON.stringify({ id: `job-${index}`, command: jobs.succeed }),
  );
  writeFileSync(file, `${lines.join("\n")}\n`);
  return {
    name,
    what: `cupel run --batch, ${count} jobs, start and end included`,
    command: (parallel) => [workshop.executable, "run", "--batch", file, "--parallel", String(parallel)],
    countDone: countSuccesses,
  };
}

function bwrapByXargs(workshop: Workshop, count: number, bwrap: Candidate | undefined): BatchRunner | Missing {
  const name = "bwrap-xargs";
  const work = bwrap === undefined || isMissing(bwrap) ? undefined : bwrap.work(jobs.succeed);
  if (work?.kind !== "spawn") return { name, reason: "bwrap cannot run here" };
  const file = join(workshop.path, "jobs.txt");
  writeFileSync(file, "ignored\n".repeat(count));
  return {
    name,
    what: `xargs -P, ${count} × the command of bwrap`,
    command: (parallel) => ["xargs", "-a", file, "-n", "1", "-P", String(parallel), "--", ...work.command],
    countDone: () => undefined,
  };
}

async function runBatch(
  workshop: Workshop,
  runner: BatchRunner,
  parallel: number,
  count: number,
): Promise<number | string> {
  const start = performance.now();
  const child = Bun.spawn([...runner.command(parallel)], {
    cwd: workshop.directory,
    env: { ...workshop.environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  const seconds = (performance.now() - start) / 1000;
  if (code !== 0) return `exit code ${code}: ${stderr.trim().split("\n").at(-1) ?? ""}`;
  const done = runner.countDone(stdout) ?? count;
  return done === count ? count / seconds : `${done} of ${count} jobs ended well`;
}

/** Jobs a second of one runner at each degree, or the first reason against it. */
async function measureRound(
  workshop: Workshop,
  runner: BatchRunner,
  count: number,
): Promise<Record<string, number> | string> {
  const rates: Record<string, number> = {};
  for (const degree of degrees) {
    const rate = await runBatch(workshop, runner, degree, count);
    if (typeof rate === "string") return rate;
    rates[String(degree)] = rate;
  }
  return rates;
}

function medianOf(rounds: readonly Record<string, number>[]): Record<string, number> {
  const at = (degree: string): number[] => rounds.flatMap((rates) => rates[degree] ?? []);
  return Object.fromEntries(degrees.map((degree) => [String(degree), percentile(at(String(degree)), 0.5)]));
}

/** Round by round, one runner after the other; `bwrap` is the contestant that xargs starts. */
export async function measureBatches(
  workshop: Workshop,
  bwrap: Candidate | undefined,
  effort: BatchEffort,
): Promise<{ rows: Row[]; missing: Missing[] }> {
  const candidates = [cupelBatch(workshop, effort.jobs), bwrapByXargs(workshop, effort.jobs, bwrap)];
  const missing: Missing[] = candidates.flatMap((candidate) => ("reason" in candidate ? [candidate] : []));
  let runners: BatchRunner[] = candidates.flatMap((candidate) => ("reason" in candidate ? [] : [candidate]));
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
