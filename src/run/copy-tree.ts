/** A copy of a directory for one job, by references to the same blocks where the file system has them. */
import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  copyFileSync,
  fstatSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  symlinkSync,
  type Stats,
} from "node:fs";
import { errnoOf } from "../host/errno-of.ts";
import { CupelError } from "../model/error.ts";
import type { LayerOwner } from "./layer-place.ts";
import { joinBytes } from "./remove-tree.ts";

/** What is copied at most: beyond, waiting for it is worse than being told. */
export const copyMax = { files: 100_000, bytes: 1024 ** 3 } as const;

function tooLarge(path: string): CupelError {
  return new CupelError(
    "refused",
    `${path} cannot be overlaid here, and is too large to copy for a job: more than ${copyMax.files} files, or 1 GiB`,
    { hint: "Run it with --workspace ro, or with --workspace rw to have the job change your files." },
  );
}

function cannotCopy(path: Buffer, errno: string): CupelError {
  return new CupelError(
    "refused",
    `${path.toString()} cannot be copied for a job (${errno}), and overlays do not work here`,
    { hint: "Run it with --workspace ro, or with --workspace rw to have the job change your files." },
  );
}

class TreeCopy {
  readonly #owner: LayerOwner | undefined;
  readonly #source: string;
  #files = 0;
  #bytes = 0;

  constructor(source: string, owner: LayerOwner | undefined) {
    this.#source = source;
    this.#owner = owner;
  }

  /** Counts first: a refusal after a minute of copying helps nobody. */
  measure(directory: Buffer): void {
    for (const name of readdirSync(directory, { encoding: "buffer" })) {
      const path = joinBytes(directory, name);
      const stats = lstatSync(path, { throwIfNoEntry: false });
      this.#files += 1;
      this.#bytes += stats?.isFile() === true ? stats.size : 0;
      if (this.#files > copyMax.files || this.#bytes > copyMax.bytes) throw tooLarge(this.#source);
      if (stats?.isDirectory() === true) this.measure(path);
    }
  }

  copy(from: Buffer, to: Buffer): void {
    for (const name of readdirSync(from, { encoding: "buffer" })) {
      const [source, target] = [joinBytes(from, name), joinBytes(to, name)];
      const stats = lstatSync(source, { throwIfNoEntry: false });
      if (stats !== undefined) this.#copyEntry(source, target, stats);
    }
  }

  #copyEntry(source: Buffer, target: Buffer, stats: Stats): void {
    if (stats.isDirectory()) {
      mkdirSync(target, { mode: 0o700 });
      this.copy(source, target);
      this.#finish(target, stats.mode);
    } else if (stats.isSymbolicLink()) {
      symlinkSync(readlinkSync(source, { encoding: "buffer" }), target);
      if (this.#owner !== undefined) lchownSync(target, this.#owner.uid, this.#owner.gid);
    } else if (stats.isFile()) {
      copyContent(source, target);
      this.#finish(target, stats.mode);
    }
    // Devices, sockets and FIFOs are nothing that a job could be given a copy of.
  }

  /** The owner first: to change it takes set-id bits away, which a copy is not to have in any case. */
  #finish(target: Buffer, mode: number): void {
    if (this.#owner !== undefined) chownSync(target, this.#owner.uid, this.#owner.gid);
    chmodSync(target, mode & 0o777);
  }
}

/** Opened before it is copied, so that what is copied is the file that was looked at. */
function copyContent(source: Buffer, target: Buffer): void {
  let descriptor: number;
  try {
    descriptor = openSync(source, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    throw cannotCopy(source, errnoOf(error));
  }
  try {
    if (!fstatSync(descriptor).isFile()) return;
    copyFileSync(`/proc/self/fd/${descriptor}`, target, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Copies what is in `source` to the directory `target`, which is there: files, directories and symlinks, with their
 * permissions, for `owner`. @throws CupelError `refused` for a tree that is larger than {@link copyMax} or cannot be read.
 */
export function copyTree(source: string, target: string, owner: LayerOwner | undefined): void {
  const copy = new TreeCopy(source, owner);
  const from = Buffer.from(source);
  try {
    copy.measure(from);
    copy.copy(from, Buffer.from(target));
  } catch (error) {
    if (error instanceof CupelError) throw error;
    const path = error instanceof Error && "path" in error ? String(error.path) : source;
    throw cannotCopy(Buffer.from(path), errnoOf(error));
  }
}
