/** A file that was not there before: whole, or not at all. */
import { closeSync, fsyncSync, openSync, writeFileSync } from "node:fs";
import { errnoOf } from "./errno-of.ts";
import { removeIfThere } from "./replace-file.ts";

/** Gives the errno where it could not be written: EEXIST where there is anything at `path`, also a link to nowhere. */
export function writeNewFile(path: string, text: string): string | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(path, "wx", 0o644);
  } catch (error) {
    return errnoOf(error);
  }
  try {
    writeFileSync(descriptor, text);
    fsyncSync(descriptor);
    return undefined;
  } catch (error) {
    removeIfThere(path);
    return errnoOf(error);
  } finally {
    closeSync(descriptor);
  }
}
