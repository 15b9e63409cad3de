/** The last step of an upgrade: the new executable takes the name of the old one, at once. */
import {
  chmodSync,
  chownSync,
  closeSync,
  copyFileSync,
  fsyncSync,
  linkSync,
  lstatSync,
  openSync,
  renameSync,
} from "node:fs";
import { errnoOf } from "../host/errno-of.ts";
import { CupelError } from "../model/error.ts";
import type { Installation } from "./installation.ts";

/** A name that was changed is on the disk when its directory is. */
function flushDirectory(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Gives the executable's name to `file`, which is on the same file system. @throws CupelError `refused`. */
export function placeExecutable({ executable, directory }: Installation, file: string): void {
  try {
    renameSync(file, executable);
    flushDirectory(directory);
  } catch (error) {
    throw new CupelError("refused", `${executable} could not be replaced (${errnoOf(error)})`, { cause: error });
  }
}

/** A second name for the same file; a copy where the file system knows no such thing. */
function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    errnoOf(error);
    copyFileSync(from, to);
    const { mode, uid, gid } = lstatSync(from);
    chownSync(to, uid, gid);
    chmodSync(to, mode & 0o7777);
  }
}

/** Keeps the executable as `kept`; gives what puts it back in its place. @throws CupelError `refused`. */
export function keepExecutable(installation: Installation, kept: string): () => void {
  try {
    linkOrCopy(installation.executable, kept);
  } catch (error) {
    const message = `${installation.executable} could not be kept for the time of the trial (${errnoOf(error)})`;
    throw new CupelError("refused", message, { cause: error });
  }
  return () => placeExecutable(installation, kept);
}
