/** How jobs end, and what shows that they ended so. */
import type { Evidence } from "./capability.ts";

/** How jobs end. Which of them a job's end is called is decided by what was seen, see {@link Cause}. */
export const outcomeStatuses = [
  /** The job exited with 0. */
  "ok",
  /** It exited with another code, and no cap was seen to be the reason. */
  "nonzero",
  /** A signal ended it, of its own or of anybody's. */
  "signalled",
  "timeout-wall",
  "timeout-cpu",
  "timeout-idle",
  "out-of-memory",
  /** It failed, and the kernel had refused it a process over its cap. */
  "limit-pids",
  /** It failed, and a file system of its own had no room left. */
  "limit-disk",
  /** It was ended for writing more than it may. */
  "limit-output",
  /** The filter on system calls ended it. */
  "denied-syscall",
  /** It did not start, or cupel failed around it. */
  "setup-failed",
  /** No strategy keeps what was demanded. */
  "refused",
  /** The caller ended it by a signal. */
  "cancelled",
] as const;

/** One of {@link outcomeStatuses}. */
export type OutcomeStatus = (typeof outcomeStatuses)[number];

/** What the end came of, where the status does not say it all: `setup-failed` has several. */
export const causeCodes = [
  "exit",
  "signal",
  "wall-time",
  "cpu-time",
  "no-output",
  "memory",
  "forks-refused",
  "file-system-full",
  "output-size",
  "system-call",
  "caller",
  "demands",
  "program-not-found",
  "program-not-executable",
  "set-up",
  "output-lost",
  "changes-lost",
  "artifacts-missing",
  "first-process-lost",
  "launcher-lost",
] as const;

/** One of {@link causeCodes}. */
export type CauseCode = (typeof causeCodes)[number];

/** Why a job ended as it did. */
export interface Cause {
  readonly code: CauseCode;
  /** One line, about the job: "it exited with 3". */
  readonly summary: string;
  /** What shows that it is this one. */
  readonly evidence: readonly Evidence[];
}

/** How a job ended. */
export interface Ending {
  readonly status: OutcomeStatus;
  readonly cause: Cause;
  /** It is the set-up command that ended so, and the job's own was not started. */
  readonly inSetup?: true | undefined;
  /** The job's own exit code, where it exited. */
  readonly code?: number | undefined;
  /** The signal that ended it. */
  readonly signal?: { readonly name: string; readonly number: number } | undefined;
}
