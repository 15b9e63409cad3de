/** What ends a batch before all of its jobs have ended. */
import type { BatchSlot } from "../run/batch-slot.ts";
import { say } from "./terminal.ts";

/** Exit codes of a batch whose jobs did not all end with 0. */
export const batchExitCodes = { refused: 125, someFailed: 1 } as const;

/** Signals that end a batch, and their numbers (signal(7)). */
const endingSignals = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

/** Ends the batch at a signal or when nobody reads its outcomes; gives the exit code that stands for the signal. */
export class BatchEnding {
  readonly #controller = new AbortController();
  readonly signal: AbortSignal = this.#controller.signal;
  exitCode: number | undefined;

  listen(slots: readonly BatchSlot[]): void {
    this.signal.addEventListener("abort", () => slots.forEach((slot) => slot.kill()));
    for (const [name, number] of Object.entries(endingSignals)) {
      process.once(name, () => {
        this.exitCode = 128 + number;
        this.#controller.abort(`cupel was ended by ${name}`);
      });
    }
  }

  /** A reader that went away has what it wanted, but not every job has run; anything else is a failure to tell. */
  cannotWrite(errno: string): void {
    if (errno !== "EPIPE") say(`the outcomes cannot be written to standard output any more: ${errno}`);
    this.exitCode ??= errno === "EPIPE" ? batchExitCodes.someFailed : batchExitCodes.refused;
    this.#controller.abort("nobody reads the outcomes any more");
  }
}
