/** A path as the kernel resolves it. */
import { realpathSync } from "node:fs";
import { errnoOf } from "../host/errno-of.ts";

/** The canonical path; undefined where it cannot be resolved. */
export function realPath(path: string): string | undefined {
  try {
    return realpathSync.native(path);
  } catch (error) {
    errnoOf(error);
    return undefined;
  }
}
