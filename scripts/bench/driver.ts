/** Builds the C driver, and has it run jobs. */
import { join } from "node:path";
import { existsSync, readFileSync } from "node:fs";
import { listFiles, repositoryRoot, sha256 } from "../source/repository.ts";
import type { Work } from "./contestant.ts";
import { BenchError } from "./options.ts";

const sources = "scripts/bench/*.c";
const flags = ["-std=gnu17", "-O2", "-static", "-Wall", "-Wextra", "-Werror", "-Wshadow", "-Wconversion"];

/** What one call of the driver measured. */
export interface Block {
  readonly samplesNs: readonly number[];
  readonly wallNs: number;
}

/** How often, and by how many at once. */
export interface BlockOrder {
  readonly count: number;
  /** Jobs in front that do not count. */
  readonly warmUp: number;
  readonly parallel: number;
  readonly deadlineMs: number;
  /** Have jobs write to the standard error that reasons are taken from. A launcher may then have to relay it. */
  readonly isVerbose?: boolean;
}

/** What the commands of a run share. */
export interface DriverContext {
  readonly driver: string;
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** Compiles the driver into the workshop, unless it is there; gives its path. @throws BenchError. */
export function buildDriver(workshop: string): string {
  const files = listFiles([sources, "scripts/bench/*.h"]);
  const key = sha256(flags.join(" "), ...files.map((path) => readFileSync(join(repositoryRoot, path)))).slice(0, 16);
  const output = join(workshop, `driver-${key}`);
  if (existsSync(output)) return output;
  const compiler = Bun.which("gcc") ?? Bun.which("cc");
  if (compiler === null) throw new BenchError("there is no C compiler: apt-get install gcc libc6-dev");
  const built = Bun.spawnSync([compiler, ...flags, "-o", output, ...listFiles([sources])], { cwd: repositoryRoot });
  if (!built.success) throw new BenchError(`the driver does not compile:\n${built.stderr.toString()}`);
  return output;
}

function driverArguments(work: Work, order: Omit<BlockOrder, "deadlineMs">): string[] {
  const numbers = [order.count, order.warmUp, order.parallel].map(String);
  const head = [work.kind, ...numbers, ...(order.isVerbose === true ? ["-v"] : [])];
  switch (work.kind) {
    case "spawn": {
      const opens = Object.entries(work.opens ?? {}).flatMap(([number, path]) => ["-f", `${number}=${path}`]);
      return [...head, ...opens, "--", ...work.command];
    }
    case "launcher":
      return [...head, "-i", work.instruction, "--", work.launcher];
    case "bare": {
      const mounts = work.hasMounts ? ["-m"] : [];
      return [...head, "-c", String(work.namespaces), ...mounts, "--", ...work.command];
    }
  }
}

/** The whole command that has the driver do some work. Pure. */
export function driverCommand(driver: string, work: Work, order: Omit<BlockOrder, "deadlineMs">): string[] {
  const within = work.kind === "spawn" ? (work.within ?? []) : [];
  return [...within, driver, ...driverArguments(work, order)];
}

/** Reads what the driver printed. Pure. @throws SyntaxError where it is not that. */
export function parseBlock(text: string): Block {
  const lines = text.trimEnd().split("\n");
  const [word, wall] = (lines.pop() ?? "").split(" ");
  const samplesNs = lines.map(Number);
  const wallNs = Number(wall);
  if (word !== "wall" || ![...samplesNs, wallNs].every((number) => Number.isSafeInteger(number) && number > 0)) {
    throw new SyntaxError(`the driver printed ${JSON.stringify(text.slice(0, 200))}`);
  }
  return { samplesNs, wallNs };
}

/** The last lines that something said, as one. */
function lastWords(text: string): string {
  const lines = text.trim().split("\n").slice(-3);
  return lines
    .map((line) => line.trim())
    .join("; ")
    .slice(-300);
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    // It has ended meanwhile.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Runs a block of jobs; where one did not end well, the reason that was given. */
export async function runBlock(context: DriverContext, work: Work, order: BlockOrder): Promise<Block | string> {
  const child = Bun.spawn(driverCommand(context.driver, work, order), {
    cwd: context.directory,
    env: { ...context.environment },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    detached: true,
  });
  const timer = setTimeout(() => killGroup(child.pid), order.deadlineMs);
  const [printed, said, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  clearTimeout(timer);
  if (code === 0) return parseBlock(printed);
  return child.signalCode === "SIGKILL" ? `not over after ${order.deadlineMs / 1000} s` : lastWords(said);
}
