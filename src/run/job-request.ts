/** What the caller asked for, as the command line says it: checked words, nothing looked up yet. */
import type { GuaranteeId, IsolationClass } from "../model/guarantee.ts";
import type { NetworkMode, SeccompProfileName } from "../model/job.ts";

/** One request for a job. */
export interface JobRequest {
  readonly command: readonly [string, ...string[]];
  /** Absent: the default, which depends on where the caller stands. */
  readonly workspace?: "ro" | "rw" | "none" | undefined;
  readonly read: readonly string[];
  readonly write: readonly string[];
  readonly tools: boolean;
  readonly network: NetworkMode;
  readonly seccomp: SeccompProfileName;
  /** `NAME=value`, or `NAME` to take the caller's. */
  readonly environment: readonly string[];
  readonly terminal: "none" | "private";
  readonly timeoutMs?: number | undefined;
  readonly graceMs?: number | undefined;
  readonly memoryBytes?: number | undefined;
  readonly cpus?: number | undefined;
  readonly pids?: number | undefined;
  readonly strategy?: string | undefined;
  readonly minimum?: IsolationClass | undefined;
  readonly require: readonly GuaranteeId[];
  readonly accept: readonly GuaranteeId[] | "all";
  readonly strict: boolean;
  readonly prefer: "fastest" | "strongest";
  /** Only what attacks on this very sandbox did not break. */
  readonly verified?: boolean | undefined;
}

/** The job that the report selects for: what `cupel run` does without a flag. */
export const defaultRequest: JobRequest = {
  command: ["/bin/true"],
  read: [],
  write: [],
  tools: false,
  network: "none",
  seccomp: "default",
  environment: [],
  terminal: "none",
  require: [],
  accept: [],
  strict: false,
  prefer: "fastest",
};
