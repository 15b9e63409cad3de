/** `cupel run --batch` as a test sees it: jobs in, outcomes out. */
import type { BatchOutcome } from "../../src/run/batch-outcome.ts";
import { follow } from "./execute.ts";
import type { CallOptions, InstalledCupel } from "./run-cli.ts";
import type { Caller } from "./tester.ts";
import { until } from "./until.ts";

/** A line of a batch, right or wrong. */
export type JobLine = Readonly<Record<string, unknown>> | string;

/** What became of a batch. */
export interface BatchRan {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stderr: string;
  /** In the order in which they came. */
  readonly outcomes: readonly BatchOutcome[];
}

/** Lines that are jobs of this script. */
export function scripts(...texts: readonly string[]): { command: string[] }[] {
  return texts.map((text) => ({ command: ["sh", "-c", text] }));
}

/** A job of this script with an id, which comes back. */
export function script(id: string, text: string): { id: string; command: string[] } {
  return { id, command: ["sh", "-c", text] };
}

/** A batch's text. */
export function linesOf(jobs: readonly JobLine[]): string {
  return jobs.map((job) => `${typeof job === "string" ? job : JSON.stringify(job)}\n`).join("");
}

/** Whole lines alone: the last one of a batch that was killed may be cut. */
export function parseOutcomes(stdout: string): BatchOutcome[] {
  return stdout
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as BatchOutcome);
}

/** In the order of the lines. */
export function byLine(outcomes: readonly BatchOutcome[]): BatchOutcome[] {
  return outcomes.toSorted((one, other) => one.line - other.line);
}

/** What it wrote to standard output, where that is text. */
export function said(outcome: BatchOutcome | undefined): string | undefined {
  return outcome?.stdout !== undefined && "text" in outcome.stdout ? outcome.stdout.text : undefined;
}

/** Runs jobs from standard input to their end. */
export async function runBatch(
  cupel: InstalledCupel,
  caller: Caller,
  jobs: readonly JobLine[],
  flags: readonly string[] = [],
  options: CallOptions = {},
): Promise<BatchRan> {
  const ran = await cupel.run(caller, ["run", "--batch", "-", ...flags], { ...options, stdin: linesOf(jobs) });
  const { code, signal, stderr, stdout } = ran;
  return { code, signal, stderr, outcomes: parseOutcomes(stdout) };
}

/** A batch whose lines come one by one. */
export interface OpenBatch extends AsyncDisposable {
  readonly pid: number;
  send(...jobs: readonly JobLine[]): void;
  /** The outcomes so far, once there are as many. */
  outcomes(count: number): Promise<BatchOutcome[]>;
  /** No more lines. */
  close(): void;
  readonly ended: Promise<BatchRan>;
}

/** Starts one that reads its standard input. */
export function openBatch(cupel: InstalledCupel, caller: Caller, flags: readonly string[] = []): OpenBatch {
  const child = Bun.spawn([...caller.prefix, cupel.path, "run", "--batch", "-", ...flags], {
    cwd: cupel.workspace(caller),
    env: cupel.environment(caller),
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
  });
  const running = follow(child, "the batch");
  const ended = running.ended.then(({ code, signal, stderr, stdout }) => ({
    code,
    signal,
    stderr,
    outcomes: parseOutcomes(stdout),
  }));
  const soFar = (count: number): BatchOutcome[] | undefined => {
    const outcomes = parseOutcomes(running.stdout());
    return outcomes.length >= count ? outcomes : undefined;
  };
  return {
    pid: child.pid,
    send: (...jobs) => {
      void child.stdin.write(linesOf(jobs));
      void child.stdin.flush();
    },
    outcomes: (count) => until(`${count} outcomes come`, () => soFar(count)),
    close: () => void child.stdin.end(),
    ended,
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}
