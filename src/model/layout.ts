/** What a job's root has beyond every job's: another root to begin with, files and directories of its own, what is hidden. */

/** A file that the job finds in its root: text, readable and no more. */
export interface WrittenFile {
  /** Absolute, where the job sees it. */
  readonly path: string;
  readonly content: string;
}

/** A private directory, in memory, that the job may write to. */
export interface PrivateDirectory {
  /** Absolute, where the job sees it. */
  readonly path: string;
  /** Its cap; the one of every private directory where it is absent. */
  readonly sizeBytes?: number | undefined;
}

/** An entry of another root: shown as it is, a link as it is written, or a directory of cupel's with further entries in it. */
export type RootEntry =
  | { readonly kind: "shown" | "directory"; readonly path: string }
  | { readonly kind: "link"; readonly path: string; readonly target: string };

/** A directory of the host's in the place of the host's own system paths. */
export interface OtherRoot {
  /** Where on the host it lies; canonical. */
  readonly source: string;
  /** What of it is shown; what holds others comes first. Paths begin at the root. */
  readonly entries: readonly RootEntry[];
}

/** All of it. */
export interface Layout {
  readonly root?: OtherRoot | undefined;
  /** Paths in the job's root that are hidden, each in something that is shown. */
  readonly denied: readonly string[];
  /** Existing protected names in what is written through: read-only for the job. */
  readonly keptNames: readonly string[];
  /** Globs of further protected names. */
  readonly protect: readonly string[];
  readonly files: readonly WrittenFile[];
  readonly directories: readonly PrivateDirectory[];
}

/** Of a job that asks for nothing of it. */
export const plainLayout: Layout = { denied: [], keptNames: [], protect: [], files: [], directories: [] };
