/** What lies at a path of the host's, without following a link there. */
import { lstatSync, type Stats } from "node:fs";
import { errnoOf } from "../host/errno-of.ts";

/** Kinds of files that make a difference to whoever mounts something over them. */
export type FoundKind = "directory" | "file" | "link" | "none";

/** See {@link lookUpHere}. */
export type LookUp = (path: string) => FoundKind;

function statusAt(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch (error) {
    errnoOf(error);
    return undefined;
  }
}

/** What lies there; what cannot be looked at is none. */
export function lookUpHere(path: string): FoundKind {
  const status = statusAt(path);
  if (status === undefined) return "none";
  if (status.isSymbolicLink()) return "link";
  return status.isDirectory() ? "directory" : "file";
}
