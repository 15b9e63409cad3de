/** Many jobs by one command: `cupel run --batch` beside bwrap by xargs(1). */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { jobs, type Contestant, type Missing, isMissing } from "./contestant.ts";
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

function bwrapByXargs(workshop: Workshop, count: number, bwrap: Contestant | undefined): BatchRunner | Missing {
  const name = "bwrap-xargs";
  const work = bwrap?.work(jobs.succeed);
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

/** The list is there once for all runners; `bwrap` is the contestant that xargs starts. */
export async function measureBatches(
  workshop: Workshop,
  bwrap: Contestant | undefined,
  effort: BatchEffort,
): Promise<{ rows: Row[]; missing: Missing[] }> {
  const candidates = [cupelBatch(workshop, effort.jobs), bwrapByXargs(workshop, effort.jobs, bwrap)];
  const missing: Missing[] = candidates.filter((candidate) => isMissing(candidate as Missing)) as Missing[];
  const runners = candidates.filter((candidate): candidate is BatchRunner => !("reason" in candidate));
  const rates = new Map<string, number[]>();
  const failed = new Set<string>();
  for (let round = 0; round < effort.rounds; round++) {
    for (const degree of degrees) {
      for (const runner of runners.filter(({ name }) => !failed.has(name))) {
        const rate = await runBatch(workshop, runner, degree, effort.jobs);
        if (typeof rate === "string") {
          failed.add(runner.name);
          missing.push({ name: runner.name, reason: rate });
          continue;
        }
        const key = `${runner.name} ${degree}`;
        rates.set(key, [...(rates.get(key) ?? []), rate]);
      }
    }
  }
  const rows = runners
    .filter(({ name }) => !failed.has(name))
    .map(({ name, what }) => ({
      name,
      what,
      jobsPerSecond: Object.fromEntries(
        degrees.map((degree) => [String(degree), percentile(rates.get(`${name} ${degree}`) ?? [], 0.5)]),
      ),
    }));
  return { rows, missing };
}
