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
} from "node:fs";
import { errnoOf } from "../host/errno-of.ts";
import type { Standing } from "../host/host.ts";
import { CupelError } from "../model/error.ts";
import type { LayerOwner } from "./layer-place.ts";
import { openDirectory } from "./open-directory.ts";
import { joinBytes } from "./remove-tree.ts";
import { replacedWorkspace, saysReplaced } from "./replaced-workspace.ts";

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

/** An open directory, and how it is called. Its entries are reached through it: a path may lead elsewhere by now. */
class OpenDirectory {
  readonly #descriptor: number;
  readonly path: Buffer;

  constructor(descriptor: number, path: Buffer) {
    this.#descriptor = descriptor;
    this.path = path;
  }

  names(): Buffer[] {
    return readdirSync(this.#place(), { encoding: "buffer" });
  }

  entry(name: Buffer): Buffer {
    return joinBytes(Buffer.from(this.#place()), name);
  }

  /** Does it with the directory of that name, which is closed afterwards. */
  within(name: Buffer, act: (directory: OpenDirectory) => void): void {
    const path = joinBytes(this.path, name);
    const flags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
    const directory = new OpenDirectory(
      attempting(path, () => openSync(this.entry(name), flags)),
      path,
    );
    try {
      act(directory);
    } finally {
      directory.close();
    }
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  /** A magic link of /proc (proc_pid_fd(5)). */
  #place(): string {
    return `/proc/self/fd/${this.#descriptor}`;
  }
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
  measure(directory: OpenDirectory): void {
    for (const name of directory.names()) {
      const stats = lstatSync(directory.entry(name), { throwIfNoEntry: false });
      this.#files += 1;
      this.#bytes += stats?.isFile() === true ? stats.size : 0;
      if (this.#files > copyMax.files || this.#bytes > copyMax.bytes) throw tooLarge(this.#source);
      if (stats?.isDirectory() === true) directory.within(name, (inner) => this.measure(inner));
    }
  }

  copy(from: OpenDirectory, to: Buffer): void {
    for (const name of from.names()) {
      const path = joinBytes(from.path, name);
      attempting(path, () => this.#copyEntry(from, name, joinBytes(to, name)));
    }
  }

  #copyEntry(from: OpenDirectory, name: Buffer, target: Buffer): void {
    const source = from.entry(name);
    const stats = lstatSync(source, { throwIfNoEntry: false });
    if (stats?.isDirectory() === true) {
      mkdirSync(target, { mode: 0o700 });
      from.within(name, (inner) => this.copy(inner, target));
      this.#finish(target, stats.mode);
    } else if (stats?.isSymbolicLink() === true) {
      symlinkSync(readlinkSync(source, { encoding: "buffer" }), target);
      if (this.#owner !== undefined) lchownSync(target, this.#owner.uid, this.#owner.gid);
    } else if (stats?.isFile() === true) {
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

/** @throws CupelError `refused` that tells of `path`, for what the file system refuses. */
function attempting<Result>(path: Buffer, act: () => Result): Result {
  try {
    return act();
  } catch (error) {
    throw error instanceof CupelError ? error : cannotCopy(path, errnoOf(error));
  }
}

/** Opened before it is copied, so that what is copied is the file that was looked at. */
function copyContent(source: Buffer, target: Buffer): void {
  const descriptor = openSync(source, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    if (!fstatSync(descriptor).isFile()) return;
    copyFileSync(`/proc/self/fd/${descriptor}`, target, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  } finally {
    closeSync(descriptor);
  }
}

/** Of the open directory, not of its path: what that leads to may be another one again by now. */
function isPinned(descriptor: number, source: string, pinned: Standing | undefined): boolean {
  if (source !== pinned?.directory) return true;
  const { dev, ino } = fstatSync(descriptor, { bigint: true });
  return `${dev}:${ino}` === pinned.inode;
}

function openSource(source: string, pinned: Standing | undefined): OpenDirectory {
  const path = Buffer.from(source);
  try {
    const descriptor = openDirectory(source);
    if (isPinned(descriptor, source, pinned)) return new OpenDirectory(descriptor, path);
    closeSync(descriptor);
    throw replacedWorkspace(source);
  } catch (error) {
    if (error instanceof CupelError) throw error;
    const errno = errnoOf(error);
    throw saysReplaced(errno) ? replacedWorkspace(source) : cannotCopy(path, errno);
  }
}

/**
 * Copies what is in `source` to the directory `target`, which is there: files, directories and symlinks, with their
 * permissions, for `owner`. Nothing is followed on the way to `source` or in it, whoever changes it meanwhile; where it
 * is where the caller stands, it is `pinned`.
 * @throws CupelError `refused` for a tree that is larger than {@link copyMax} or cannot be read, `usage` where another
 * thing stands in its place.
 */
export function copyTree(source: string, target: string, owner: LayerOwner | undefined, pinned?: Standing): void {
  const copy = new TreeCopy(source, owner);
  const from = openSource(source, pinned);
  try {
    attempting(from.path, () => copy.measure(from));
    copy.copy(from, Buffer.from(target));
  } finally {
    from.close();
  }
}
