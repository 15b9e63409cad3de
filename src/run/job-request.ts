/** What the caller asked for, as the command line and files say it: checked words, nothing looked up yet. */
import { CupelError } from "../model/error.ts";
import type { GuaranteeId, IsolationClass } from "../model/guarantee.ts";
import type { ApplyMode, NetworkMode, OutputAction, SeccompProfileName } from "../model/job.ts";
import type { Origin } from "../model/origin.ts";
import type { StatedLimits } from "./limit-fields.ts";

/** Everything that can be asked for but the command. */
export interface JobSettings extends StatedLimits {
  /** Absent: the default, which depends on where the caller stands. */
  readonly workspace?: "cow" | "ro" | "rw" | "none" | undefined;
  /** Globs of changes to a copy-on-write workspace that are not worth keeping. */
  readonly ignore: readonly string[];
  /** What is done with those changes when the job has ended. */
  readonly apply: ApplyMode;
  readonly read: readonly string[];
  readonly write: readonly string[];
  readonly tools: boolean;
  /** What of the granted paths is hidden. */
  readonly deny: readonly string[];
  /** Globs of names that are protected beside those that always are. */
  readonly protect: readonly string[];
  /** `host`, `dir:PATH`, `image:PATH`, `image:podman:NAME` or `image:docker:NAME`; absent: the host's. */
  readonly root?: string | undefined;
  /** `PATH` or `PATH:SIZE`. */
  readonly tmpfs: readonly string[];
  /** `PATH=CONTENT`. */
  readonly files: readonly string[];
  readonly network: NetworkMode;
  /** What the job may connect to; none: what `network` says. */
  readonly allowedHosts: readonly string[];
  /** Programs need to know of no proxy. */
  readonly isTransparent?: true | undefined;
  /** What runs before the command, in the same sandbox: a script for sh, or words as a list in JSON. */
  readonly setup?: string | undefined;
  /** What that may connect to. */
  readonly setupAllowedHosts: readonly string[];
  /** `8080:3000`: ports of the host's loopback, or of another address, that lead to ports of the job's. */
  readonly publish: readonly string[];
  /** `HOST: HEADER: VALUE`. */
  readonly injected: readonly string[];
  /** `NAME=SOURCE`: as files, or for the headers that name them. */
  readonly secrets: readonly string[];
  /** The same, each behind a descriptor. */
  readonly secretDescriptors: readonly string[];
  readonly masksOutput: boolean;
  readonly seccomp: SeccompProfileName;
  /** `NAME=value`, or `NAME` to take the caller's. */
  readonly environment: readonly string[];
  readonly terminal: "none" | "private";
  /** What becomes of output over its cap. */
  readonly onOutput?: OutputAction | undefined;
  readonly strategy?: string | undefined;
  readonly minimum?: IsolationClass | undefined;
  readonly require: readonly GuaranteeId[];
  readonly accept: readonly GuaranteeId[] | "all";
  readonly strict: boolean;
  readonly prefer: "fastest" | "strongest";
  /** Only what attacks on this very sandbox did not break. */
  readonly verified?: boolean | undefined;
  /** Globs of files of the workspace that are copied when the job has ended. */
  readonly artifacts: readonly string[];
  /** Where those copies go. */
  readonly artifactsTo?: string | undefined;
  readonly artifactBytes?: number | undefined;
  readonly artifactFiles?: number | undefined;
  readonly artifactsRequired?: boolean | undefined;
  /** Nothing is kept of the run. */
  readonly isUnrecorded?: boolean | undefined;
  /** How much of each of its outputs is kept with the record; absent: nothing. */
  readonly keptOutputBytes?: number | undefined;
}

/** One request for a job. */
export interface JobRequest extends JobSettings {
  readonly command: readonly [string, ...string[]];
  /** Where each value was stated; absent where it can only have been a flag. */
  readonly origins?: readonly Origin[] | undefined;
}

/** The job that the report selects for: what `cupel run` does without a flag. */
export const defaultRequest: JobRequest = {
  command: ["/bin/true"],
  ignore: [],
  apply: "never",
  artifacts: [],
  read: [],
  write: [],
  tools: false,
  deny: [],
  protect: [],
  tmpfs: [],
  files: [],
  network: "none",
  allowedHosts: [],
  setupAllowedHosts: [],
  publish: [],
  injected: [],
  secrets: [],
  secretDescriptors: [],
  masksOutput: false,
  seccomp: "default",
  environment: [],
  terminal: "none",
  require: [],
  accept: [],
  strict: false,
  prefer: "fastest",
};

/** What stands in front of the path of another root. */
export const rootKinds = ["dir:", "image:"] as const;
/** Whether it asks for anything about secrets. */
export function statesSecrets(request: JobSettings): boolean {
  const { secrets, secretDescriptors, injected } = request;
  return secrets.length + secretDescriptors.length + injected.length > 0 || request.masksOutput;
}

/** How a value was stated, for a sentence about it: `--read`, or `job.yaml:5:12: filesystem.read.allow`. */
export function statedAs({ origins = [] }: Pick<JobRequest, "origins">, flag: string, value?: string): string {
  const origin = origins.find((one) => one.flag === flag && (value === undefined || one.value === value));
  return origin?.place === undefined ? `--${flag}` : `${origin.place}: ${origin.field}`;
}

/** Whether a value was stated for this very job, and not for all that may come by (a project's file, a configuration). */
export function isOfThisJob({ origins = [] }: Pick<JobRequest, "origins">, flag: string): boolean {
  const origin = origins.find((one) => one.flag === flag);
  return origin === undefined || origin.from === "flag" || origin.from === "job file";
}

/** Of a job that says both what its network is and what it may connect to; `place` is where. */
export function twoNetworks(place: string): CupelError {
  return new CupelError(
    "usage",
    `${place} lists what the job may connect to, and its network is stated beside it; leave the mode or the list out`,
  );
}

/** Words as a command. @throws CupelError `usage` where there are none. */
export function commandOf(words: readonly string[]): JobRequest["command"] {
  const [program, ...rest] = words;
  if (program === undefined || program === "") {
    throw new CupelError("usage", "No command is given; write it behind --, or name a job file");
  }
  return [program, ...rest];
}
