/** Reads a file of cupel's own in a private directory. */
import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { errnoOf } from "./errno-of.ts";

/** Reads through one descriptor, whose owner is checked: what is read is what was checked. */
export function readOwnFile(path: string, uid: number): { readonly text: string } | { readonly reason: string } {
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  } catch (error) {
    return { reason: `it cannot be read (${errnoOf(error)})` };
  }
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile() || stats.uid !== uid || (stats.mode & 0o022) !== 0)
      return { reason: "another user could have written it" };
    return { text: readFileSync(descriptor, "utf8") };
  } finally {
    closeSync(descriptor);
  }
}
