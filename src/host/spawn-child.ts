/**
 * Starts the launcher with pipes for its control and events, and the caller's own standard streams beside them. The one
 * place where the runtime's own spawning is used when it is there: loading node:child_process costs about 3 ms in Bun,
 * half of a whole run.
 */

import { LauncherSocket, untilReset, type StreamingRuntime } from "./launcher-socket.ts";

/** A started launcher. */
export interface LauncherChild {
  /** Writes to the launcher's control; what cannot be written any more is dropped: its end is told by `exited`. */
  send(bytes: Uint8Array): void;
  /** What the launcher writes on its events, as it comes, until it ends. */
  readonly events: AsyncIterable<Uint8Array>;
  /** All of it at once, when it has ended: what it says of one job waits in the socket. Instead of `events`. */
  readEvents(): Promise<Uint8Array>;
  /** What its tracer writes, where it has one. */
  readonly trace?: AsyncIterable<Uint8Array> | undefined;
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

interface BunRuntime extends StreamingRuntime {
  spawn(command: readonly string[], options: Readonly<Record<string, unknown>>): BunChild;
}

/** What a launcher is for: one job, with control and events on 3 and its streams on 0, 1 and 2, or many, told on 3. */
const launcherArguments = { job: ["3", "3", "0", "1", "2"], jobs: ["resident", "3"] } as const;

/** See {@link spawnLauncher}. */
export type LauncherUse = keyof typeof launcherArguments;

const channel = 3;
const traceDescriptor = 4;

/** How a launcher is started; `tracer`: words in front of it, of a program that runs it and writes on descriptor 4. */
interface LauncherCall {
  readonly file: string;
  readonly streams: CallerStreams;
  readonly use: LauncherUse;
  readonly tracer: readonly string[];
}

function wordsOf({ file, use, tracer }: LauncherCall): [string, ...string[]] {
  const [program = file, ...rest] = [...tracer, file, ...launcherArguments[use]];
  return [program, ...rest];
}

function pipesOf({ tracer }: LauncherCall): "pipe"[] {
  return tracer.length === 0 ? ["pipe"] : ["pipe", "pipe"];
}

function findBun(): BunRuntime | undefined {
  return (globalThis as { Bun?: BunRuntime }).Bun;
}

function inheritOrIgnore(descriptor: number): number | "ignore" {
  return descriptor < 0 ? "ignore" : descriptor;
}

function spawnWithBun(bun: BunRuntime, call: LauncherCall): LauncherChild {
  const child = bun.spawn(wordsOf(call), {
    stdio: [...call.streams.map(inheritOrIgnore), ...pipesOf(call)],
    env: {},
    cwd: "/",
  });
  const socket = child.stdio[channel];
  if (typeof socket !== "number") throw new TypeError("Bun gave no descriptor for the launcher's channel");
  const own = new LauncherSocket(socket);
  const trace = child.stdio[traceDescriptor];
  return {
    ...(typeof trace === "number" ? { trace: new LauncherSocket(trace).read(bun) } : {}),
    send: (bytes) => own.send(bytes),
    events: own.read(bun),
    readEvents: async () => {
      await child.exited;
      return own.readAll();
    },
    exited: child.exited,
    pid: child.pid,
    kill: () => child.kill(9),
  };
}

async function readStreamAtEnd(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function spawnWithNode(call: LauncherCall): Promise<LauncherChild> {
  const { spawn } = await import("node:child_process");
  const [program, ...words] = wordsOf(call);
  const child = spawn(program, words, {
    stdio: [...call.streams.map(inheritOrIgnore), ...pipesOf(call)],
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
  const trace = child.stdio[traceDescriptor] as unknown as import("node:net").Socket | undefined;
  return {
    ...(trace === undefined ? {} : { trace }),
    send: (bytes) => void control.write(bytes),
    events: untilReset(control),
    readEvents: () => readStreamAtEnd(untilReset(control)),
    exited: new Promise((resolve) => child.once("exit", (code) => resolve(code ?? -1))),
    // It has spawned, so it has a number.
    pid: child.pid ?? -1,
    kill: () => void child.kill("SIGKILL"),
  };
}

/**
 * Starts `file` as a launcher with an empty environment, below `tracer` where that has words.
 * @throws the runtime's error, with `code` EACCES or ENOENT, where the file cannot be executed.
 */
export async function spawnLauncher(
  file: string,
  streams: CallerStreams,
  use: LauncherUse = "job",
  tracer: readonly string[] = [],
): Promise<LauncherChild> {
  const bun = findBun();
  const call = { file, streams, use, tracer };
  return bun === undefined ? spawnWithNode(call) : spawnWithBun(bun, call);
}
