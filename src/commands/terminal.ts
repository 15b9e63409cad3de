/** What cupel itself says, on standard error. Loading a stream for it would take longer than starting a job. */
import { writeSync } from "node:fs";
import { errnoOf } from "../host/errno-of.ts";

const pauseMs = 2;

/** Waits for a slow reader: the descriptor may be non-blocking, which is its owner's choice. */
function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs);
}

/** Writes all of `text` to standard error. Where nobody reads it there is nobody to tell. */
export function writeErrors(text: string): void {
  let rest = Buffer.from(text);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(2, rest));
    } catch (error) {
      if (errnoOf(error) !== "EAGAIN") return;
      pause();
    }
  }
}

/** One line of cupel's own. */
export function say(message: string): void {
  writeErrors(`cupel: ${message}\n`);
}
