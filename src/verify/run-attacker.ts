/** Runs the attacker once, as the last words of a command line: bare, or behind whatever makes a sandbox around it. */
import { spawn, type ChildProcess } from "node:child_process";
import { openSync, closeSync } from "node:fs";
import { errnoOf } from "../host/errno-of.ts";
import { readTranscript, type AttackTranscript } from "./attack-record.ts";
import { childrenOf } from "./leftovers.ts";

/** One run. */
export interface AttackerRun {
  /** The attacker, behind what makes a sandbox around it. */
  readonly command: readonly string[];
  readonly directory: string;
  /** Of the caller; the sandbox decides what of it arrives. */
  readonly environment: Readonly<Record<string, string>>;
  /** A file with a token that the caller has open, as descriptor 3; descriptor 4 is a socket. */
  readonly openFile: string;
  /** What it is told, one after the other: each once the attacks of the one before have ended. */
  readonly orders: readonly string[];
  /** Called when the attacks of one have ended, before the next is told. */
  readonly onDone?: ((index: number) => Promise<void>) | undefined;
  readonly deadlineMs: number;
  /** After this, kill the first process and its children: what they started is to go with them. */
  readonly killAfterMs?: number | undefined;
  /** The same once so many attacks have ended. */
  readonly killAfterAttacks?: number | undefined;
}

/** What it gave. */
export interface AttackerEnd extends AttackTranscript {
  /** `exited 0`, `timeout`, …: for what went wrong before the attacker's first line. */
  readonly end: string;
  readonly errors: string;
  /** What a program that is no attacker wrote; no more than anybody looks at. */
  readonly output: string;
  readonly outputBytes: number;
  /** Of the first process; -1 where it could not be started. */
  readonly pid: number;
  readonly durationMs: number;
}

/** An attack on output writes more than anybody wants to keep. */
const outputBytesMax = 16 * 1024 * 1024;
const errorBytesMax = 4096;
const shownCharacters = 4096;
/** For what is still in the pipes when the first process has ended. */
const patienceMs = 300;

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    errnoOf(error);
  }
}

interface Collected {
  readonly chunks: Buffer[];
  bytes: number;
}

function collect(stream: NodeJS.ReadableStream | null, bytesMax: number): Collected {
  const collected: Collected = { chunks: [], bytes: 0 };
  stream?.on("data", (chunk: Buffer) => {
    if (collected.bytes < bytesMax) collected.chunks.push(chunk);
    collected.bytes += chunk.length;
  });
  return collected;
}

function killWithChildren(child: ChildProcess): void {
  const { pid } = child;
  if (pid === undefined) return;
  for (const victim of [...childrenOf(pid), pid]) {
    try {
      process.kill(victim, "SIGKILL");
    } catch (error) {
      errnoOf(error);
    }
  }
}

/** How it ended; what it left running may hold the pipes open, and does not count. */
function endOf(child: ChildProcess, { deadlineMs, killAfterMs }: AttackerRun): Promise<string> {
  const close = (): void => child.stdio.forEach((stream) => stream?.destroy());
  return new Promise((resolve) => {
    const timers = [
      setTimeout(() => {
        killGroup(child.pid);
        close();
        resolve("timeout");
      }, deadlineMs),
      ...(killAfterMs === undefined ? [] : [setTimeout(() => killWithChildren(child), killAfterMs)]),
    ];
    const finish = (text: string): void => {
      timers.forEach(clearTimeout);
      resolve(text);
    };
    child.once("error", (error) => finish(`could not be started: ${errnoOf(error)}`));
    child.once("exit", () => setTimeout(close, patienceMs).unref());
    child.once("close", (code, signal) => finish(signal === null ? `exited ${String(code)}` : `ended by ${signal}`));
  });
}

/** Counts attacks that have ended, as the attacker tells of them. */
class EndCounter {
  #ended = 0;
  #rest = "";
  #waiting: (() => void)[] = [];
  #isOver = false;

  constructor(child: ChildProcess, end: Promise<unknown>) {
    child.stdout?.on("data", (chunk: Buffer) => {
      const lines = (this.#rest + chunk.toString("latin1")).split("\n");
      this.#rest = lines.pop() ?? "";
      this.#ended += lines.filter((line) => line.startsWith("end ")).length;
      this.#wakeAll();
    });
    void end.then(() => {
      this.#isOver = true;
      this.#wakeAll();
    });
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Waits until so many have, or no more will. */
  async reaches(expected: number): Promise<void> {
    while (this.#ended < expected && !this.#isOver) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
  }

  #wakeAll(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

/** Tells the orders one after the other; an attacker that ends meanwhile is told no more. */
async function tellAll(child: ChildProcess, run: AttackerRun, end: Promise<unknown>): Promise<void> {
  const { orders, onDone, killAfterAttacks } = run;
  const counter = new EndCounter(child, end);
  if (killAfterAttacks !== undefined) void counter.reaches(killAfterAttacks).then(() => killWithChildren(child));
  let expected = 0;
  for (const [index, order] of orders.entries()) {
    child.stdin?.write(order);
    expected += order.split("\n").filter((line) => line.startsWith("run ")).length;
    await counter.reaches(expected);
    await onDone?.(index);
    if (counter.isOver) return;
  }
  child.stdin?.end();
}

/** Runs it; never throws for what becomes of it. */
export async function runAttacker(run: AttackerRun): Promise<AttackerEnd> {
  const started = performance.now();
  const [program = "", ...words] = run.command;
  const open = openSync(run.openFile, "r");
  const child = spawn(program, words, {
    stdio: ["pipe", "pipe", "pipe", open, "pipe"],
    cwd: run.directory,
    env: run.environment,
    detached: true,
  });
  closeSync(open);
  const output = collect(child.stdout, outputBytesMax);
  const errors = collect(child.stderr, errorBytesMax);
  // It may end before it has read everything.
  for (const stream of [child.stdin, child.stdio[4]]) stream?.on("error", () => undefined);
  const ending = endOf(child, run);
  await tellAll(child, run, ending);
  const end = await ending;
  const text = Buffer.concat(output.chunks).toString("latin1");
  return {
    ...readTranscript(text),
    output: text.slice(0, shownCharacters),
    end,
    errors: Buffer.concat(errors.chunks).toString("utf8").trim(),
    outputBytes: output.bytes,
    pid: child.pid ?? -1,
    durationMs: performance.now() - started,
  };
}
