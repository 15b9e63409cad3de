/** What cupel itself writes. Loading a stream for it would take longer than starting a job. */
import { writeSync } from "node:fs";
import { errnoOf } from "../host/errno-of.ts";
import { CupelError } from "../model/error.ts";

const pauseMs = 2;

/** Waits for a slow reader: the descriptor may be non-blocking, which is its owner's choice. */
function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs);
}

let redact = (text: string): string => text;

/** From now on `change` has a say in everything that is written here: it takes secrets out. */
export function redactWith(change: (text: string) => string): void {
  redact = change;
}

/** Undefined once all of it is written, otherwise the errno of what went wrong. */
function writeAll(descriptor: number, text: string): string | undefined {
  let rest = Buffer.from(redact(text));
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest));
    } catch (error) {
      const errno = errnoOf(error);
      if (errno !== "EAGAIN") return errno;
      pause();
    }
  }
  return undefined;
}

/** Writes all of `text` to standard error. Where nobody reads it there is nobody to tell. */
export function writeErrors(text: string): void {
  writeAll(2, text);
}

/**
 * Writes all of `text` to standard output. A reader that went away (`cupel doctor | head`) has what it wanted.
 * @throws CupelError `set-up` where it cannot be written: half an answer is none.
 */
export function writeOutput(text: string): void {
  const errno = writeAll(1, text);
  if (errno === undefined || errno === "EPIPE") return;
  throw new CupelError("set-up", `standard output could not be written (${errno}); what it holds is not all`);
}

/** Control characters but the line's end, and those that reorder text: what is quoted of others must not repaint a terminal. */
// oxlint-disable-next-line no-control-regex -- finding them is the purpose
const unsafe = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** One line of cupel's own. */
export function say(message: string): void {
  writeErrors(`cupel: ${message.replace(unsafe, escaped)}\n`);
}
