/** Removing a tree that a job made: with names that are no text, directories that nobody may enter, and paths too long to say. */
import {
  chmodSync,
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  renameSync,
  rmdirSync,
  unlinkSync,
} from "node:fs";
import { errnoOf } from "../host/errno-of.ts";
import { pathOnly } from "./open-directory.ts";
import { newId } from "./run-id.ts";

/** Each level holds a descriptor, of which there are 1024 where nobody says otherwise: deeper directories are moved up first. */
const levelsMax = 64;

/** What is left of a job may change a tree for the milliseconds that it still has; whoever goes on for longer is told. */
const retriesMax = 200;

/** What says that somebody was quicker: it is looked at anew. */
const changedMeanwhile: readonly string[] = ["ENOENT", "ENOTDIR", "ELOOP", "ENOTEMPTY", "EACCES"];

/** One name behind a directory, as bytes: a name need not be text. */
export function joinBytes(directory: Buffer, name: Buffer): Buffer {
  return Buffer.concat([directory, Buffer.from("/"), name]);
}

/** False where it is a directory: EISDIR (unlink(2)), or what Deno says, which tries rmdir(2) by itself. */
function unlinks(path: Buffer): boolean {
  try {
    unlinkSync(path);
    return true;
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === "ENOENT") return true;
    if (errno === "EISDIR" || errno === "ENOTEMPTY") return false;
    throw error;
  }
}

/** False where there is something in it. What is mounted there says so before anything in it is touched: EBUSY. */
function isEmptied(path: Buffer): boolean {
  try {
    rmdirSync(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === "ENOTEMPTY") return false;
    throw error;
  }
}

/** By descriptors: a path that is gone through twice can be another one the second time. */
class TreeRemoval {
  #top = "";
  #moved: Buffer[] = [];
  #retries = 0;

  remove(path: Buffer, level = 0): void {
    // What cannot even be unlinked is for the directory above to look at anew: it may have lost its rights.
    while (!unlinks(path)) {
      try {
        return this.#removeDirectory(path, level);
      } catch (error) {
        if (!changedMeanwhile.includes(errnoOf(error)) || this.#retries++ >= retriesMax) throw error;
      }
    }
  }

  #removeDirectory(path: Buffer, level: number): void {
    if (isEmptied(path)) return;
    const directory = openSync(path, pathOnly | constants.O_DIRECTORY | constants.O_NOFOLLOW);
    try {
      const place = `/proc/self/fd/${directory}`;
      // A job may have taken every right from its own directory; it is ours to give. To move one changes it, too ("..").
      if ((fstatSync(directory).mode & 0o700) !== 0o700) chmodSync(place, 0o700);
      if (level > levelsMax) return this.#moveUp(path);
      this.#empty(place, level);
    } finally {
      closeSync(directory);
    }
    rmdirSync(path);
  }

  #moveUp(path: Buffer): void {
    const nearer = Buffer.from(`${this.#top}/.cupel-moved-${newId()}`);
    renameSync(path, nearer);
    this.#moved.push(nearer);
  }

  #empty(place: string, level: number): void {
    if (level === 0) [this.#top, this.#moved] = [place, []];
    const names = readdirSync(place, { encoding: "buffer" });
    for (const name of names) this.remove(joinBytes(Buffer.from(place), name), level + 1);
    // Those that are moved up while one of them is removed are among them.
    if (level === 0) for (const moved of this.#moved) this.remove(moved, 1);
  }
}

/**
 * Removes `path` and all below it, following nothing, whoever else changes it meanwhile; only above it nobody may. Gives why
 * it could not be done: ENOTEMPTY where somebody goes on to fill it, EBUSY where something is mounted below.
 */
export function removeTree(path: string): string | undefined {
  try {
    new TreeRemoval().remove(Buffer.from(path));
    return undefined;
  } catch (error) {
    return `${path}: ${errnoOf(error)}`;
  }
}
