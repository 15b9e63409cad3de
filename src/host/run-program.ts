/** Runs one external program in a process group of its own, under a deadline, and takes what it writes. */
import { spawn, type ChildProcess, type ChildProcessByStdio } from "node:child_process";
import type { Readable } from "node:stream";
import type { ProgramOptions, ProgramResult } from "./host.ts";
import { errnoOf } from "./errno-of.ts";

/** Output beyond this is dropped: a program that floods is not worth its memory. */
const outputBytesMax = 1024 * 1024;

/** What a program sees when the caller says nothing: enough to find programs, nothing of the user's. */
const plainEnvironment = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  LC_ALL: "C",
} as const;

type StartedProgram = ChildProcessByStdio<null, Readable, Readable>;

class Output {
  readonly #chunks: Buffer[] = [];
  #bytes = 0;

  add(chunk: Buffer): void {
    if (this.#bytes < outputBytesMax) this.#chunks.push(chunk);
    this.#bytes += chunk.length;
  }

  text(): string {
    return Buffer.concat(this.#chunks).subarray(0, outputBytesMax).toString("utf8");
  }
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch (error) {
    // Already gone is what was wanted; a set-uid program may not be ours to kill.
    if (!["ESRCH", "EPERM"].includes(errnoOf(error))) throw error;
  }
}

function start(program: string, programArguments: readonly string[], options: ProgramOptions): StartedProgram | string {
  try {
    return spawn(program, programArguments, {
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
      env: options.environment ?? plainEnvironment,
      cwd: "/",
    });
  } catch (error) {
    // What is no program at all (ENOEXEC, ENOTDIR, ELOOP, …) is thrown; the rest comes as an event.
    return errnoOf(error);
  }
}

function follow(child: StartedProgram, deadlineMs: number, isRead = false): Promise<ProgramResult> {
  return new Promise((resolve) => {
    // Out of descriptors, there is a child without streams, and why comes as an event.
    if ((child.stdout as StartedProgram["stdout"] | undefined) === undefined) {
      child.on("error", (error) => resolve({ status: "not-started", errno: errnoOf(error) }));
      return;
    }
    const started = performance.now();
    const stdout = new Output();
    const stderr = new Output();
    const seen = (): { stdout: string; stderr: string; durationMs: number } => ({
      stdout: stdout.text(),
      stderr: stderr.text(),
      durationMs: performance.now() - started,
    });
    const timer = setTimeout(() => {
      killGroup(child);
      child.stdout.destroy();
      child.stderr.destroy();
      child.unref();
      resolve({ status: "timeout", ...seen() });
    }, deadlineMs);
    if (!isRead) child.stdout.on("data", (chunk: Buffer) => stdout.add(chunk));
    child.stderr.on("data", (chunk: Buffer) => stderr.add(chunk));
    child.on("error", (error) => {
      clearTimeout(timer);
      resolve({ status: "not-started", errno: errnoOf(error) });
    });
    // What it left running holds the pipes open, so "close" would wait for it: kill at "exit", read to the end after.
    child.on("exit", () => killGroup(child));
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      resolve({ status: "exited", code, signal, ...seen() });
    });
  });
}

/** Runs `program`; never throws for what the program does. Its group is killed at the deadline and once it has ended. */
export async function runProgram(
  program: string,
  programArguments: readonly string[],
  options: ProgramOptions,
): Promise<ProgramResult> {
  const child = start(program, programArguments, options);
  return typeof child === "string" ? { status: "not-started", errno: child } : follow(child, options.deadlineMs);
}

/**
 * Runs `program` and has `read` take what it writes on its standard output, however much that is.
 * @throws what `read` throws, which ends the program; nothing where the program failed by itself.
 */
export async function streamProgram(
  program: string,
  programArguments: readonly string[],
  options: ProgramOptions,
  read: (output: AsyncIterable<Uint8Array>) => Promise<void>,
): Promise<ProgramResult> {
  const child = start(program, programArguments, options);
  if (typeof child === "string") return { status: "not-started", errno: child };
  const reading = readFrom(child, read);
  const result = await follow(child, options.deadlineMs, true);
  const failure = await reading;
  if (failure !== undefined && isReadersFault(result, failure)) throw failure.error;
  return result;
}

interface ReadFailure {
  readonly error: unknown;
  /** Whether the program still ran when nobody read on. */
  readonly isBeforeEnd: boolean;
}

/**
 * Of what a program that failed has written the end is missing. One that nobody reads on has failed for that: it was ended,
 * or could not write any more.
 */
function isReadersFault(result: ProgramResult, { isBeforeEnd }: ReadFailure): boolean {
  return result.status === "exited" && (isBeforeEnd || result.code === 0 || result.signal !== null);
}

async function readFrom(
  child: StartedProgram,
  read: (output: AsyncIterable<Uint8Array>) => Promise<void>,
): Promise<ReadFailure | undefined> {
  // Out of descriptors, there is a child without streams: see follow.
  if ((child.stdout as StartedProgram["stdout"] | undefined) === undefined) return undefined;
  try {
    await read(child.stdout);
    return undefined;
  } catch (error) {
    const isBeforeEnd = !child.stdout.readableEnded && child.exitCode === null && child.signalCode === null;
    killGroup(child);
    child.stdout.destroy();
    return { error, isBeforeEnd };
  }
}
