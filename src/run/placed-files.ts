/** Files of a layer on their way into the workspace: their bytes, permissions and times, and those that have several names. */
import { closeSync, fchmodSync, fchownSync, fstatSync, futimesSync, linkSync, lstatSync, openSync } from "node:fs";
import { copyContents } from "./copy-contents.ts";
import { openDirectory } from "./open-directory.ts";
import { WorkspaceTree } from "./workspace-tree.ts";

/** Whose a file is to be. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** What a file is to have. */
export interface FileParts {
  readonly mode: number;
  readonly owner: Owner | undefined;
}

/** Writes an open file's copy to a path where there is nothing yet. @throws the errno of what fails. */
export function writeFile(source: number, path: string, { mode, owner }: FileParts): void {
  const target = openSync(path, "wx", 0o600);
  try {
    copyContents(source, target);
    if (owner !== undefined) fchownSync(target, owner.uid, owner.gid);
    fchmodSync(target, mode);
    const { atime, mtime } = fstatSync(source);
    futimesSync(target, atime, mtime);
  } finally {
    closeSync(target);
  }
}

/** Where a file was placed, and which it is there. */
interface Placed {
  readonly path: string;
  readonly device: bigint;
  readonly inode: bigint;
}

/** Files that have several names in the layer, and where the first of these was placed. */
export class PlacedFiles {
  readonly #placed = new Map<bigint, Placed>();
  /** The workspace once more: two of its directories are needed at once. */
  readonly #host: WorkspaceTree;

  constructor(workspace: string) {
    this.#host = new WorkspaceTree(openDirectory(workspace));
  }

  close(): void {
    this.#host.close();
  }

  /** Makes `path` a further name of what was placed before, while that is still there; false where there is none. */
  link(source: number, path: string): boolean {
    const placed = this.#placed.get(fstatSync(source, { bigint: true }).ino);
    if (placed === undefined) return false;
    this.#host.forget();
    const entry = this.#host.entry(placed.path);
    const stats = lstatSync(entry, { bigint: true, throwIfNoEntry: false });
    if (stats?.ino !== placed.inode || stats.dev !== placed.device) return false;
    linkSync(entry, path);
    return true;
  }

  /** It was placed, as `entry`, at this path of the workspace. */
  note(source: number, entry: string, path: string): void {
    const { ino, nlink } = fstatSync(source, { bigint: true });
    if (nlink === 1n || this.#placed.has(ino)) return;
    const stats = lstatSync(entry, { bigint: true });
    this.#placed.set(ino, { path, device: stats.dev, inode: stats.ino });
  }
}
