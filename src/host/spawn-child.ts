/**
 * Starts the launcher with pipes for its control and events, and the caller's own standard streams beside them. The one
 * place where the runtime's own spawning is used when it is there: loading node:child_process costs about 3 ms in Bun,
 * half of a whole run.
 */

import { LauncherSocket, readSocket, readStream, untilReset, type StreamingRuntime } from "./launcher-socket.ts";

/** A started launcher. */
export interface LauncherChild {
  /** Writes to the launcher's control; what cannot be written any more is dropped: its end is told by `exited`. */
  send(bytes: Uint8Array): void;
  /** What the launcher writes on its events, as it comes, until it ends. */
  readonly events: AsyncIterable<Uint8Array>;
  /** All of it at once, when it has ended: what it says of one job waits in the socket. Instead of `events`. */
  readEvents(): Promise<Uint8Array>;
  /** What comes out of the streams that are `pipe`: standard output, error, and the job's own terminal. */
  readonly outputs: readonly (AsyncIterable<Uint8Array> | undefined)[];
  /** What its tracer writes, where it has one. */
  readonly trace?: AsyncIterable<Uint8Array> | undefined;
  /** Exit code, or -1 where a signal ended it. */
  readonly exited: Promise<number>;
  readonly pid: number;
  kill(): void;
}

/** A descriptor of the caller's; -1 is none. `pipe`: what the job writes comes to us, to be read. */
type OutputStream = number | "pipe";

/**
 * What the launcher gets as the job's standard streams; and `pipe` where what the job writes on a terminal of its own is to
 * come to us as well, and not to go to the caller's.
 */
export type CallerStreams = readonly [number, OutputStream, OutputStream, "pipe"?];

interface BunChild {
  /** Where a pipe was asked for: our end of a socket pair. */
  readonly stdio: readonly (number | null)[];
  readonly stdout?: ReadableStream<Uint8Array> | null;
  readonly stderr?: ReadableStream<Uint8Array> | null;
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

/** Where the launcher passes on what the job writes on a terminal of its own, if we are to read it. */
function terminalDescriptor({ streams, tracer }: LauncherCall): number | undefined {
  if (streams[3] === undefined) return undefined;
  return tracer.length === 0 ? traceDescriptor : traceDescriptor + 1;
}

function wordsOf(call: LauncherCall): [string, ...string[]] {
  const { file, use, tracer } = call;
  const terminal = terminalDescriptor(call);
  const own = [file, ...launcherArguments[use], ...(terminal === undefined ? [] : [String(terminal)])];
  const [program = file, ...rest] = [...tracer, ...own];
  return [program, ...rest];
}

/** By number: the caller's streams, the channel, and what else is read. */
function stdioOf({ streams: [input, output, errors, terminal], tracer }: LauncherCall): (OutputStream | "ignore")[] {
  const trace = tracer.length === 0 ? [] : (["pipe"] as const);
  return [
    ...[input, output, errors].map(inheritOrIgnore),
    "pipe",
    ...trace,
    ...(terminal === undefined ? [] : [terminal]),
  ];
}

function findBun(): BunRuntime | undefined {
  return (globalThis as { Bun?: BunRuntime }).Bun;
}

function inheritOrIgnore(stream: OutputStream): OutputStream | "ignore" {
  return typeof stream === "number" && stream < 0 ? "ignore" : stream;
}

function spawnWithBun(bun: BunRuntime, call: LauncherCall): LauncherChild {
  const child = bun.spawn(wordsOf(call), {
    stdio: stdioOf(call),
    env: {},
    cwd: "/",
  });
  const socket = child.stdio[channel];
  if (typeof socket !== "number") throw new TypeError("Bun gave no descriptor for the launcher's channel");
  const own = new LauncherSocket(socket);
  const read = (descriptor: number | null | undefined): AsyncIterable<Uint8Array> | undefined =>
    typeof descriptor === "number" ? readSocket(bun, descriptor) : undefined;
  const outputs = [child.stdout, child.stderr].map((stream, index) =>
    call.streams[index + 1] === "pipe" && stream instanceof ReadableStream ? readStream(stream) : undefined,
  );
  return {
    outputs: [...outputs, read(child.stdio[terminalDescriptor(call) ?? -1])],
    trace: call.tracer.length === 0 ? undefined : read(child.stdio[traceDescriptor]),
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
    stdio: stdioOf(call),
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
  const read = (descriptor: number): AsyncIterable<Uint8Array> | undefined =>
    (child.stdio[descriptor] as AsyncIterable<Uint8Array> | null | undefined) ?? undefined;
  const output = (index: 1 | 2): AsyncIterable<Uint8Array> | undefined =>
    call.streams[index] === "pipe" ? read(index) : undefined;
  return {
    outputs: [output(1), output(2), read(terminalDescriptor(call) ?? -1)],
    trace: call.tracer.length === 0 ? undefined : read(traceDescriptor),
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
