/**
 * Single changes to the host's workspace. Each file appears whole or not at all: it is written beside its place and renamed,
 * or linked where nothing may be there yet.
 */
import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmdirSync,
  statSync,
  symlinkSync,
  unlinkSync,
} from "node:fs";
import { errnoOf } from "../host/errno-of.ts";
import { removeIfThere } from "../host/replace-file.ts";
import type { Change } from "../model/layer.ts";
import { isSameEntry, readTarget } from "./change-refusals.ts";
import { equalContents } from "./equal-contents.ts";
import { hostEntryOf, kindOf, permissionsOf } from "./layer-entries.ts";
import { PlacedFiles, writeFile, type Owner } from "./placed-files.ts";
import { removeUnfinished, unfinishedName } from "./unfinished-files.ts";
import { openDirectory } from "./open-directory.ts";
import { WorkspaceTree } from "./workspace-tree.ts";

const fileBits = 0o777;
/** Directories may have the sticky bit; a set-group-ID bit comes from the directory that holds them. */
const directoryBits = 0o1777;

/** Replaces nothing. Where a file system has no links, the moment between looking and renaming is left. */
function putNew(temporary: string, entry: string): void {
  try {
    linkSync(temporary, entry);
  } catch (error) {
    const isWithoutLinks = ["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"].includes(errnoOf(error));
    if (!isWithoutLinks || lstatSync(entry, { throwIfNoEntry: false }) !== undefined) throw error;
    renameSync(temporary, entry);
  }
}

/** A kept layer and the workspace that it is applied to, both open. */
export class Application {
  readonly #layer: WorkspaceTree;
  readonly #host: WorkspaceTree;
  readonly #placed: PlacedFiles;
  readonly #tidied = new Set<string>();
  #count = 0;

  constructor(directory: string, workspace: string) {
    this.#layer = new WorkspaceTree(`${directory}/upper`);
    this.#host = new WorkspaceTree(openDirectory(workspace));
    this.#placed = new PlacedFiles(workspace);
  }

  get host(): WorkspaceTree {
    return this.#host;
  }

  close(): void {
    this.#layer.close();
    this.#host.close();
    this.#placed.close();
  }

  /** Of what a job made: a regular file, or nothing. */
  #openLayerFile(path: string): number {
    const entry = this.#layer.entry(path);
    const isFile = lstatSync(entry).isFile();
    // The job may have taken the right to read it from everyone; it is ours to give.
    if (isFile && (lstatSync(entry).mode & 0o400) === 0) chmodSync(entry, 0o600);
    const descriptor = openSync(entry, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    if (fstatSync(descriptor).isFile()) return descriptor;
    closeSync(descriptor);
    throw Object.assign(new Error("not a file"), { code: "EINVAL" });
  }

  /** Whether the host has already what the change would make: applied before, and cut short. */
  isDone(change: Change): boolean {
    const { path, kind, mode, target } = change;
    const entry = this.#host.entry(path);
    const stats = lstatSync(entry, { bigint: true, throwIfNoEntry: false });
    if (change.change === "deleted") return stats === undefined;
    if (stats === undefined || kindOf(stats) !== kind) return false;
    if (kind === "symlink") return readTarget(entry) === target;
    const bits = kind === "file" ? fileBits : directoryBits;
    if ((permissionsOf(stats) & bits) !== (mode & bits)) return false;
    return kind === "directory" || change.change === "mode-changed" || this.#isEqualFile(entry, path);
  }

  #isEqualFile(entry: string, path: string): boolean {
    const descriptors: number[] = [];
    try {
      descriptors.push(openSync(entry, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK));
      descriptors.push(this.#openLayerFile(path));
      const [one = -1, other = -1] = descriptors;
      return fstatSync(one).size === fstatSync(other).size && equalContents(one, other);
    } catch (error) {
      errnoOf(error);
      return false;
    } finally {
      for (const descriptor of descriptors) closeSync(descriptor);
    }
  }

  /** Root gives what it makes to whom the directory belongs, or to whom the file belonged. */
  #ownerFor(parent: string, entry?: string): Owner | undefined {
    if (process.getuid?.() !== 0) return undefined;
    const replaced = entry === undefined ? undefined : lstatSync(entry, { throwIfNoEntry: false });
    const { uid, gid } = replaced ?? statSync(parent);
    return { uid, gid };
  }

  #parentOf(path: string): string {
    return this.#host.directory(path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "");
  }

  /** Just before it is replaced or removed: it is still what it was. */
  #mustBeAsBefore(entry: string, { before }: Change): void {
    const stats = lstatSync(entry, { bigint: true, throwIfNoEntry: false });
    if (stats !== undefined && before !== undefined && isSameEntry(hostEntryOf(stats), before)) return;
    throw Object.assign(new Error("changed meanwhile"), { code: "ESTALE" });
  }

  #temporary(parent: string): string {
    if (!this.#tidied.has(parent)) removeUnfinished(parent);
    this.#tidied.add(parent);
    return `${parent}/${unfinishedName(this.#count++)}`;
  }

  makeDirectory(change: Change): void {
    const parent = this.#parentOf(change.path);
    const entry = this.#host.entry(change.path);
    if (change.change === "type-changed") {
      this.#mustBeAsBefore(entry, change);
      unlinkSync(entry);
    }
    mkdirSync(entry, { mode: 0o700 });
    const owner = this.#ownerFor(parent);
    if (owner !== undefined) chownSync(entry, owner.uid, owner.gid);
  }

  placeFile(change: Change): void {
    const source = this.#openLayerFile(change.path);
    const parent = this.#parentOf(change.path);
    const entry = this.#host.entry(change.path);
    const temporary = this.#temporary(parent);
    try {
      if (!this.#placed.link(source, temporary))
        writeFile(source, temporary, { mode: change.mode & fileBits, owner: this.#ownerFor(parent, entry) });
      this.#put(temporary, entry, change);
      this.#placed.note(source, entry, change.path);
    } finally {
      closeSync(source);
      removeIfThere(temporary);
    }
  }

  /** A new name is linked, which replaces nothing; what is there is replaced by a rename. */
  #put(temporary: string, entry: string, change: Change): void {
    if (change.before === undefined || change.before.kind === "directory") {
      putNew(temporary, entry);
    } else {
      this.#mustBeAsBefore(entry, change);
      renameSync(temporary, entry);
    }
  }

  placeLink(change: Change): void {
    const parent = this.#parentOf(change.path);
    const entry = this.#host.entry(change.path);
    const owner = this.#ownerFor(parent, entry);
    const isNew = change.before === undefined || change.before.kind === "directory";
    const made = isNew ? entry : this.#temporary(parent);
    symlinkSync(change.target ?? "", made);
    if (owner !== undefined) lchownSync(made, owner.uid, owner.gid);
    if (isNew) return;
    try {
      this.#mustBeAsBefore(entry, change);
      renameSync(made, entry);
    } finally {
      removeIfThere(made);
    }
  }

  remove(change: Change): void {
    const entry = this.#host.entry(change.path);
    this.#mustBeAsBefore(entry, change);
    // A directory that is not empty holds what the job did not see, and stays (ENOTEMPTY).
    if (change.before?.kind !== "directory") return unlinkSync(entry);
    rmdirSync(entry);
    this.#host.forget();
  }

  /** By descriptor: a symlink that is there by now is not followed. */
  setMode({ path, mode, kind }: Change): void {
    const descriptor = openSync(
      this.#host.entry(path),
      constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY,
    );
    try {
      const inherited = kind === "directory" ? fstatSync(descriptor).mode & 0o2000 : 0;
      fchmodSync(descriptor, (mode & (kind === "file" ? fileBits : directoryBits)) | inherited);
    } finally {
      closeSync(descriptor);
    }
  }
}
