/** Passes a job's outputs on without the values of its secrets. */
import { errnoOf } from "../../host/errno-of.ts";
import { writeToReader } from "../../host/write-to-reader.ts";
import type { OutputCopy } from "../keep-output.ts";
import { MaskStream } from "./mask-stream.ts";
import type { SecretForm } from "./secret-forms.ts";

/** After so long without output what was kept back is passed on: a prompt may end as a secret begins. */
const idleMs = 200;

/** A writer that waits its turn, so that no two pieces of one stream are mixed up. */
class Passing {
  readonly #descriptor: number;
  readonly #mask: MaskStream;
  #written: Promise<void> = Promise.resolve();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(descriptor: number, forms: readonly SecretForm[]) {
    this.#descriptor = descriptor;
    this.#mask = new MaskStream(forms);
  }

  push(chunk: Uint8Array): Promise<void> {
    clearTimeout(this.#timer);
    const done = this.#write(this.#mask.push(chunk));
    if (this.#mask.isHolding) this.#timer = setTimeout(() => this.#flushLater(), idleMs);
    return done;
  }

  end(): Promise<void> {
    clearTimeout(this.#timer);
    return this.#write(this.#mask.flush());
  }

  #write(bytes: Uint8Array): Promise<void> {
    if (this.#descriptor < 0) return this.#written;
    this.#written = this.#written.then(() => writeToReader(this.#descriptor, bytes));
    return this.#written;
  }

  /** Where it fails the next piece fails, too, and is told of. */
  #flushLater(): void {
    this.#write(this.#mask.flush()).catch(errnoOf);
  }
}

/**
 * Reads `output` to its end, and writes what it was to `descriptor` (-1: to none), and all of it to `copy`. Gives the errno
 * with which nothing more could be written: the job is told as it would be by the reader that went away.
 */
export async function passMasked(
  output: AsyncIterable<Uint8Array>,
  descriptor: number,
  forms: readonly SecretForm[],
  copy?: OutputCopy,
): Promise<string | undefined> {
  const passing = new Passing(descriptor, forms);
  try {
    for await (const chunk of output) {
      copy?.push(chunk);
      await passing.push(chunk);
    }
    await passing.end();
    return undefined;
  } catch (error) {
    return errnoOf(error);
  } finally {
    copy?.end();
  }
}
