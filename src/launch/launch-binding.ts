/** What is settled only when a plan is carried out. */
import type { Standing } from "../host/host.ts";
import type { StepBinding } from "./encode-root-step.ts";
import type { MakerCall } from "./maker-call.ts";
import type { SeccompArchitecture } from "./system-call-numbers.ts";

/** What the plan leaves open until it is carried out. */
export interface LaunchBinding extends StepBinding {
  /** The job's ids outside: the caller's, or fresh ones. */
  readonly outside: { readonly uid: number; readonly gid: number };
  /** The directory that a confined job has for its own; absent for a plan without one. */
  readonly scratch?: string | undefined;
  /** Directories of control groups that the job joins. */
  readonly controlGroups: readonly string[];
  /** Everything but the job. */
  readonly rehearsal: boolean;
  readonly architecture: SeccompArchitecture;
  /** The Unix socket where the proxy of a plan that has one waits, to be unlinked by the launcher; absent for a rehearsal, which has none. */
  readonly proxy?: string | undefined;
  /** Where the caller stands: that very directory is shown at its path, or nothing is. A rehearsal needs none. */
  readonly pinned?: Standing | undefined;
  /** Of this very launch, for a kernel of the job's own: in the host's network namespace two must not have the same. */
  readonly name?: string | undefined;
  /** How the program of a plan that has a maker is called. */
  readonly maker?: MakerCall | undefined;
  /** For a resident launcher: the plan is the shape of many jobs, and `controlGroups` are the places that hold theirs. */
  readonly resident?: ResidentBinding | undefined;
}

/** What a resident launcher is told beside the plan. */
export interface ResidentBinding {
  /** See {@link sharesRoot}. */
  readonly sharesRoot: boolean;
  /** How much of each of a job's two outputs is passed on; the rest is read and counted. */
  readonly captureBytesMax: number;
}
