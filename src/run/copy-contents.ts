/** One open file's bytes into another, without what is nothing: a file of a terabyte may lie on a few kilobytes. */
import { ftruncateSync, readSync, writeSync } from "node:fs";

const chunkBytes = 64 * 1024;
const nothing = Buffer.alloc(chunkBytes);

/** Whole, into an empty file; holes, and what is as good as one, stay holes. @throws the errno of either. */
export function copyContents(from: number, to: number): void {
  const buffer = Buffer.allocUnsafe(chunkBytes);
  let at = 0;
  for (let count = readSync(from, buffer); count > 0; count = readSync(from, buffer)) {
    if (buffer.compare(nothing, 0, count, 0, count) !== 0)
      for (let done = 0; done < count;) done += writeSync(to, buffer, done, count - done, at + done);
    at += count;
  }
  ftruncateSync(to, at);
}
