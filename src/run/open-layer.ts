/**
 * A layer for one job: a private directory with an `upper`, where what the job changes goes, and a `work` for the
 * kernel. While the job runs its name tells whose it is; one that outlives its process was left by a cupel that was
 * killed, and means nothing.
 */
import { chmodSync, chownSync, lstatSync, mkdirSync, readdirSync } from "node:fs";
import { errnoOf } from "../host/errno-of.ts";
import type { Standing } from "../host/host.ts";
import { CupelError } from "../model/error.ts";
import { layersIn, type LayerOwner, type LayerPlace } from "./layer-place.ts";
import { removeTree } from "./remove-tree.ts";
import { replacedWorkspace } from "./replaced-workspace.ts";
import { makingName } from "./run-id.ts";

/** An open layer. */
export interface Layer {
  readonly path: string;
  /** The state directory that it lies in. */
  readonly stateDirectory: string;
  readonly workspace: string;
  /** Of an overlay that a program laid: `fuse`. Its marks are that program's; see fuse-marks.ts. */
  readonly manner: "overlay" | "fuse" | "copy";
  /**
   * The file system's own clock when nothing had begun: what of the host has a later time of change (ctime) was changed
   * while the job ran.
   */
  readonly startedNs: bigint;
  /** Of a copy: the same clock when it was whole. */
  readonly copiedNs?: bigint | undefined;
  readonly owner?: LayerOwner | undefined;
  /** It has a size, and lies in memory until the launcher says that it was copied. */
  readonly isInMemory?: boolean | undefined;
}

const triesMax = 20;

/** `cupel clean` may take the directory that holds it away at any moment; then that is made again. */
function makePlace(path: string, layers: string): void {
  for (let tries = 1; ; tries++) {
    try {
      mkdirSync(layers, { recursive: true, mode: 0o700 });
      return mkdirSync(path, { mode: 0o700 });
    } catch (error) {
      if (errnoOf(error) !== "ENOENT" || tries === triesMax) throw error;
    }
  }
}

function makeDirectories(path: string, workspace: string, owner: LayerOwner | undefined): void {
  mkdirSync(`${path}/work`, { mode: 0o700 });
  mkdirSync(`${path}/upper`, { mode: 0o700 });
  // The job sees the layer's root as its workspace.
  const stats = lstatSync(workspace, { throwIfNoEntry: false });
  if (stats?.isDirectory() !== true) throw replacedWorkspace(workspace);
  chmodSync(`${path}/upper`, stats.mode & 0o7777);
  if (owner !== undefined) chownSync(`${path}/upper`, owner.uid, owner.gid);
}

/** What is wanted of a layer. */
export interface LayerWish {
  readonly place: LayerPlace;
  readonly workspace: string;
  readonly manner: Layer["manner"];
  readonly owner?: LayerOwner | undefined;
  readonly isInMemory?: boolean | undefined;
  /** Where the caller stands: of that directory nothing else may be copied. */
  readonly pinned?: Standing | undefined;
}

async function fillWithCopy(path: string, { workspace, owner, pinned }: LayerWish): Promise<bigint> {
  const { copyTree } = await import("./copy-tree.ts");
  copyTree(workspace, `${path}/upper`, owner, pinned);
  mkdirSync(`${path}/copied`);
  return lstatSync(`${path}/copied`, { bigint: true }).ctimeNs;
}

/**
 * Makes it, and where a copy is wanted, that as well.
 * @throws CupelError `set-up` where it cannot be made, `refused` for a tree too large to copy.
 */
export async function openLayer(wish: LayerWish): Promise<Layer> {
  const { place, workspace, manner, owner, isInMemory } = wish;
  const stateDirectory = place.directory;
  const path = `${layersIn(stateDirectory)}/${makingName()}`;
  try {
    makePlace(path, layersIn(stateDirectory));
    makeDirectories(path, workspace, owner);
    const startedNs = lstatSync(`${path}/upper`, { bigint: true }).ctimeNs;
    const layer = { path, stateDirectory, workspace, manner, startedNs, owner, isInMemory };
    return manner === "copy" ? { ...layer, copiedNs: await fillWithCopy(path, wish) } : layer;
  } catch (error) {
    removeTree(path);
    if (error instanceof CupelError) throw error;
    throw new CupelError("set-up", `No place for what the job changes (${path}): ${errnoOf(error)}`, { cause: error });
  }
}

/** Whether nothing at all was changed; only an overlay tells that at a glance. */
export function isUntouched({ path, manner, workspace }: Layer): boolean {
  if (manner === "copy") return false;
  const upper = `${path}/upper`;
  try {
    const isSameMode = (lstatSync(upper).mode & 0o7777) === (lstatSync(workspace).mode & 0o7777);
    return isSameMode && readdirSync(upper).length === 0;
  } catch (error) {
    // The job took the right to read it from its own directory.
    errnoOf(error);
    return false;
  }
}
