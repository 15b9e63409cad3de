/**
 * Starts the launcher with pipes for its control and events, and the caller's own standard streams beside them. The one
 * place where the runtime's own spawning is used when it is there: loading node:child_process costs about 3 ms in Bun,
 * half of a whole run.
 */

import { writeSync } from "node:fs";
import { errnoOf } from "./errno-of.ts";

/** A started launcher. */
export interface LauncherChild {
  /** Writes to the launcher's control; what cannot be written any more is dropped: its end is told by `exited`. */
  send(bytes: Uint8Array): void;
  /** What the launcher writes on its events, until it ends. */
  readonly events: AsyncIterable<Uint8Array>;
  /** Exit code, or -1 where a signal ended it. */
  readonly exited: Promise<number>;
  readonly pid: number;
  kill(): void;
}

/** Descriptors of the caller that the launcher gets as the job's standard streams; -1 is none. */
export type CallerStreams = readonly [number, number, number];

interface BunChild {
  /** Where a pipe was asked for: our end of a socket pair. */
  readonly stdio: readonly (number | null)[];
  readonly exited: Promise<number>;
  readonly pid: number;
  kill(signal: number): void;
}

interface BunRuntime {
  spawn(command: readonly string[], options: Readonly<Record<string, unknown>>): BunChild;
  file(descriptor: number): { stream(): ReadableStream<Uint8Array> };
}

/** What a launcher is for: one job, with control and events on 3 and its streams on 0, 1 and 2, or many, told on 3. */
const launcherArguments = { job: ["3", "3", "0", "1", "2"], jobs: ["resident", "3"] } as const;

/** See {@link spawnLauncher}. */
export type LauncherUse = keyof typeof launcherArguments;

const channel = 3;

function findBun(): BunRuntime | undefined {
  return (globalThis as { Bun?: BunRuntime }).Bun;
}

function inheritOrIgnore(descriptor: number): number | "ignore" {
  return descriptor < 0 ? "ignore" : descriptor;
}

async function* readStream(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    yield value;
  }
}

const pauseMs = 1;

/** The socket does not block; a launcher that has ended takes no more, and how it ended is told by `exited`. */
function writeToSocket(descriptor: number, bytes: Uint8Array): void {
  let rest = bytes;
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest));
    } catch (error) {
      if (errnoOf(error) !== "EAGAIN") return;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs);
    }
  }
}

function spawnWithBun(bun: BunRuntime, file: string, streams: CallerStreams, use: LauncherUse): LauncherChild {
  const child = bun.spawn([file, ...launcherArguments[use]], {
    stdio: [...streams.map(inheritOrIgnore), "pipe"],
    env: {},
    cwd: "/",
  });
  const socket = child.stdio[channel];
  if (typeof socket !== "number") throw new TypeError("Bun gave no descriptor for the launcher's channel");
  return {
    send: (bytes) => writeToSocket(socket, bytes),
    events: readStream(bun.file(socket).stream()),
    exited: child.exited,
    pid: child.pid,
    kill: () => child.kill(9),
  };
}

async function spawnWithNode(file: string, streams: CallerStreams, use: LauncherUse): Promise<LauncherChild> {
  const { spawn } = await import("node:child_process");
  const child = spawn(file, launcherArguments[use], {
    stdio: [...streams.map(inheritOrIgnore), "pipe"],
    env: {},
    cwd: "/",
  });
  const control = child.stdio[channel] as unknown as import("node:net").Socket;
  // A launcher that has ended takes no more signals; how it ended is told by `exited`.
  control.on("error", () => undefined);
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", reject);
  });
  return {
    send: (bytes) => void control.write(bytes),
    events: control,
    exited: new Promise((resolve) => child.once("exit", (code) => resolve(code ?? -1))),
    // It has spawned, so it has a number.
    pid: child.pid ?? -1,
    kill: () => void child.kill("SIGKILL"),
  };
}

/**
 * Starts `file` as a launcher with an empty environment.
 * @throws the runtime's error, with `code` EACCES or ENOENT, where the file cannot be executed.
 */
export async function spawnLauncher(
  file: string,
  streams: CallerStreams,
  use: LauncherUse = "job",
): Promise<LauncherChild> {
  const bun = findBun();
  return bun === undefined ? spawnWithNode(file, streams, use) : spawnWithBun(bun, file, streams, use);
}
