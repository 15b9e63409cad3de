/** What is measured: one way to run a job. */

/** How the driver runs it. */
export type Work =
  | {
      readonly kind: "spawn";
      readonly command: readonly string[];
      /** Files that the command finds open, by number. */
      readonly opens?: Readonly<Record<number, string>>;
      /** Words that start the driver in other surroundings; what they cost is not measured. */
      readonly within?: readonly string[];
    }
  /** cupel's launcher, fed this file through its channel. */
  | { readonly kind: "launcher"; readonly launcher: string; readonly instruction: string }
  /** The bare C loop. */
  | {
      readonly kind: "bare";
      readonly namespaces: number;
      readonly hasMounts: boolean;
      readonly command: readonly string[];
    };

/** A job's words. Its program is there at the same path in every sandbox of the bench. */
export type JobCommand = readonly [string, ...string[]];

/** A contestant that can be asked to run something. */
export interface Contestant {
  readonly name: string;
  /** What it sets up, in a few words. */
  readonly what: string;
  /** Of a peer, as it gives it itself. */
  readonly version?: string;
  /** Whether the job's own exit code is passed on: what is no sandbox but a yardstick runs no job. */
  readonly runsJobs: boolean;
  work(job: JobCommand): Work;
}

/** One that is not there or cannot run here, with the reason that it gave itself. */
export interface Missing {
  readonly name: string;
  readonly reason: string;
}

/** What is tried. */
export type Candidate = Contestant | Missing;

/** A name to choose by; the rest is found out only for what is chosen. */
export interface Entry {
  readonly name: string;
  prepare(): Candidate;
}

/** Whether it is one that cannot run here. */
export function isMissing(candidate: Candidate): candidate is Missing {
  return "reason" in candidate;
}

/** The jobs: the same program for all, dynamically linked as most are. */
export const jobs = {
  succeed: ["/bin/true"],
  fail: ["/bin/false"],
} as const satisfies Record<string, JobCommand>;
