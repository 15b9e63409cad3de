/** The port to the machine: everything that probes may ask of it, all under one root, so that a test can point it elsewhere. */

/** A value, or the name of the errno that stood in its way. */
export type Answer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly errno: string };

/** What lstat(2) or stat(2) said. */
export interface FileStatus {
  readonly kind: "file" | "directory" | "symlink" | "character-device" | "block-device" | "fifo" | "socket";
  /** Permission bits, set-uid and sticky included. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  readonly inode: number;
  readonly device: number;
  readonly deviceNumber: number;
}

/** What became of a program that was run under a deadline. */
export type ProgramResult =
  | {
      readonly status: "exited";
      readonly code: number | null;
      readonly signal: string | null;
      readonly stdout: string;
      readonly stderr: string;
      readonly durationMs: number;
    }
  | { readonly status: "timeout"; readonly stdout: string; readonly stderr: string; readonly durationMs: number }
  | { readonly status: "not-started"; readonly errno: string };

/** How a program is run. */
export interface ProgramOptions {
  /** After this the program's whole process group is killed and the result is `timeout`. */
  readonly deadlineMs: number;
  /** Exactly these variables; a small fixed PATH and `LC_ALL=C` when absent. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
}

/** Who asks. */
export interface Identity {
  /** Effective ids; -1 where the platform has none. */
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
}

/** Where a process stands: its current directory's path, and what that was found to be. */
export interface Standing {
  readonly directory: string;
  /** Device and inode, as stat(2) gives them: `2049:131`. */
  readonly inode: string;
}

/** The machine as one context sees it. Reads are bounded (1 MiB) and never block; none of them throws. */
export interface Host {
  readonly platform: NodeJS.Platform;
  readonly architecture: string;
  readonly identity: Identity;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Current directory, absolute; `/` where it is gone. */
  readonly directory: string;
  /** What the current directory was found to be: its path, and the device and inode behind it. A host in a file has none. */
  readonly standing?: Standing | undefined;
  readText(path: string): Answer<string>;
  /** The same without decoding: for what is no text. */
  readBytes(path: string): Answer<Uint8Array>;
  list(path: string): Answer<readonly string[]>;
  /** stat(2): follows symlinks. */
  status(path: string): Answer<FileStatus>;
  /** lstat(2): does not follow the last one. */
  linkStatus(path: string): Answer<FileStatus>;
  readLink(path: string): Answer<string>;
  /** realpath(3): follows every link on the way. */
  realPath(path: string): Answer<string>;
  /** The first executable file of this name along PATH. */
  findProgram(name: string): string | undefined;
  /** All executable files of this name along PATH, in order. */
  findPrograms(name: string): readonly string[];
  /** Runs a program in its own killed-as-a-group child. */
  run(program: string, programArguments: readonly string[], options: ProgramOptions): Promise<ProgramResult>;
}
