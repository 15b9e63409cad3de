/** What lies in a directory that may be gone: `cupel clean`, or another cupel, may have taken it away. */
import { readdirSync } from "node:fs";
import { errnoOf } from "./errno-of.ts";

/** Names in it; none where it cannot be listed. */
export function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    errnoOf(error);
    return [];
  }
}
