/** Lines on standard output for a reader who may be slow: nothing but the next job waits for it. */
import { errnoOf } from "../host/errno-of.ts";
import { writeToReader } from "../host/write-to-reader.ts";

/** So much may wait to be read before whoever writes is asked to wait, too. */
const waitingBytesMax = 8 * 1024 * 1024;

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
      if (!this.#hasFailed) await writeToReader(this.#descriptor, bytes);
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
