/** How the root of a job is built, step by step. */

/**
 * One step of building the root. Destinations are absolute paths in the new root; parents are made as needed, only on
 * file systems that the launcher itself mounted.
 */
export type RootStep =
  /** The host's entry as it is: a symlink is copied, a file or directory is bound read-only, an absent one skipped. */
  | { readonly step: "mirror"; readonly path: string }
  | {
      readonly step: "bind";
      readonly source: string;
      readonly destination: string;
      readonly writable: boolean;
      /** Called by root: show the source's owner as the job's user, through an idmapped mount. */
      readonly mapOwner: "no" | "if-possible" | "must";
      /** An absent source is skipped. */
      readonly optional: boolean;
    }
  /** A directory of the host with a layer of the job's own above it, where changes go; it must exist. */
  | {
      readonly step: "overlay";
      readonly source: string;
      readonly destination: string;
      readonly mapOwner: "no" | "must";
      /** The layer lies in memory while the job runs, has this size, and is copied to its place then. */
      readonly sizeBytes?: number | undefined;
      /** How many files and directories it may then hold. */
      readonly filesMax?: number | undefined;
      /** Lays the layer where the kernel would not: the path of fuse-overlayfs. Such a layer has no size. */
      readonly program?: string | undefined;
    }
  /** A copy of a directory of the host's, made for the job before it starts; to be changed. */
  | { readonly step: "copy"; readonly source: string; readonly destination: string }
  | {
      readonly step: "tmpfs";
      readonly destination: string;
      readonly mode: number;
      readonly sizeBytes: number;
      /** How many files and directories it may hold; the kernel's own cap where it is absent. */
      readonly filesMax?: number | undefined;
      /** Owned by the job's user (otherwise by whoever builds the root). */
      readonly owned: boolean;
      readonly writable: boolean;
      /** Never written to swap space, where the kernel can promise that. */
      readonly keepsOffSwap?: true | undefined;
    }
  | { readonly step: "directory"; readonly destination: string; readonly mode: number }
  | { readonly step: "file"; readonly destination: string; readonly content: string }
  /** A file of the job's user alone, whose content is given when the plan is carried out: see {@link givenNames}. */
  | { readonly step: "given"; readonly destination: string; readonly content: string }
  | { readonly step: "symlink"; readonly destination: string; readonly target: string }
  /** A fresh procfs of the job's own PID namespace. */
  | { readonly step: "proc"; readonly destination: string }
  /** Makes a path of the new root read-only, in its own mount; an absent one is skipped. */
  | { readonly step: "read-only"; readonly destination: string }
  /** Hides a file behind /dev/null, or a directory behind an empty read-only tmpfs; an absent one is skipped. */
  | { readonly step: "mask"; readonly destination: string }
  /** A minimal /dev: null, zero, full, random, urandom, tty, pts, shm and the usual links. */
  | {
      readonly step: "devices";
      readonly destination: string;
      readonly shmBytes: number;
      readonly shmFilesMax?: number | undefined;
    };
