/** Artifacts: files of a job's workspace that the caller gets a copy of when the job has ended. */

/** What is wanted. */
export interface ArtifactWish {
  /** Globs of paths in the workspace, as in a .gitignore. */
  readonly globs: readonly string[];
  /** Where the copies go; absolute. */
  readonly directory: string;
  readonly bytesMax: number;
  readonly filesMax: number;
  /** A glob that nothing was collected for makes cupel fail. */
  readonly isRequired: boolean;
}

/** What is collected at most unless told. */
export const artifactCaps = { bytes: 1024 ** 3, files: 10_000 } as const;

/** Why a file that matches was not collected. */
export const artifactRefusals = [
  "symlink",
  /** The job could not see it (`--deny`), or saw a private directory in its place (`--tmpfs`). */
  "denied",
  /** A device, FIFO or socket. */
  "special",
  /** Its name is no valid UTF-8. */
  "name",
  /** It, or the directory, cannot be read, or the job could not have. */
  "unreadable",
  "too-many-bytes",
  "too-many-files",
  /** It was changed while it was copied. */
  "changed",
  /** There is no writing it where it belongs. */
  "unwritable",
] as const;

/** One of {@link artifactRefusals}. */
export type ArtifactRefusal = (typeof artifactRefusals)[number];

/** One that was collected. */
export interface Artifact {
  /** Relative to the workspace, and to where the copies are. */
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** One that was not. */
export interface RefusedArtifact {
  readonly path: string;
  readonly reason: ArtifactRefusal;
  /** In the kernel's words (errno(3)). */
  readonly errno?: string | undefined;
}

/** What became of it all. */
export interface ArtifactsOutcome {
  readonly directory: string;
  readonly files: readonly Artifact[];
  /** The first hundred. */
  readonly refused: readonly RefusedArtifact[];
  readonly refusedCount: number;
  /** Globs that nothing was collected for. */
  readonly missing: readonly string[];
}
