/**
 * The native helpers as files that can be executed. They travel inside cupel; a copy that root installed beside it, or
 * a private one written once, is held against the original each time, byte for byte, through the very descriptor that
 * is then executed.
 */
import { closeSync, existsSync, fstatSync, openSync, readSync } from "node:fs";
import { checkPrivateDirectory, usePrivateDirectory } from "../host/private-directory.ts";
import { errnoOf } from "../host/errno-of.ts";
import { namesIn } from "../host/names-in.ts";
import { removeIfThere, replaceFile } from "../host/replace-file.ts";
import { CupelError } from "../model/error.ts";
import { helpers } from "./helpers.gen.ts";

/** Names of the helpers. */
export type HelperName = "launcher" | "prober" | "courier" | "attacker" | "victim" | "bwrap";

/** A helper, open and equal to the original. */
export interface HelperFile {
  /** What to execute: the open descriptor, by way of /proc. */
  readonly path: string;
  /** Where the copy lies, for binding it into a sandbox. */
  readonly storedAt: string;
  close(): void;
}

/** What this build holds. Those that are no run's business come by way of {@link addHelpers}. */
const known: Record<string, (typeof helpers)[string]> = { ...helpers };

/** Makes further helpers known, for whoever needs them. */
export function addHelpers(more: typeof helpers): void {
  Object.assign(known, more);
}

/** A helper as this build holds it. @throws CupelError `unsupported` where it holds none. */
export function originalHelper(name: HelperName): { readonly bytes: Buffer; readonly sha256: string } {
  const helper = known[name];
  if (helper === undefined) {
    throw new CupelError(
      "unsupported",
      `This build of cupel holds no ${name} for ${process.platform} ${process.arch}`,
      {
        hint: "Build it with a C compiler: ./scripts/cupel does that in a checkout.",
      },
    );
  }
  return { bytes: Buffer.from(helper.base64(), "base64"), sha256: helper.sha256 };
}

function readAll(descriptor: number, sizeBytes: number): Buffer {
  const bytes = Buffer.allocUnsafe(sizeBytes);
  for (let done = 0; done < sizeBytes;) {
    const count = readSync(descriptor, bytes, done, sizeBytes - done, done);
    if (count === 0) return bytes.subarray(0, done);
    done += count;
  }
  return bytes;
}

function openIfEqual(path: string, bytes: Buffer): number | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(path, "r");
  } catch (error) {
    errnoOf(error);
    return undefined;
  }
  if (fstatSync(descriptor).size === bytes.length && readAll(descriptor, bytes.length).equals(bytes)) return descriptor;
  closeSync(descriptor);
  return undefined;
}

/** Copies that other versions of cupel left; they write theirs again if they are run again. */
function removeOtherVersions(directory: string, name: HelperName, current: string): void {
  const names = namesIn(directory).filter((entry) => /^[a-z]+-[0-9a-f]{16}$/.test(entry));
  for (const entry of names) {
    if (entry.startsWith(`${name}-`) && entry !== current) removeIfThere(`${directory}/${entry}`);
  }
}

/** node:path takes longer to load than all of this file. */
function parentOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf("/"), 0));
}

/**
 * Where an installation keeps the helpers: `lib/cupel` next to the `bin` that the executable is in. A path of root's
 * never changes, so that a rule of the host's (an AppArmor profile) can be about it.
 */
export const installedDirectory: string = `${parentOf(parentOf(process.execPath))}/lib/cupel`;

/** The installed copy, where it is this version's and nobody but root can change it or put another in its place. */
function openInstalled(directory: string, name: HelperName): HelperFile | undefined {
  if (!checkPrivateDirectory(directory, 0).ok) return undefined;
  const storedAt = `${directory}/${name}`;
  const descriptor = openIfEqual(storedAt, originalHelper(name).bytes);
  if (descriptor === undefined) return undefined;
  const { uid, mode } = fstatSync(descriptor);
  if (uid === 0 && (mode & 0o022) === 0) return offer(descriptor, storedAt);
  closeSync(descriptor);
  return undefined;
}

function offer(open: number, storedAt: string): HelperFile {
  // By our own number, not "self": the child's descriptors are already rearranged when it executes this.
  const descriptorPath = `/proc/${process.pid}/fd/${open}`;
  // Without /proc there is only the name, in a directory that nobody else can write.
  return { path: existsSync(descriptorPath) ? descriptorPath : storedAt, storedAt, close: () => closeSync(open) };
}

/** `cupel clean` may take a directory or a copy away at any moment; then both are made again. */
const openTries = 20;

function openIn(directory: string, uid: number, name: HelperName): HelperFile | string {
  let found = tryToOpenIn(directory, uid, name);
  for (let tries = 1; tries < openTries && typeof found === "string" && isGone(found); tries++)
    found = tryToOpenIn(directory, uid, name);
  return found;
}

function isGone(reason: string): boolean {
  return reason.endsWith("ENOENT") || reason.endsWith(changedMeanwhile);
}

const changedMeanwhile = "changed while it was written";

function tryToOpenIn(directory: string, uid: number, name: HelperName): HelperFile | string {
  const { bytes, sha256 } = originalHelper(name);
  const place = usePrivateDirectory(directory, uid);
  if (!place.ok) return place.reason;
  const current = `${name}-${sha256.slice(0, 16)}`;
  const storedAt = `${directory}/${current}`;
  let descriptor = openIfEqual(storedAt, bytes);
  if (descriptor === undefined) {
    const failure = replaceFile(storedAt, bytes, { mode: 0o555, isSynced: false });
    if (failure !== undefined) return failure;
    removeOtherVersions(directory, name, current);
    descriptor = openIfEqual(storedAt, bytes);
  }
  return descriptor === undefined ? `${storedAt} ${changedMeanwhile}` : offer(descriptor, storedAt);
}

/** Candidates for a helper: the installed one, then those in `directories`; each is opened only when asked for. */
export function* openHelperFiles(
  name: HelperName,
  directories: readonly string[],
  uid: number,
  installed: string = installedDirectory,
): Generator<HelperFile, string[]> {
  const reasons: string[] = [];
  const ready = openInstalled(installed, name);
  if (ready !== undefined) yield ready;
  for (const directory of directories) {
    const file = openIn(directory, uid, name);
    if (typeof file === "string") reasons.push(file);
    else yield file;
  }
  return reasons;
}
