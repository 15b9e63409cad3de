/** What probes and the runner ask of the native helpers; a port, so that tests can stand in for it. */
import type { ProgramResult } from "../host/host.ts";
import type { LauncherPlan } from "../model/plan.ts";

/** One line that the prober wrote: a step, what the call said, and a number or word where one was measured. */
export interface ProberStep {
  readonly step: string;
  /** Name of the errno, `ok` where the call succeeded. */
  readonly errno: string;
  readonly value: number;
  readonly text: string;
}

/** What one run of the prober gave. */
export type ProberResult =
  | { readonly status: "ended"; readonly steps: readonly ProberStep[]; readonly durationMs: number }
  /** Killed at its deadline; the steps until then. */
  | { readonly status: "timeout"; readonly steps: readonly ProberStep[]; readonly durationMs: number }
  /** Died before its last line: `detail` says how. */
  | { readonly status: "crashed"; readonly steps: readonly ProberStep[]; readonly detail: string };

/** What a launch that stops before the job (a rehearsal) gave. */
export type RehearsalResult =
  /** Every step worked. The inode numbers are those of /proc/self/ns/* inside. */
  | {
      readonly status: "ready";
      readonly namespaces: Readonly<Record<string, number>>;
      /** The host's root could not be left, and lies below the new one. */
      readonly isCovering?: boolean;
      readonly durationMs: number;
    }
  /** A step failed: its name, the errno's name, and the path or index it was about. */
  | { readonly status: "failed"; readonly step: string; readonly errno: string; readonly subject: string }
  | { readonly status: "timeout" }
  | { readonly status: "crashed"; readonly detail: string };

/** A directory of cupel's own, or why there is none. */
export type Place = { readonly ok: true; readonly path: string } | { readonly ok: false; readonly reason: string };

/** How an engine's program is run. */
export interface KeptProgram {
  /** After this it and everything that it started are killed, and the result is `timeout`. */
  readonly deadlineMs: number;
  readonly environment?: Readonly<Record<string, string>> | undefined;
  /** In a mount namespace where all control groups are read-only, or none is seen; only root can have one without a user namespace. */
  readonly controlGroups?: "covered" | "hidden" | undefined;
}

/** The native helpers, as probes use them. */
export interface HelperPort {
  /** Runs `prober NAME ARGUMENTS…` in a throw-away child. */
  probe(name: string, probeArguments: readonly string[], deadlineMs: number): Promise<ProberResult>;
  /** Has the real launcher carry out a plan up to, not including, the job itself. */
  rehearse(plan: LauncherPlan, deadlineMs: number): Promise<RehearsalResult>;
  /**
   * Runs somebody else's program so that none of its descendants outlives it or its deadline, in whatever session they
   * are; also where cupel itself is killed meanwhile.
   */
  keep(program: string, programArguments: readonly string[], options: KeptProgram): Promise<ProgramResult>;
  /** A root for containers with one program, `/prober`, and empty mount points; on a file system that allows execution. */
  root(): Promise<Place>;
  /**
   * A directory for one engine's files, with these in it; a name that ends in a slash is a directory. Its path has at most
   * `pathMax` characters, where that is given.
   */
  place(name: string, files: Readonly<Record<string, string>>, pathMax?: number): Promise<Place>;
  /**
   * An archive (tar) of a root for containers with `/prober` and nothing else, for engines that may not find what lies
   * here, or not execute it; there while `use` runs, and not afterwards.
   */
  withRootArchive<Result>(use: (archive: Place) => Promise<Result>): Promise<Result>;
}
