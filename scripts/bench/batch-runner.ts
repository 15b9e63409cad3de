/** Ways to run a list of jobs by one command: `cupel run --batch`, and bwrap by xargs(1). */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { isMissing, jobs, type Candidate, type Missing } from "./contestant.ts";
import type { Workshop } from "./workshop.ts";

/** One way. */
export interface BatchRunner {
  readonly name: string;
  readonly what: string;
  /** Writes the list; gives the command. */
  command(count: number, parallel: number): readonly string[];
  /** How many jobs its output says to have ended well; undefined where it says nothing of single jobs. */
  countDone(stdout: string): number | undefined;
}

/** Outcome lines of jobs that exited with 0. Pure. */
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

function jobLine(index: number): string {
  return JSON.stringify({ id: `job-${index}`, command: jobs.succeed });
}

/** cupel's, where this build has it. */
export function cupelBatch(workshop: Workshop): BatchRunner | Missing {
  const name = "cupel-batch";
  if (!knowsBatch(workshop)) return { name, reason: "this build of cupel does not know run --batch" };
  return {
    name,
    what: "cupel run --batch, its start and end included",
    command: (count, parallel) => {
      const file = join(workshop.path, `jobs-${count}.jsonl`);
      writeFileSync(file, Array.from({ length: count }, (_, index) => `${jobLine(index)}\n`).join(""));
      return [workshop.executable, "run", "--batch", file, "--parallel", String(parallel)];
    },
    countDone: countSuccesses,
  };
}

/** The contestant bwrap, started for each line of a list. */
export function bwrapByXargs(workshop: Workshop, bwrap: Candidate | undefined): BatchRunner | Missing {
  const name = "bwrap-xargs";
  const work = bwrap === undefined || isMissing(bwrap) ? undefined : bwrap.work(jobs.succeed);
  if (work?.kind !== "spawn") return { name, reason: "bwrap cannot run here" };
  return {
    name,
    what: "xargs -P, the command of bwrap for each job",
    command: (count, parallel) => {
      const file = join(workshop.path, `jobs-${count}.txt`);
      // A word for each job, which /bin/true does not look at.
      writeFileSync(file, "ignored\n".repeat(count));
      return ["xargs", "-a", file, "-n", "1", "-P", String(parallel), "--", ...work.command];
    },
    countDone: () => undefined,
  };
}
