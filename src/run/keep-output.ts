/**
 * Keeps a copy of what a job writes, in the directory that becomes its record. The copy has no values of secrets: unlike
 * what is passed on it waits for nobody, so that one which comes in pieces is found however long they are apart.
 */
import { closeSync, openSync, writeSync } from "node:fs";
import { errnoOf } from "../host/errno-of.ts";
import { useWritableDirectory } from "../host/private-directory.ts";
import { CupelError } from "../model/error.ts";
import type { KeptOutput, KeptStream } from "../model/run-record.ts";
import { makePlace, removePlace, runsIn } from "./record-run.ts";
import { MaskStream } from "./secrets/mask-stream.ts";
import type { SecretForm } from "./secrets/secret-forms.ts";

/** What the copy of one stream is written by. */
export interface OutputCopy {
  push(chunk: Uint8Array): void;
  /** Nothing more comes. */
  end(): void;
}

/** One file, up to its cap; what is beyond that, or cannot be written, is counted. */
class CappedFile {
  readonly #descriptor: number;
  readonly #bytesMax: number;
  #bytes = 0;
  #cutBytes = 0;
  failure: string | undefined;

  constructor(path: string, bytesMax: number) {
    this.#descriptor = openSync(path, "wx", 0o600);
    this.#bytesMax = bytesMax;
  }

  write(bytes: Uint8Array): void {
    const isOpen = this.failure === undefined;
    const written = isOpen ? this.#writeAll(bytes.subarray(0, this.#bytesMax - this.#bytes)) : 0;
    this.#bytes += written;
    this.#cutBytes += bytes.length - written;
  }

  #writeAll(bytes: Uint8Array): number {
    let written = 0;
    try {
      while (written < bytes.length) written += writeSync(this.#descriptor, bytes, written);
    } catch (error) {
      this.failure = errnoOf(error);
    }
    return written;
  }

  close(): KeptStream {
    closeSync(this.#descriptor);
    return { bytes: this.#bytes, cutBytes: this.#cutBytes };
  }
}

/** What is kept, and of which secrets the copy is free. */
export interface OutputKeeping {
  /** Of each of the two files. */
  readonly bytesMax: number;
  readonly forms: readonly SecretForm[];
}

/** The copies of one run. */
export class OutputKeeper {
  /** The directory that they are in. */
  readonly place: string;
  readonly #forms: readonly SecretForm[];
  readonly #output: CappedFile;
  readonly #errors: CappedFile;

  /** @throws CupelError `set-up` where there is no place for it. */
  constructor(directories: readonly string[], uid: number, { bytesMax, forms }: OutputKeeping) {
    const directory = directories.find((candidate) => useWritableDirectory(candidate, uid).ok);
    if (directory === undefined) throw new CupelError("set-up", "There is no place to keep the job's output in");
    let place: string | undefined;
    try {
      this.place = place = makePlace(runsIn(directory));
      this.#output = new CappedFile(`${place}/output`, bytesMax);
      this.#errors = new CappedFile(`${place}/errors`, bytesMax);
    } catch (error) {
      if (place !== undefined) removePlace(place);
      const why = errnoOf(error);
      throw new CupelError("set-up", `The job's output cannot be kept in ${directory} (${why})`, { cause: error });
    }
    this.#forms = forms;
  }

  /** Of a job's streams in their order: standard output, standard error, and its own terminal, which is output, too. */
  copyOf(index: number): OutputCopy {
    const file = index === 1 ? this.#errors : this.#output;
    const mask = new MaskStream(this.#forms);
    return { push: (chunk) => file.write(mask.push(chunk)), end: () => file.write(mask.flush()) };
  }

  /** Why not all of it is there, where that is not its cap. */
  get failure(): string | undefined {
    return this.#output.failure ?? this.#errors.failure;
  }

  /** Nothing more is written. */
  close(): KeptOutput {
    return { output: this.#output.close(), errors: this.#errors.close() };
  }

  /** For a run that nothing is recorded of. */
  abandon(): void {
    this.close();
    removePlace(this.place);
  }
}
