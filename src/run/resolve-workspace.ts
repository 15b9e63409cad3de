/** The workspace: the current directory where it is one project's, and nothing where it is not. */
import { lstatSync } from "node:fs";
import { errnoOf } from "../host/errno-of.ts";
import type { Host } from "../host/host.ts";
import { ancestorsOf } from "../host/private-directory.ts";
import { inodeAt, noInode } from "../host/real-host.ts";
import { CupelError } from "../model/error.ts";
import { isWithin, type CopyOnWrite, type Grant, type Workspace } from "../model/job.ts";
import { isCommonDirectory } from "./common-directories.ts";
import { listHomes } from "./home-directories.ts";
import { canonical, canonicalPlace, kernelDirectories, refuseUnfit, type JobSurroundings } from "./job-paths.ts";
import { statedAs, type JobRequest } from "./job-request.ts";
import { findLayerPlace } from "./layer-place.ts";
import { parseMountPoints } from "../host/mount-points.ts";
import { replacedWorkspace, saysReplaced } from "./replaced-workspace.ts";
import { userConfigurationPath } from "./settings-files.ts";

/** Why the current directory is not taken, or undefined. */
function unfitWorkspace(path: string, homes: readonly string[], states: readonly string[]): string | undefined {
  if (isCommonDirectory(path)) return "it is not one project's";
  const isSystems = [...kernelDirectories, "/run", ...states].some((directory) => isWithin(path, directory));
  if (isSystems) return "it is the system's";
  const isHome = homes.some((home) => isWithin(home, path)) || ancestorsOf(path)[0] === "/home";
  return isHome ? "it holds a whole home directory" : undefined;
}

/** What lies mounted in a directory is in none of its layers. */
function holdsMounts(path: string, host: Host): boolean {
  const mountinfo = host.readText("/proc/self/mountinfo");
  const points = mountinfo.ok ? parseMountPoints(mountinfo.value) : [];
  return points.some((point) => point !== path && isWithin(point, path));
}

/** Why a workspace cannot be copy-on-write: what a job made there could be applied, and would count at the next run. */
function cowObstacle(path: string, { host, stateDirectories }: JobSurroundings): string | undefined {
  const state = stateDirectories.find((place) => isWithin(place, path));
  if (state !== undefined) return `cupel keeps its own state in it (${state})`;
  const configuration = userConfigurationPath(host);
  if (configuration !== undefined && isWithin(canonicalPlace(configuration), path))
    return `your configuration of cupel lies in it (${configuration})`;
  return findLayerPlace(stateDirectories, host.identity.uid, path) === undefined
    ? "there is no place for what a job changes"
    : undefined;
}

function copyOnWrite(path: string, request: JobRequest, surroundings: JobSurroundings): CopyOnWrite {
  const { host, stateDirectories } = surroundings;
  const place = findLayerPlace(stateDirectories, host.identity.uid, path);
  const manner = place?.isFitForOverlay === true ? "overlay" : "fuse";
  return {
    mode: "cow",
    path,
    isStated: request.workspace === "cow",
    manner: holdsMounts(path, host) ? "copy" : manner,
    ignore: request.ignore,
    apply: request.apply,
  };
}

type StatedMode = Exclude<JobRequest["workspace"], "none" | undefined>;

function inMode(mode: StatedMode, path: string, request: JobRequest, surroundings: JobSurroundings): Workspace {
  if (mode !== "cow") return { mode, path };
  const obstacle = cowObstacle(path, surroundings);
  if (obstacle === undefined) return copyOnWrite(path, request, surroundings);
  throw new CupelError(
    "usage",
    `${statedAs(request, "workspace")} cow: ${path} cannot be copy-on-write, since ${obstacle}; take ro, or another directory`,
  );
}

/** What is asked for that a layer would have to hold, and cannot unless it has a size. */
function cappedDisk({ require, diskBytes, diskFiles, layerBytes }: JobRequest): string | undefined {
  if (layerBytes !== undefined) return undefined;
  const isCapped = diskBytes !== undefined || diskFiles !== undefined || require.includes("limit.disk");
  return isCapped ? "a cap on disk does not hold for what a job changes in it without --workspace-size" : undefined;
}

/** Copy-on-write where that takes an overlay and no more. */
function byDefault(path: string, request: JobRequest, surroundings: JobSurroundings): Workspace {
  if (surroundings.isBatch === true) return { mode: "ro", path };
  const obstacle = cappedDisk(request) ?? cowObstacle(path, surroundings);
  const workspace = obstacle === undefined ? copyOnWrite(path, request, surroundings) : undefined;
  if (workspace !== undefined && workspace.manner !== "copy") return workspace;
  const why = obstacle ?? "something is mounted in it, or cupel's state lies where no layer can be";
  return { mode: "ro", path, why: `${path} is read-only for this job, since ${why}` };
}

/** Where the caller stands, and no other directory that somebody has put there meanwhile. @throws CupelError `usage`. */
function currentDirectory({ directory, standing }: Host): string {
  const path = canonical(directory, "The current directory", "/");
  if (standing?.directory !== directory || standing.inode === noInode) return path;
  // The kernel names no symlink on the way to where we stand; only at that path is the launcher told which one is meant.
  if (path === directory && inodeAt(path) === standing.inode) return path;
  throw replacedWorkspace(directory);
}

/** @throws CupelError `usage` for a workspace that was asked for and cannot be one. */
export function resolveWorkspace(request: JobRequest, surroundings: JobSurroundings): Workspace {
  if (request.workspace === "none") return { mode: "empty", why: "" };
  const { host, stateDirectories } = surroundings;
  const path = currentDirectory(host);
  // What may not be searched may not be looked at either, from within it.
  const isBarred = host.standing?.inode === noInode;
  const unfit = isBarred ? "you may not enter it" : unfitWorkspace(path, listHomes(host), stateDirectories);
  if (unfit === undefined) {
    return request.workspace === undefined
      ? byDefault(path, request, surroundings)
      : inMode(request.workspace, path, request, surroundings);
  }
  if (request.workspace === undefined) {
    return {
      mode: "empty",
      why: `${path} is not taken as the workspace, since ${unfit}; the job starts in an empty one`,
    };
  }
  if (isBarred)
    throw new CupelError(
      "usage",
      `${statedAs(request, "workspace")} ${request.workspace}: you may not enter ${path}; change to a directory of yours`,
    );
  refuseUnfit(path, `${statedAs(request, "workspace")} ${request.workspace} in`, stateDirectories);
  return inMode(request.workspace, path, request, surroundings);
}

function isDirectory(path: string): boolean {
  try {
    return lstatSync(path).isDirectory();
  } catch (error) {
    // One that may not be looked at is for others to refuse.
    return !saysReplaced(errnoOf(error));
  }
}

/** @throws CupelError `usage` where it is none any more. */
export function checkDirectory(workspace: Workspace): void {
  if (workspace.mode === "empty") return;
  if (!isDirectory(workspace.path)) throw replacedWorkspace(workspace.path);
}

/** What the workspace lets the job see. */
export function workspaceGrant(workspace: Workspace): Grant[] {
  return workspace.mode === "empty"
    ? []
    : [{ path: workspace.path, access: workspace.mode === "rw" ? "write" : "read" }];
}
