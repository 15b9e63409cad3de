/**
 * Starts the launcher with pipes for its control and events, and the caller's own standard streams beside them. The one
 * place where the runtime's own spawning is used when it is there: loading node:child_process costs about 3 ms in Bun,
 * half of a whole run.
 */

import { closeSync, readSync, writeSync } from "node:fs";
import { errnoOf } from "./errno-of.ts";

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

interface BunRuntime {
  spawn(command: readonly string[], options: Readonly<Record<string, unknown>>): BunChild;
  file(descriptor: number): { stream(): ReadableStream<Uint8Array> };
}

/** What a launcher is for: one job, with control and events on 3 and its streams on 0, 1 and 2, or many, told on 3. */
const launcherArguments = { job: ["3", "3", "0", "1", "2"], jobs: ["resident", "3"] } as const;

/** See {@link spawnLauncher}. */
export type LauncherUse = keyof typeof launcherArguments;

const channel = 3;
const terminalChannel = 4;

function wordsFor(use: LauncherUse, streams: CallerStreams): string[] {
  return [...launcherArguments[use], ...(streams[3] === undefined ? [] : [String(terminalChannel)])];
}

/** By the launcher's numbers: its channel is among them. */
function stdioFor([input, output, errors, terminal]: CallerStreams): (OutputStream | "ignore")[] {
  return [...[input, output, errors].map(inheritOrIgnore), "pipe", ...(terminal === undefined ? [] : [terminal])];
}

function findBun(): BunRuntime | undefined {
  return (globalThis as { Bun?: BunRuntime }).Bun;
}

function inheritOrIgnore(stream: OutputStream): OutputStream | "ignore" {
  return typeof stream === "number" && stream < 0 ? "ignore" : stream;
}

/** Whoever stops reading closes it. */
async function* readStream(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel();
  }
}

const pauseMs = 1;

/** As much as the socket takes now; undefined where its other end is gone. */
function writeSome(descriptor: number, bytes: Uint8Array): number | undefined {
  try {
    return writeSync(descriptor, bytes);
  } catch (error) {
    return errnoOf(error) === "EAGAIN" ? 0 : undefined;
  }
}

const chunkBytes = 16_384;

/** What is there to be read now: the socket does not block. */
function readChunk(descriptor: number): Uint8Array {
  const chunk = new Uint8Array(chunkBytes);
  try {
    return chunk.subarray(0, readSync(descriptor, chunk));
  } catch (error) {
    errnoOf(error);
    return chunk.subarray(0, 0);
  }
}

/**
 * Our end of a socket that does not block. What does not fit into it yet waits, and nothing waits for that: the launcher
 * may itself wait for us to read. One that has ended takes no more, and how it ended is told by `exited`.
 */
class LauncherSocket {
  readonly #descriptor: number;
  #waiting: Uint8Array[] = [];
  #isClosed = false;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  send(bytes: Uint8Array): void {
    if (this.#isClosed) return;
    this.#waiting.push(bytes);
    if (this.#waiting.length === 1) this.#flush();
  }

  #flush(): void {
    for (let [first] = this.#waiting; first !== undefined; [first] = this.#waiting) {
      const written = writeSome(this.#descriptor, first);
      if (written === undefined) {
        this.#waiting = [];
      } else if (written < first.length) {
        this.#waiting[0] = first.subarray(written);
        setTimeout(() => this.#flush(), pauseMs);
        return;
      } else {
        this.#waiting.shift();
      }
    }
  }

  /** What waits in it now. A stream of Bun's would take a thread to read with. Closed then. */
  readAll(): Uint8Array {
    const chunks: Uint8Array[] = [];
    for (let chunk = readChunk(this.#descriptor); chunk.length > 0; chunk = readChunk(this.#descriptor)) {
      chunks.push(chunk);
    }
    this.#close();
    return Buffer.concat(chunks);
  }

  #close(): void {
    this.#isClosed = true;
    this.#waiting = [];
    closeSync(this.#descriptor);
  }

  /** Everything that comes; closed then, for the runtime leaves that to whoever asked for the descriptor. */
  async *read(bun: BunRuntime): AsyncGenerator<Uint8Array> {
    yield* untilReset(readStream(bun.file(this.#descriptor).stream()));
    this.#close();
  }
}

/** Everything that comes over a socket of ours that nothing is sent to; closed then. */
async function* readSocket(bun: BunRuntime, descriptor: number): AsyncGenerator<Uint8Array> {
  try {
    yield* untilReset(readStream(bun.file(descriptor).stream()));
  } finally {
    closeSync(descriptor);
  }
}

/** A launcher that was killed with something unread in its channel resets it: an end like any other. */
async function* untilReset(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
  } catch (error) {
    if (errnoOf(error) !== "ECONNRESET") throw error;
  }
}

function spawnWithBun(bun: BunRuntime, file: string, streams: CallerStreams, use: LauncherUse): LauncherChild {
  const child = bun.spawn([file, ...wordsFor(use, streams)], {
    stdio: stdioFor(streams),
    env: {},
    cwd: "/",
  });
  const socket = child.stdio[channel];
  if (typeof socket !== "number") throw new TypeError("Bun gave no descriptor for the launcher's channel");
  const own = new LauncherSocket(socket);
  const terminal = child.stdio[terminalChannel];
  const outputs = [child.stdout, child.stderr].map((stream, index) =>
    streams[index + 1] === "pipe" && stream instanceof ReadableStream ? readStream(stream) : undefined,
  );
  return {
    outputs: [...outputs, typeof terminal === "number" ? readSocket(bun, terminal) : undefined],
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

async function spawnWithNode(file: string, streams: CallerStreams, use: LauncherUse): Promise<LauncherChild> {
  const { spawn } = await import("node:child_process");
  const child = spawn(file, wordsFor(use, streams), {
    stdio: stdioFor(streams),
    env: {},
    cwd: "/",
  });
  const control = child.stdio[channel] as unknown as import("node:net").Socket;
  const output = (index: 1 | 2 | 4): AsyncIterable<Uint8Array> | undefined =>
    streams[index === terminalChannel ? 3 : index] === "pipe"
      ? ((child.stdio[index] as AsyncIterable<Uint8Array> | null) ?? undefined)
      : undefined;
  // A launcher that has ended takes no more signals; how it ended is told by `exited`.
  control.on("error", () => undefined);
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", reject);
  });
  return {
    outputs: [output(1), output(2), output(terminalChannel)],
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
