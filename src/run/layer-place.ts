/** Where layers of copy-on-write workspaces lie: below a state directory, on a file system that can be a layer. */
import { statfsSync } from "node:fs";
import { errnoOf } from "../host/errno-of.ts";
import { isThere } from "../host/is-there.ts";
import { useWritableDirectory } from "../host/private-directory.ts";
import { isWithin } from "../model/job.ts";
import { realPath } from "./real-path.ts";

/**
 * File systems that the kernel takes for no upper layer: those without the attributes or the marks of an overlay (overlayfs,
 * "Upper and lower"). By their numbers in linux/magic.h: overlay, NFS, 9P, FAT, ramfs, FUSE.
 */
const unfitFileSystems = [0x794c7630, 0x6969, 0x01021997, 0x4d44, 0x858458f6, 0x65735546];

/** What is there is in memory, of which there may be little; what a job changes is kept until it is applied. */
const inMemory = ["/dev/shm", "/run"];

/** A state directory for a layer. */
export interface LayerPlace {
  readonly directory: string;
  /** Whether an overlay can have its upper layer there, as far as the kind of file system tells. */
  readonly isFitForOverlay: boolean;
}

/** The ids that the job has outside, where they are not the caller's. */
export interface LayerOwner {
  readonly uid: number;
  readonly gid: number;
}

/** Whether a directory that was made for one launch was made for Docker: it stays until that has taken away what it has of it. */
export function isDockersPlace(path: string): boolean {
  return isThere(`${path}/image.tar`);
}

/** The directory, below a state directory, that holds layers. */
export function layersIn(stateDirectory: string): string {
  return `${stateDirectory}/layers`;
}

function fileSystemOf(path: string): number | undefined {
  try {
    return statfsSync(path).type;
  } catch (error) {
    errnoOf(error);
    return undefined;
  }
}

function isFit(directory: string): boolean {
  if (inMemory.some((place) => isWithin(directory, place))) return false;
  const type = fileSystemOf(directory);
  return type !== undefined && !unfitFileSystems.includes(type);
}

/**
 * The first state directory that is fit, or else the first that can be used; undefined where there is none. A layer
 * cannot lie in the directory that it is a layer of.
 */
export function findLayerPlace(
  stateDirectories: readonly string[],
  uid: number,
  workspace?: string,
): LayerPlace | undefined {
  const isInside = (path: string): boolean => workspace !== undefined && isWithin(path, workspace);
  let other: LayerPlace | undefined;
  for (const stated of stateDirectories) {
    if (isInside(stated) || !useWritableDirectory(stated, uid).ok) continue;
    // The launcher follows no symlink on its way there.
    const directory = realPath(stated) ?? stated;
    if (isInside(directory)) continue;
    if (isFit(directory)) return { directory, isFitForOverlay: true };
    other ??= { directory, isFitForOverlay: false };
  }
  return other;
}
