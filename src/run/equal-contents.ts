/** Whether two open files hold the same bytes, from where they are read next. */
import { readSync } from "node:fs";

const chunkBytes = 256 * 1024;

/** Reads both to their ends, or to the first difference. @throws the errno of what cannot be read. */
export function equalContents(one: number, other: number): boolean {
  const [left, right] = [Buffer.allocUnsafe(chunkBytes), Buffer.allocUnsafe(chunkBytes)];
  for (;;) {
    const [count, others] = [readSync(one, left), readSync(other, right)];
    if (count !== others || !left.subarray(0, count).equals(right.subarray(0, count))) return false;
    if (count === 0) return true;
  }
}
