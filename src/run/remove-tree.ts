/** Removing a tree that a job made: with names that are no text, directories that nobody may enter, and paths too long to say. */
import { chmodSync, lstatSync, readdirSync, renameSync, rmdirSync, unlinkSync } from "node:fs";
import { errnoOf } from "../host/errno-of.ts";

/** Half of what a path may have (PATH_MAX, limits.h): deeper directories are moved up first. */
const pathBytesMax = 2048;

/** One name behind a directory, as bytes: a name need not be text. */
export function joinBytes(directory: Buffer, name: Buffer): Buffer {
  return Buffer.concat([directory, Buffer.from("/"), name]);
}

class TreeRemoval {
  readonly #root: Buffer;
  #moved = 0;

  constructor(root: string) {
    this.#root = Buffer.from(root);
  }

  run(): void {
    this.#remove(this.#root);
  }

  #remove(path: Buffer): void {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats === undefined) return;
    if (!stats.isDirectory()) return unlinkSync(path);
    // A job may have taken every right from its own directory; it is ours to give.
    if ((stats.mode & 0o700) !== 0o700) chmodSync(path, 0o700);
    for (const name of readdirSync(path, { encoding: "buffer" })) this.#removeIn(path, name);
    rmdirSync(path);
  }

  #removeIn(directory: Buffer, name: Buffer): void {
    const path = joinBytes(directory, name);
    if (path.length <= pathBytesMax) return this.#remove(path);
    const nearer = joinBytes(this.#root, Buffer.from(`.cupel-moved-${this.#moved++}`));
    // To move a directory is to change its "..".
    if (lstatSync(path).isDirectory()) chmodSync(path, 0o700);
    renameSync(path, nearer);
    this.#remove(nearer);
  }
}

/** Bytes in regular files at `path` and below, as far as they can be looked at. */
export function treeBytes(path: string): number {
  const sizeOf = (at: Buffer): number => {
    try {
      const stats = lstatSync(at);
      if (!stats.isDirectory()) return stats.isFile() ? stats.size : 0;
      return readdirSync(at, { encoding: "buffer" }).reduce((sum, name) => sum + sizeOf(joinBytes(at, name)), 0);
    } catch (error) {
      errnoOf(error);
      return 0;
    }
  };
  return sizeOf(Buffer.from(path));
}

/**
 * Removes `path` and all below it, following nothing. Nobody else may be changing it. Gives why it could not be done.
 * What is mounted below stops it (EBUSY).
 */
export function removeTree(path: string): string | undefined {
  try {
    new TreeRemoval(path).run();
    return undefined;
  } catch (error) {
    return `${path}: ${errnoOf(error)}`;
  }
}
