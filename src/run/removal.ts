/** Removing what is cupel's own: never through a symlink, never beyond a mount, never more than was named. */
import { chmodSync, lstatSync, readdirSync, rmdirSync, unlinkSync, type Stats } from "node:fs";
import { errnoOf } from "../host/errno-of.ts";
import type { Removal } from "../model/removal.ts";

/** How to remove. */
export interface RemovalContext {
  /** Nothing is changed. */
  readonly dryRun: boolean;
  /** Where something is mounted: nothing at or below such a path is touched. */
  readonly mountPoints: readonly string[];
  /** Directories of launches of whose containers Docker has something still. */
  readonly dockers?: readonly string[] | undefined;
}

/** A directory of ours from which a program has taken our rights: killed, a container's runtime leaves such ones. */
function isClosed(stats: Stats): boolean {
  return stats.isDirectory() && stats.uid === process.geteuid?.() && (stats.mode & 0o700) !== 0o700;
}

/** Gives us our rights to it back. @throws the error of lstat(2) or chmod(2). */
export function openClosed(path: string): void {
  if (isClosed(lstatSync(path))) chmodSync(path, 0o700);
}

/** Bytes in regular files at `path` and below, but for what is closed: a dry run opens nothing. */
function sizeOf(path: string): number {
  const stats = lstatSync(path);
  if (!stats.isDirectory()) return stats.isFile() ? stats.size : 0;
  if (isClosed(stats)) return 0;
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(`${path}/${name}`), 0);
}

/** Unlinks files and symlinks, and the directories that held them. What another took away meanwhile is gone as well. */
function unlinkTree(path: string): void {
  try {
    if (!lstatSync(path).isDirectory()) return unlinkSync(path);
    openClosed(path);
    for (const name of readdirSync(path)) unlinkTree(`${path}/${name}`);
    rmdirSync(path);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
  }
}

function pathOf(error: unknown, path: string): string {
  return error instanceof Error && "path" in error && typeof error.path === "string" ? error.path : path;
}

/** Removes a file, or a directory with all that is in it. */
export function removeEntry(path: string, what: string, { dryRun, mountPoints }: RemovalContext): Removal[] {
  const mounted = mountPoints.find((point) => point === path || point.startsWith(`${path}/`));
  if (mounted !== undefined) return [{ result: "failed", path, reason: `something is mounted on ${mounted}` }];
  try {
    const bytes = sizeOf(path);
    if (!dryRun) unlinkTree(path);
    return [{ result: "removed", path, what, bytes }];
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === "ENOENT") return [];
    const at = pathOf(error, path);
    return [{ result: "failed", path, reason: at === path ? errno : `${at}: ${errno}` }];
  }
}

/** Removes a directory that is empty by now. */
export function removeEmpty(path: string, what: string, { dryRun }: RemovalContext): Removal[] {
  try {
    if (!dryRun) rmdirSync(path);
    return [{ result: "removed", path, what, bytes: 0 }];
  } catch (error) {
    const errno = errnoOf(error);
    // Another cupel took it away, or put something in it.
    return ["ENOENT", "ENOTEMPTY", "EEXIST"].includes(errno) ? [] : [{ result: "failed", path, reason: errno }];
  }
}
