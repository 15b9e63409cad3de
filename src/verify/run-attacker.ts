/** Runs the attacker once, as the last words of a command line: bare, or behind whatever makes a sandbox around it. */
import { spawn } from "node:child_process";
import { openSync, closeSync } from "node:fs";
import { errnoOf } from "../host/errno-of.ts";
import { readTranscript, type AttackTranscript } from "./attack-record.ts";

/** One run. */
export interface AttackerRun {
  /** What stands in front of the attacker; none: without a sandbox. */
  readonly prefix: readonly string[];
  readonly program: string;
  readonly directory: string;
  /** Of the caller; the sandbox decides what of it arrives. */
  readonly environment: Readonly<Record<string, string>>;
  /** A file with a token that the caller has open, as descriptor 3 and up. */
  readonly openFile: string;
  readonly orders: string;
  readonly deadlineMs: number;
}

/** What it gave. */
export interface AttackerEnd extends AttackTranscript {
  /** `exited 0`, `timeout`, …: for what went wrong before the attacker's first line. */
  readonly end: string;
  readonly errors: string;
  readonly durationMs: number;
}

/** An attack on output writes more than anybody wants to keep. */
const outputBytesMax = 16 * 1024 * 1024;
const errorBytesMax = 4096;

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    errnoOf(error);
  }
}

/** Runs it; never throws for what becomes of it. */
export async function runAttacker(run: AttackerRun): Promise<AttackerEnd> {
  const started = performance.now();
  const [command = run.program, ...words] = [...run.prefix, run.program];
  const open = openSync(run.openFile, "r");
  const child = spawn(command, words, {
    stdio: ["pipe", "pipe", "pipe", open],
    cwd: run.directory,
    env: run.environment,
    detached: true,
  });
  closeSync(open);
  const output: Buffer[] = [];
  const errors: Buffer[] = [];
  const collect = (chunks: Buffer[], bytesMax: number) => {
    let bytes = 0;
    return (chunk: Buffer): void => {
      if (bytes < bytesMax) chunks.push(chunk);
      bytes += chunk.length;
    };
  };
  const [, stdout, stderr] = child.stdio;
  stdout?.on("data", collect(output, outputBytesMax));
  stderr?.on("data", collect(errors, errorBytesMax));
  // It may end before it has read everything.
  child.stdin?.on("error", () => undefined);
  child.stdin?.end(run.orders);
  const end = await new Promise<string>((resolve) => {
    const timer = setTimeout(() => {
      killGroup(child.pid);
      stdout?.destroy();
      stderr?.destroy();
      resolve("timeout");
    }, run.deadlineMs);
    const finish = (text: string): void => {
      clearTimeout(timer);
      resolve(text);
    };
    child.once("error", (error) => finish(`could not be started: ${errnoOf(error)}`));
    // What the attack left running holds the pipes open: then the end of the first process is the end.
    child.once("exit", () => setTimeout(() => (stdout?.destroy(), stderr?.destroy()), 300).unref());
    child.once("close", (code, signal) => finish(signal === null ? `exited ${String(code)}` : `ended by ${signal}`));
  });
  return {
    ...readTranscript(Buffer.concat(output).toString("latin1")),
    end,
    errors: Buffer.concat(errors).toString("utf8").trim(),
    durationMs: performance.now() - started,
  };
}
