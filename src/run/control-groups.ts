/** Control groups of one job's own: made before it starts, read when it has ended, removed then. */
import { mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { errnoOf } from "../host/errno-of.ts";
import type { Host } from "../host/host.ts";
import { ownMakerWords } from "./maker.ts";
import { CupelError } from "../model/error.ts";
import { isBelowUserManager, type Standings } from "../model/capability.ts";
import type { ControlGroupLimits } from "../model/plan.ts";
import {
  readEvidence,
  type CountingGroups,
  type ControlGroupEvidence,
  type Controller,
} from "./control-group-counts.ts";
import { wantedControllers, type Setting, type WantedController } from "./control-group-settings.ts";

/** The groups of one job. */
export interface JobControlGroups {
  readonly directories: readonly string[];
  readonly counting: CountingGroups;
  read(): ControlGroupEvidence;
  remove(): void;
}

function apply(directory: string, setting: Setting): void {
  try {
    writeFileSync(`${directory}/${setting.file}`, setting.value);
  } catch (error) {
    const errno = errnoOf(error);
    if (setting.optional === true && (errno === "ENOENT" || errno === "EACCES")) return;
    throw new CupelError("set-up", `${directory}/${setting.file} does not take ${setting.value} (${errno})`, {
      cause: error,
    });
  }
}

function make(directory: string): void {
  try {
    mkdirSync(directory);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno !== "EEXIST")
      throw new CupelError("set-up", `Control group ${directory} cannot be made (${errno})`, { cause: error });
  }
}

const removalTries = 50;
const removalPauseMs = 4;

/** False while the kernel still counts a process in it: it lets go of the dead a moment after their end was told. */
export function tryToRemove(directory: string): boolean {
  try {
    rmdirSync(directory);
    return true;
  } catch (error) {
    return errnoOf(error) !== "EBUSY";
  }
}

/** Removes a group, and waits a little where the kernel still counts a process in it. */
export function removeDirectory(directory: string): void {
  for (let tries = 0; tries < removalTries && !tryToRemove(directory); tries++)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, removalPauseMs);
}

/** A name for a group of this process's; `mark` has hexadecimal digits, and is in no other name of it. */
export function jobGroupName(mark: string): string {
  return `cupel-${ownMakerWords()}-${mark}`;
}

function versionOf(matrix: Standings): "v1" | "v2" {
  return matrix["cgroup.mode"]?.value === "v2" ? "v2" : "v1";
}

/** What limits a disk was found by reading from one, and where that could not be told, by writing. */
function foundPlace(controller: Controller, matrix: Standings): string | undefined {
  const place = matrix[`cgroup.${controller}`]?.value ?? (controller === "io" && matrix["cgroup.io-write"]?.value);
  return typeof place === "string" ? place : undefined;
}

/**
 * Where the group with this controller is made. A process is in one group of a hierarchy, and two would leave the caps of
 * one behind: in version 2 all are set in the highest of the places, to which the controllers of those below it come, too.
 * Every group of version 2 counts CPU time.
 */
function placeFor(controller: Controller, wanted: readonly WantedController[], matrix: Standings): string | undefined {
  if (versionOf(matrix) === "v1") return foundPlace(controller, matrix);
  const limiting = wanted.filter((one) => one.controller !== "cpu-time" || wanted.length === 1);
  const places = limiting.map((one) => foundPlace(one.controller, matrix));
  if (!places.every((place) => place !== undefined)) return undefined;
  return places.toSorted((one, other) => one.length - other.length)[0];
}

/** Where the groups of jobs with these limits are made. */
export function controlGroupPlaces(limits: ControlGroupLimits, matrix: Standings): string[] {
  const wanted = wantedControllers(limits, versionOf(matrix));
  return [...new Set(wanted.flatMap(({ controller }) => placeFor(controller, wanted, matrix) ?? []))];
}

/**
 * Has cupel where a job can get from into the groups of these limits. Into those below a user's manager processes move from
 * below it alone (cgroup-v2.rst, "Delegation Containment"), and cupel may have been started elsewhere.
 * @throws CupelError `set-up` where the manager does not help.
 */
export async function reachControlGroups(limits: ControlGroupLimits, matrix: Standings, host: Host): Promise<void> {
  if (!controlGroupPlaces(limits, matrix).some(isBelowUserManager)) return;
  const { enterOwnScope } = await import("../launch/own-scope.ts");
  const scope = await enterOwnScope(host);
  if (scope?.status === "refused")
    throw new CupelError(
      "set-up",
      `cupel cannot leave ${scope.from} for a control group of the job's own: ${scope.reason}`,
    );
}

/**
 * Makes one group for each controller that has a limit (one for all where they share a hierarchy), below the places
 * that the probes found usable.
 * @throws CupelError `set-up` where a group or a limit cannot be made; what was made by then is removed again.
 */
export function createControlGroups(limits: ControlGroupLimits, matrix: Standings, jobName: string): JobControlGroups {
  const version = versionOf(matrix);
  const wanted = wantedControllers(limits, version);
  const directories = new Set<string>();
  const byController: Partial<Record<Controller, string>> = {};
  const remove = (): void => directories.forEach(removeDirectory);
  try {
    for (const { controller, settings } of wanted) {
      const place = placeFor(controller, wanted, matrix);
      if (place === undefined) throw new CupelError("set-up", `No place is known for a ${controller} control group`);
      const directory = `${place}/${jobName}`;
      if (!directories.has(directory)) make(directory);
      directories.add(directory);
      byController[controller] = directory;
      for (const setting of settings) apply(directory, setting);
    }
  } catch (error) {
    remove();
    throw error;
  }
  const counting = { version, byController } as const;
  return { directories: [...directories], counting, read: () => readEvidence(counting), remove };
}
