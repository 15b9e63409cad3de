/** Whether there is anything at a path. */
import { lstatSync } from "node:fs";
import { errnoOf } from "./errno-of.ts";

/** A symlink that leads nowhere is something; in a directory that may not be searched there is nothing of ours. */
export function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    errnoOf(error);
    return false;
  }
}
