/** The one error that cupel throws on purpose. Anything else that reaches main is a bug. */

/** Codes of {@link CupelError}; each has its exit code in `main.ts`. */
export type CupelErrorCode = "usage" | "refused" | "set-up" | "unsupported";

/** What an error may carry besides its message. */
export interface CupelErrorOptions {
  readonly cause?: unknown;
  /** What the user can do about it, one sentence or a few lines. */
  readonly hint?: string | undefined;
}

/** An expected failure: one clear sentence that names the input, what is wrong and what to do. */
export class CupelError extends Error {
  override readonly name = "CupelError";
  readonly code: CupelErrorCode;
  readonly hint: string | undefined;

  constructor(code: CupelErrorCode, message: string, options: CupelErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
  }
}
