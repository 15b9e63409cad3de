/** Removes what cupel keeps in its state directories. Other cupels may be at work: they make again what they need. */
import { accessSync, constants, lstatSync, readdirSync, type Stats } from "node:fs";
import { isThere } from "../host/is-there.ts";
import { checkPrivateDirectory } from "../host/private-directory.ts";
import { errnoOf } from "../host/errno-of.ts";
import type { Removal } from "../model/removal.ts";
import { leftoverAgeMs } from "../report/saved-report.ts";
import { describeMaker, isGone, isLeft } from "./gone-maker.ts";
import { removeTree } from "./remove-tree.ts";
import { openClosed, removeEmpty, removeEntry, type RemovalContext } from "./removal.ts";
import { knownEntry, type Folder, type KnownEntry } from "./state-contents.ts";
import { treeBytes } from "./tree-bytes.ts";

type Kind = "directory" | "file" | "socket" | "other";

function kindAt(path: string): { kind: Kind; modifiedMs: number } | undefined {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return undefined;
  return { kind: kindOf(stats), modifiedMs: stats.mtimeMs };
}

function kindOf(stats: Stats): Kind {
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "directory";
  return stats.isSocket() ? "socket" : "other";
}

function leave(path: string, reason: string): Removal[] {
  return [{ result: "left", path, reason }];
}

/** Why it may still be wanted; undefined where it is not. */
function useOf({ kind, writer }: KnownEntry, modifiedMs: number): string | undefined {
  if (writer === undefined || isGone(writer, modifiedMs)) return undefined;
  if (kind === "socket") return `a job of ${describeMaker(writer)} may be using it`;
  return Date.now() - modifiedMs < leftoverAgeMs ? `${describeMaker(writer)} may be writing it` : undefined;
}

function cleanKnown(path: string, name: string, known: KnownEntry, context: RemovalContext): Removal[] {
  const found = kindAt(path);
  if (found === undefined) return [];
  const wanted: Kind = known.kind === "file" || known.kind === "socket" ? known.kind : "directory";
  if (found.kind !== wanted) return leave(path, `it is no ${wanted}, so it is not cupel's`);
  if (known.kind === "layer") return cleanLayer(path, known, context);
  const use = useOf(known, found.modifiedMs);
  if (use !== undefined) return leave(path, use);
  if (known.kind !== "folder") return removeEntry(path, known.what, context);
  return asOne(path, known.what, cleanFolder(path, name as Folder, known.what, context));
}

/** However long a job runs, its layer is its own. */
function cleanLayer(path: string, { what, writer }: KnownEntry, context: RemovalContext): Removal[] {
  if (writer !== undefined && !isLeft(writer, path))
    return leave(path, `a job of ${describeMaker(writer)} may be using it`);
  if (context.dockers?.includes(path) === true) return leave(path, "Docker has not taken away what it has of it");
  const mounted = context.mountPoints.find((point) => point === path || point.startsWith(`${path}/`));
  const failure = mounted === undefined ? undefined : `something is mounted on ${mounted}`;
  const bytes = failure === undefined ? treeBytes(path) : 0;
  const reason = failure ?? (context.dryRun ? undefined : removeTree(path));
  return [reason === undefined ? { result: "removed", path, what, bytes } : { result: "failed", path, reason }];
}

/** What went as a whole is one thing. */
function asOne(path: string, what: string, removals: Removal[]): Removal[] {
  const sizes = removals.flatMap((removal) => (removal.result === "removed" ? [removal.bytes] : []));
  const isWhole = sizes.length === removals.length && removals.at(-1)?.path === path;
  return isWhole ? [{ result: "removed", path, what, bytes: sizes.reduce((sum, bytes) => sum + bytes, 0) }] : removals;
}

function isOpen(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.X_OK);
    return true;
  } catch (error) {
    if (errnoOf(error) === "EACCES") return false;
    throw error;
  }
}

/** Its own entries, and the folder where nothing else is in it. */
function cleanFolder(path: string, folder: Folder, what: string, context: RemovalContext): Removal[] {
  if (!context.dryRun) openClosed(path);
  else if (!isOpen(path)) return leave(path, "it is closed, and a dry run opens nothing");
  const done: Removal[] = readdirSync(path)
    .sort()
    .flatMap((name) => {
      const known = knownEntry(folder, name);
      const entry = `${path}/${name}`;
      return known === undefined ? leave(entry, "it is not cupel's") : cleanKnown(entry, name, known, context);
    });
  return done.every(({ result }) => result === "removed") ? [...done, ...removeEmpty(path, what, context)] : done;
}

/** Cleans one state directory, if nobody but `uid` can have written there. */
function cleanDirectory(directory: string, uid: number, context: RemovalContext): Removal[] {
  if (!isThere(directory)) return [];
  const place = checkPrivateDirectory(directory, uid);
  if (!place.ok) return isThere(directory) ? leave(directory, place.reason) : [];
  try {
    return cleanFolder(directory, "state", "the directory itself", context);
  } catch (error) {
    const errno = errnoOf(error);
    return errno === "ENOENT" ? [] : [{ result: "failed", path: directory, reason: errno }];
  }
}

/** Cleans all of them, in order. */
export function cleanState(directories: readonly string[], uid: number, context: RemovalContext): Removal[] {
  return [...new Set(directories)].flatMap((directory) => cleanDirectory(directory, uid, context));
}

const selfTestName = /^cupel-self-test-[A-Za-z0-9]{6}$/;

/** Removes the files of self-tests that were killed, from the directory for temporary files. */
export function cleanTemporary(directory: string, uid: number, context: RemovalContext): Removal[] {
  if (!isThere(directory)) return [];
  const names = readdirSync(directory).filter((name) => selfTestName.test(name));
  return names.sort().flatMap((name) => {
    const path = `${directory}/${name}`;
    const found = kindAt(path);
    if (found?.kind !== "directory" || !checkPrivateDirectory(path, uid).ok) return [];
    if (Date.now() - found.modifiedMs < leftoverAgeMs) return leave(path, "a self-test may be under way");
    return removeEntry(path, "files of a self-test that was killed", context);
  });
}
