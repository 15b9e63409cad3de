/** Our end of the socket that a launcher is told and tells by, and of the one that its tracer writes to. */
import { closeSync, readSync, writeSync } from "node:fs";
import { errnoOf } from "./errno-of.ts";

/** As much of Bun as reading a descriptor takes. */
export interface StreamingRuntime {
  file(descriptor: number): { stream(): ReadableStream<Uint8Array> };
}

/** What a stream of the runtime's gives. Whoever stops reading closes it. */
export async function* readStream(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
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
export class LauncherSocket {
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
  async *read(bun: StreamingRuntime): AsyncGenerator<Uint8Array> {
    yield* untilReset(readStream(bun.file(this.#descriptor).stream()));
    this.#close();
  }
}

/** A launcher that was killed with something unread in its channel resets it: an end like any other. */
export async function* untilReset(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
  } catch (error) {
    if (errnoOf(error) !== "ECONNRESET") throw error;
  }
}

/** Everything that comes over a socket of ours that nothing is sent to; closed then. */
export async function* readSocket(bun: StreamingRuntime, descriptor: number): AsyncGenerator<Uint8Array> {
  try {
    yield* untilReset(readStream(bun.file(descriptor).stream()));
  } finally {
    closeSync(descriptor);
  }
}
