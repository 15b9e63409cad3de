/** Control groups of cupels that were killed together with their launchers. */
import { existsSync, lstatSync, readdirSync } from "node:fs";
import type { Standings } from "../model/capability.ts";
import { removeDirectory } from "./control-groups.ts";
import { isLeft, makerFrom } from "./gone-maker.ts";
import { makerWords, ownPlace, type Maker } from "./maker.ts";

const jobGroup = new RegExp(`^cupel-${makerWords}-[0-9a-f]+$`);

/** The prober's (platform/linux/prober/cgroup-own.h) is there for a moment, and named by the process alone. */
const proberGroup = /^cupel-probe-(\d+)$/;

/** Who made a group, for a job or as the prober; undefined for what is neither. */
export function parseJobGroupOwner(name: string): Maker | undefined {
  const made = jobGroup.exec(name);
  if (made !== null) return makerFrom(made);
  const pid = proberGroup.exec(name)?.[1];
  return pid === undefined ? undefined : { pid: Number(pid), place: ownPlace() };
}

/** The one group that the prober makes within its own (platform/linux/prober/cgroup-own.h). */
const proberGroupBelow = "below";

/** Removes a group of a job's or the prober's with the one that may be in it; one that holds a process stays. */
export function removeJobGroup(directory: string): void {
  removeDirectory(`${directory}/${proberGroupBelow}`);
  removeDirectory(directory);
}

/** A job's group holds a process from the moment after it was made until it is removed. */
const emptyMs = 60_000;

/** Whether nobody needs it any more: what holds a process is not removed (EBUSY), whoever made it. */
export function isStale(owner: Maker, path: string): boolean {
  if (owner.place === ownPlace()) return isLeft(owner, path);
  const stats = lstatSync(path, { throwIfNoEntry: false });
  return stats !== undefined && Date.now() - stats.ctimeMs > emptyMs;
}

/** Removes groups whose cupel was killed together with its launcher. One that holds a process stays (EBUSY). */
export function removeStaleControlGroups(matrix: Standings): void {
  const places = Object.keys(matrix).flatMap((id) => (id.startsWith("cgroup.") ? (matrix[id]?.value ?? []) : []));
  for (const place of new Set(places)) {
    if (typeof place !== "string" || !place.startsWith("/") || !existsSync(place)) continue;
    for (const name of readdirSync(place)) {
      const owner = parseJobGroupOwner(name);
      if (owner === undefined || !isStale(owner, `${place}/${name}`)) continue;
      removeJobGroup(`${place}/${name}`);
    }
  }
}
