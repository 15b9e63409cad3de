/** How much there is in a tree that a job made. */
import { lstatSync, readdirSync } from "node:fs";
import { errnoOf } from "../host/errno-of.ts";
import { joinBytes } from "./remove-tree.ts";

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
