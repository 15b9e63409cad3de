/**
 * A directory of a job's own on the host, for a job without a root of its own, or of the engine's that makes it one: made
 * for it, and removed with all in it.
 */
import { mkdirSync, rmdirSync } from "node:fs";
import { posix } from "node:path";
import { errnoOf } from "../host/errno-of.ts";
import { isThere } from "../host/is-there.ts";
import { namesIn } from "../host/names-in.ts";
import { CupelError } from "../model/error.ts";
import type { ConfinementPlan } from "../model/plan.ts";
import { isLeft, makerFrom } from "./gone-maker.ts";
import { findLayerPlace, isDockersPlace, layersIn } from "./layer-place.ts";
import { removeTree } from "./remove-tree.ts";
import { makingName, makingPattern } from "./run-id.ts";

type ScratchPlan = ConfinementPlan["scratch"];

/** Whoever is done takes away what holds layers, where there is none, at any moment. */
const makeTries = 1000;

function makeDirectory(path: string): void {
  for (let tries = 1; ; tries++) {
    try {
      mkdirSync(path, { recursive: true, mode: 0o700 });
      return;
    } catch (error) {
      if (errnoOf(error) !== "ENOENT" || tries === makeTries) throw error;
    }
  }
}

function makeDirectories(path: string, scratch: ScratchPlan | undefined): void {
  makeDirectory(path);
  if (scratch === undefined) return;
  const { variables, directory } = scratch;
  const names = [...Object.values(variables), ...(directory === undefined ? [] : [directory])];
  for (const name of names) mkdirSync(`${path}/${name}`, { recursive: true, mode: 0o700 });
}

function noPlace(path: string, error: unknown): CupelError {
  return new CupelError("set-up", `No place for the job's own files (${path}): ${errnoOf(error)}`, { cause: error });
}

/**
 * What jobs of cupels that were killed have left there; what has a `work` is a layer, which `cupel clean` removes, and of what
 * has an image Docker has something.
 */
function removeLeft(layers: string): void {
  for (const name of namesIn(layers)) {
    const made = makingPattern.exec(name);
    const path = `${layers}/${name}`;
    const isMore = isThere(`${path}/work`) || isDockersPlace(path);
    if (made !== null && isLeft(makerFrom(made), path) && !isMore) removeTree(path);
  }
}

/**
 * Makes it with what the plan names in it, if it does, below the first state directory that can be used. It lies among the layers, and
 * under a name that tells whose it is: what a cupel that was killed left, the next one removes.
 * @throws CupelError `set-up` where there is no place for it.
 */
export function openScratch(
  scratch: ScratchPlan | undefined,
  stateDirectories: readonly string[],
  uid: number,
): string {
  const place = findLayerPlace(stateDirectories, uid);
  if (place === undefined) throw new CupelError("set-up", "There is no place for the job's own files");
  const layers = layersIn(place.directory);
  const path = `${layers}/${makingName()}`;
  try {
    removeLeft(layers);
    makeDirectories(path, scratch);
    return path;
  } catch (error) {
    removeTree(path);
    throw noPlace(path, error);
  }
}

/** Removes it, and what holds layers where there is none. */
export function closeScratch(path: string): void {
  removeTree(path);
  try {
    rmdirSync(posix.dirname(path));
  } catch (error) {
    // Somebody else's is there, or was and took it away.
    errnoOf(error);
  }
}

/** Makes it anew for the next job, in the same place. @throws CupelError `set-up`. */
export function emptyScratch(path: string, scratch: ScratchPlan): void {
  try {
    // Whole: a job may have taken the rights to the directory itself, and each job's rule is made anew.
    const problem = removeTree(path);
    if (problem !== undefined) throw new CupelError("set-up", `${path} cannot be emptied: ${problem}`);
    makeDirectories(path, scratch);
  } catch (error) {
    throw error instanceof CupelError ? error : noPlace(path, error);
  }
}
