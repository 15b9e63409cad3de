/** Lines on standard output for a reader who may be slow: nothing but the next job waits for it. */
import { write } from "node:fs";
import { errnoOf } from "../host/errno-of.ts";

/** So much may wait to be read before whoever writes is asked to wait, too. */
const waitingBytesMax = 8 * 1024 * 1024;

const pauseMs = 2;

/** As much as is taken now; 0 where the descriptor does not block and is full. @throws the errno of any other failure. */
function writeSome(descriptor: number, bytes: Uint8Array): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  write(descriptor, bytes, (error, written) => {
    if (error === null) resolve(written);
    else if (error.code === "EAGAIN") setTimeout(() => resolve(0), pauseMs);
    else reject(error);
  });
  return promise;
}

/** Writes lines in their order, each whole. */
export class OutcomeWriter {
  readonly #descriptor: number;
  readonly #onFailure: (errno: string) => void;
  #written: Promise<void> = Promise.resolve();
  #waitingBytes = 0;
  #hasFailed = false;

  /** `onFailure` is told once why nothing more can be written; what is given from then on is dropped. */
  constructor(descriptor: number, onFailure: (errno: string) => void) {
    this.#descriptor = descriptor;
    this.#onFailure = onFailure;
  }

  /** Takes a line; done when there is room for another, seldom when it is written. */
  async write(line: string): Promise<void> {
    const bytes = Buffer.from(`${line}\n`);
    this.#waitingBytes += bytes.length;
    this.#written = this.#written.then(() => this.#writeAll(bytes));
    if (this.#waitingBytes > waitingBytesMax) await this.#written;
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    try {
      for (let rest = bytes; rest.length > 0 && !this.#hasFailed;)
        rest = rest.subarray(await writeSome(this.#descriptor, rest));
    } catch (error) {
      this.#hasFailed = true;
      this.#onFailure(errnoOf(error));
    }
    this.#waitingBytes -= bytes.length;
  }

  /** Done when all of it is written, or can never be. */
  async finish(): Promise<void> {
    await this.#written;
  }
}
