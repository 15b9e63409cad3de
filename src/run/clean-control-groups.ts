/** Removes control groups whose cupel was killed together with its launcher, wherever they are in the hierarchy. */
import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { errnoOf } from "../host/errno-of.ts";
import type { Removal } from "../model/removal.ts";
import type { RemovalContext } from "./removal.ts";
import { isStale, parseJobGroupOwner, removeJobGroup } from "./stale-control-groups.ts";

/** Where every distribution mounts them (cgroups(7)); version 1 has one directory for each hierarchy in it. */
const hierarchy = "/sys/fs/cgroup";

/** A host has hundreds; more than this are not searched. */
const searchedMax = 50_000;

function foldersIn(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
  } catch (error) {
    // It went away meanwhile, or is not for us to see.
    errnoOf(error);
    return [];
  }
}

function holdsProcesses(path: string): boolean {
  try {
    return readFileSync(`${path}/cgroup.procs`, "utf8") !== "";
  } catch (error) {
    return errnoOf(error) !== "ENOENT";
  }
}

function isOf(path: string, uid: number): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.uid === uid;
}

/** Groups of dead cupels, of `uid`. */
function findStale(uid: number, root: string): string[] {
  const found: string[] = [];
  const waiting = [root];
  for (let searched = 0; searched < searchedMax; searched++) {
    const path = waiting.shift();
    if (path === undefined) break;
    for (const name of foldersIn(path)) {
      const owner = parseJobGroupOwner(name);
      if (owner === undefined) waiting.push(`${path}/${name}`);
      else if (isStale(owner, `${path}/${name}`) && isOf(`${path}/${name}`, uid)) found.push(`${path}/${name}`);
    }
  }
  return found;
}

function clean(path: string, dryRun: boolean): Removal[] {
  const isInUse = [path, ...foldersIn(path).map((name) => `${path}/${name}`)].some(holdsProcesses);
  if (isInUse) return [{ result: "left", path, reason: "it holds processes" }];
  if (!dryRun) removeJobGroup(path);
  const stats = dryRun ? undefined : lstatSync(path, { throwIfNoEntry: false });
  if (stats !== undefined) return [{ result: "failed", path, reason: "the kernel does not let go of it" }];
  return [{ result: "removed", path, what: "a control group of a cupel that was killed", bytes: 0 }];
}

/** Removes them; one that holds a process is left. */
export function cleanControlGroups(
  uid: number,
  { dryRun }: Pick<RemovalContext, "dryRun">,
  root: string = hierarchy,
): Removal[] {
  return findStale(uid, root).flatMap((path) => clean(path, dryRun));
}
