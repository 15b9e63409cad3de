/** Control groups of one job's own: made before it starts, read when it has ended, removed then. */
import { existsSync, mkdirSync, readdirSync, rmdirSync, writeFileSync } from "node:fs";
import { errnoOf } from "../host/errno-of.ts";
import { CupelError } from "../model/error.ts";
import type { Standings } from "../model/capability.ts";
import type { ControlGroupLimits } from "../model/plan.ts";
import {
  readEvidence,
  type CountingGroups,
  type ControlGroupEvidence,
  type Controller,
} from "./control-group-counts.ts";

/** The groups of one job. */
export interface JobControlGroups {
  readonly directories: readonly string[];
  readonly counting: CountingGroups;
  read(): ControlGroupEvidence;
  remove(): void;
}

interface Setting {
  readonly file: string;
  readonly value: string;
  /** Not every kernel is built with it: swap accounting, say. */
  readonly optional?: boolean;
}

/** cpu.max and cpu.cfs_*: a tenth of a second, the kernel's default. */
const cpuPeriodMicros = 100_000;

/** Control Group v2, Documentation/admin-guide/cgroup-v2.rst. A limit on memory must hold for swap too. */
const settingsV2: Readonly<Record<Controller, (value: number) => Setting[]>> = {
  memory: (bytes) => [
    { file: "memory.max", value: String(bytes) },
    { file: "memory.swap.max", value: "0", optional: true },
    { file: "memory.oom.group", value: "1", optional: true },
  ],
  pids: (count) => [{ file: "pids.max", value: String(count) }],
  cpu: (cpus) => [{ file: "cpu.max", value: `${Math.round(cpus * cpuPeriodMicros)} ${cpuPeriodMicros}` }],
  "cpu-time": () => [],
};

/** Control Group v1, Documentation/admin-guide/cgroup-v1/. memsw counts memory and swap together. */
const settingsV1: Readonly<Record<Controller, (value: number) => Setting[]>> = {
  memory: (bytes) => [
    { file: "memory.limit_in_bytes", value: String(bytes) },
    { file: "memory.memsw.limit_in_bytes", value: String(bytes), optional: true },
  ],
  pids: (count) => [{ file: "pids.max", value: String(count) }],
  cpu: (cpus) => [
    { file: "cpu.cfs_period_us", value: String(cpuPeriodMicros) },
    { file: "cpu.cfs_quota_us", value: String(Math.round(cpus * cpuPeriodMicros)) },
  ],
  "cpu-time": () => [],
};

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

/** Whether there is such a process, as far as this PID namespace shows. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) !== "ESRCH";
  }
}

/** The process that a group was made by, for a job or by the prober; undefined for what is neither. Pure. */
export function parseJobGroupOwner(name: string): number | undefined {
  const match = /^cupel-(?:probe-)?(\d+)(?:-[0-9a-f]+)?$/.exec(name);
  return match === null ? undefined : Number(match[1]);
}

/** The one group that the prober makes within its own (platform/linux/prober/cgroup-own.h). */
const proberGroupBelow = "below";

/** Removes a group of a job's or the prober's with the one that may be in it; one that holds a process stays. */
export function removeJobGroup(directory: string): void {
  removeDirectory(`${directory}/${proberGroupBelow}`);
  removeDirectory(directory);
}

/** Removes groups whose cupel was killed together with its launcher. One that holds a process stays (EBUSY). */
export function removeStaleControlGroups(matrix: Standings): void {
  const places = Object.keys(matrix).flatMap((id) => (id.startsWith("cgroup.") ? (matrix[id]?.value ?? []) : []));
  for (const place of new Set(places)) {
    if (typeof place !== "string" || !place.startsWith("/") || !existsSync(place)) continue;
    for (const name of readdirSync(place)) {
      const owner = parseJobGroupOwner(name);
      if (owner === undefined || isRunning(owner)) continue;
      removeJobGroup(`${place}/${name}`);
    }
  }
}

function wantedControllers(limits: ControlGroupLimits): [Controller, number][] {
  const wanted: [Controller, number | undefined][] = [
    ["memory", limits.memoryBytes],
    ["pids", limits.pids],
    ["cpu", limits.cpus],
    ["cpu-time", limits.countsCpuTime === true ? 1 : undefined],
  ];
  return wanted.flatMap(([controller, value]) => (value === undefined ? [] : [[controller, value]]));
}

/**
 * Where the group with this controller is made, given where those before it were. Every group of version 2 counts CPU
 * time, and a process is in one group of a hierarchy: two would leave the caps of one behind.
 */
function placeFor(controller: Controller, matrix: Standings, before: Iterable<string>): string | undefined {
  const [first] = before;
  if (controller === "cpu-time" && matrix["cgroup.mode"]?.value === "v2" && first !== undefined) return first;
  const place = matrix[`cgroup.${controller}`]?.value;
  return typeof place === "string" ? place : undefined;
}

/** Where the groups of jobs with these limits are made. */
export function controlGroupPlaces(limits: ControlGroupLimits, matrix: Standings): string[] {
  const places = new Set<string>();
  for (const [controller] of wantedControllers(limits)) {
    const place = placeFor(controller, matrix, places);
    if (place !== undefined) places.add(place);
  }
  return [...places];
}

/**
 * Makes one group for each controller that has a limit (one for all where they share a hierarchy), below the places
 * that the probes found usable.
 * @throws CupelError `set-up` where a group or a limit cannot be made; what was made by then is removed again.
 */
export function createControlGroups(limits: ControlGroupLimits, matrix: Standings, jobName: string): JobControlGroups {
  const version = matrix["cgroup.mode"]?.value === "v2" ? "v2" : "v1";
  const settings = version === "v2" ? settingsV2 : settingsV1;
  const directories = new Set<string>();
  const places = new Set<string>();
  const byController: Partial<Record<Controller, string>> = {};
  const remove = (): void => directories.forEach(removeDirectory);
  try {
    for (const [controller, value] of wantedControllers(limits)) {
      const place = placeFor(controller, matrix, places);
      if (place === undefined) throw new CupelError("set-up", `No place is known for a ${controller} control group`);
      places.add(place);
      const directory = `${place}/${jobName}`;
      if (!directories.has(directory)) make(directory);
      directories.add(directory);
      byController[controller] = directory;
      for (const setting of settings[controller](value)) apply(directory, setting);
    }
  } catch (error) {
    remove();
    throw error;
  }
  const counting = { version, byController } as const;
  return { directories: [...directories], counting, read: () => readEvidence(counting), remove };
}
