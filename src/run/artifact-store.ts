/**
 * Where copies of artifacts go: a directory that was opened before the job had its say, and in it no symlink is followed. Each
 * file appears whole or not at all.
 */
import { createHash } from "node:crypto";
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  statSync,
  writeSync,
  type BigIntStats,
} from "node:fs";
import { errnoOf } from "../host/errno-of.ts";
import { removeIfThere } from "../host/replace-file.ts";
import { CupelError } from "../model/error.ts";
import type { Artifact } from "../model/artifact.ts";
import { parentOf, WorkspaceTree } from "./workspace-tree.ts";

const chunkBytes = 256 * 1024;

/** Never set-user-ID, set-group-ID or sticky. */
const modeBits = 0o777;

/** A file was changed while it was copied. */
export class ChangedMeanwhile extends Error {}

/** A copy cannot be put where it belongs. */
export class Unwritable extends Error {
  readonly errno: string;

  constructor(cause: unknown) {
    super("the copy cannot be written", { cause });
    this.errno = errnoOf(cause);
  }
}

function writing<Result>(act: () => Result): Result {
  try {
    return act();
  } catch (error) {
    throw new Unwritable(error);
  }
}

/** Copies exactly as many bytes as the file had when it was looked at; gives their hash. */
function copyHashed(from: number, to: number, bytes: number): string {
  const hash = createHash("sha256");
  const buffer = Buffer.allocUnsafe(chunkBytes);
  for (let rest = bytes; rest > 0;) {
    const count = readSync(from, buffer, 0, Math.min(rest, chunkBytes), null);
    if (count === 0) throw new ChangedMeanwhile();
    hash.update(buffer.subarray(0, count));
    writing(() => {
      for (let done = 0; done < count;) done += writeSync(to, buffer, done, count - done);
    });
    rest -= count;
  }
  return hash.digest("hex");
}

function isSame(one: BigIntStats, other: BigIntStats): boolean {
  return one.size === other.size && one.mtimeNs === other.mtimeNs && one.ctimeNs === other.ctimeNs;
}

/** The open directory. */
export class ArtifactStore {
  readonly #tree: WorkspaceTree;
  readonly #own: { readonly dev: bigint; readonly ino: bigint };
  #count = 0;

  /** Makes it where it is missing. @throws CupelError `usage` where it cannot be written to. */
  constructor(directory: string) {
    try {
      mkdirSync(directory, { recursive: true });
      this.#tree = new WorkspaceTree(directory);
      this.#own = statSync(this.#tree.directory(""), { bigint: true });
      this.#tryToWrite();
    } catch (error) {
      const message = `--artifacts ${JSON.stringify(directory)} cannot be written to (${errnoOf(error)}); name a directory of yours`;
      throw new CupelError("usage", message, { cause: error });
    }
  }

  #tryToWrite(): void {
    const temporary = this.#temporary("");
    closeSync(openSync(temporary, "wx", 0o600));
    removeIfThere(temporary);
  }

  /** Whether that is the store itself: it may lie in the workspace. */
  isItself({ dev, ino }: BigIntStats): boolean {
    return dev === this.#own.dev && ino === this.#own.ino;
  }

  #temporary(directory: string): string {
    return `${this.#tree.directory(directory)}/.cupel-artifact-${process.pid}-${this.#count++}`;
  }

  #makeDirectories(path: string): void {
    const names = path === "" ? [] : path.split("/");
    for (const index of names.keys()) {
      try {
        mkdirSync(this.#tree.entry(names.slice(0, index + 1).join("/")));
      } catch (error) {
        // What is there and is no directory is told of when it is entered.
        if (errnoOf(error) !== "EEXIST") throw error;
      }
    }
  }

  /**
   * Copies an open file, and replaces what has its name in the store.
   * @throws ChangedMeanwhile, Unwritable, and the errno of a file that cannot be read.
   */
  put(path: string, source: number): Artifact {
    const before = fstatSync(source, { bigint: true });
    const bytes = Number(before.size);
    writing(() => this.#makeDirectories(parentOf(path)));
    const temporary = writing(() => this.#temporary(parentOf(path)));
    const target = writing(() => openSync(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600));
    try {
      const sha256 = copyHashed(source, target, bytes);
      if (!isSame(before, fstatSync(source, { bigint: true }))) throw new ChangedMeanwhile();
      writing(() => {
        fchmodSync(target, Number(before.mode) & modeBits);
        renameSync(temporary, this.#tree.entry(path));
      });
      return { path, bytes, sha256 };
    } finally {
      closeSync(target);
      removeIfThere(temporary);
    }
  }

  close(): void {
    this.#tree.close();
  }
}
