/** Files in directories of cupel's own, put in place whole or not at all. */
import { chmodSync, closeSync, fsyncSync, openSync, renameSync, unlinkSync, writeFileSync } from "node:fs";
import { errnoOf } from "./errno-of.ts";

/** Removes a file, if it is there and may be removed. */
export function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    errnoOf(error);
  }
}

/**
 * Written beside and renamed, so that two that write at once both end with a whole file. Gives why it could not be done.
 * `isSynced`: the content is on the disk before the name is, as what is trusted later must be.
 */
export function replaceFile(
  path: string,
  content: string | Uint8Array,
  { mode, isSynced }: { readonly mode: number; readonly isSynced: boolean },
): string | undefined {
  const temporary = `${path}.${process.pid}`;
  // A killed cupel may have left one: in a container the first process of every run can have the same number.
  removeIfThere(temporary);
  try {
    const descriptor = openSync(temporary, "wx", mode);
    try {
      writeFileSync(descriptor, content);
      if (isSynced) fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    // Whatever the umask.
    chmodSync(temporary, mode);
    renameSync(temporary, path);
    return undefined;
  } catch (error) {
    removeIfThere(temporary);
    return `${path}: ${errnoOf(error)}`;
  }
}
