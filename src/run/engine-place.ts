/** The directory that an engine has for one launch: all that it makes and keeps lies in it, and goes with it. */
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { errnoOf } from "../host/errno-of.ts";
import { CupelError } from "../model/error.ts";
import type { ArchiveEntry } from "../launch/image-archive.ts";

/** What is written into it. */
interface Contents {
  readonly directories: readonly string[];
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  /** What is in its `root`. */
  readonly root: readonly ArchiveEntry[];
}

/** Whatever the umask: what the job is, and who makes its container, are not always the caller. */
function writeFile(path: string, content: string | Uint8Array, mode: number): void {
  writeFileSync(path, content, { flag: "wx" });
  chmodSync(path, mode);
}

function makeDirectory(path: string, mode: number): void {
  mkdirSync(path);
  chmodSync(path, mode);
}

function makeEntry(root: string, entry: ArchiveEntry): void {
  const path = `${root}${entry.path}`;
  if (entry.kind === "directory") mkdirSync(path);
  if (entry.kind === "file") writeFile(path, entry.content, entry.mode ?? 0o444);
  if (entry.kind === "link") symlinkSync(entry.target, path);
}

function fill(place: string, { directories, files, root }: Contents): void {
  for (const name of directories) makeDirectory(`${place}/${name}`, 0o755);
  for (const [name, content] of Object.entries(files)) writeFile(`${place}/${name}`, content, 0o444);
  for (const entry of root) makeEntry(`${place}/root`, entry);
  // Only once all is in it: a directory may be one that nobody writes to.
  for (const entry of root.toReversed())
    if (entry.kind === "directory") chmodSync(`${place}/root${entry.path}`, entry.mode);
}

/** More than an engine writes for one container. */
const roomBytes = 1024 * 1024;

/** What had none later would be told as a failure of the engine's. */
function checkRoom(place: string): void {
  writeFileSync(`${place}/room`, Buffer.alloc(roomBytes));
  rmSync(`${place}/room`);
}

/**
 * Writes what the call needs into its place. A container of root's is made by somebody else in part, who has to get
 * through: the place lies in a directory where nobody else does.
 * @throws CupelError `set-up` where it cannot be written.
 */
export function fillEnginePlace(place: string, contents: Contents): void {
  try {
    fill(place, contents);
    checkRoom(place);
    chmodSync(place, 0o711);
  } catch (error) {
    throw new CupelError("set-up", `No place for the engine's own files (${place}): ${errnoOf(error)}`, {
      cause: error,
    });
  }
}
