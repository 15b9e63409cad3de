/** The standard streams that cupel was called with. */
import { fstatSync } from "node:fs";
import { errnoOf } from "../host/errno-of.ts";

function isOpen(descriptor: number): boolean {
  try {
    fstatSync(descriptor);
    return true;
  } catch (error) {
    errnoOf(error);
    return false;
  }
}

/** Their descriptors; -1 for one that is closed. */
export function callerStreams(): readonly [input: number, output: number, errors: number] {
  const [input, output, errors] = [0, 1, 2].map((descriptor) => (isOpen(descriptor) ? descriptor : -1));
  return [input ?? -1, output ?? -1, errors ?? -1];
}
