/** Control groups of one job's own: made before it starts, read when it has ended, removed then. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { errnoOf } from "../host/errno-of.ts";
import { CupelError } from "../model/error.ts";
import type { Evidence, Standings } from "../model/capability.ts";
import type { ControlGroupLimits } from "../model/plan.ts";

/** What the kernel counted. */
export interface ControlGroupEvidence {
  readonly outOfMemoryKills: number;
  readonly refusedForks: number;
  readonly peakMemoryBytes?: number | undefined;
  readonly evidence: readonly Evidence[];
}

/** The groups of one job. */
export interface JobControlGroups {
  readonly directories: readonly string[];
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

type Controller = "memory" | "pids" | "cpu";

/** Control Group v2, Documentation/admin-guide/cgroup-v2.rst. A limit on memory must hold for swap too. */
const settingsV2: Readonly<Record<Controller, (value: number) => Setting[]>> = {
  memory: (bytes) => [
    { file: "memory.max", value: String(bytes) },
    { file: "memory.swap.max", value: "0", optional: true },
    { file: "memory.oom.group", value: "1", optional: true },
  ],
  pids: (count) => [{ file: "pids.max", value: String(count) }],
  cpu: (cpus) => [{ file: "cpu.max", value: `${Math.round(cpus * cpuPeriodMicros)} ${cpuPeriodMicros}` }],
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

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    errnoOf(error);
    return "";
  }
}

/** A flat-keyed file such as memory.events: the number behind `key`. Pure. */
export function parseKeyedNumber(text: string, key: string): number {
  const line = text.split("\n").find((candidate) => candidate.startsWith(`${key} `));
  return Number(line?.slice(key.length + 1) ?? 0);
}

/** v2 and v1 name the same counters differently. */
const memoryFiles = {
  v2: { events: "memory.events", peak: "memory.peak" },
  v1: { events: "memory.oom_control", peak: "memory.max_usage_in_bytes" },
} as const;

/** A controller that is not there, and a file that its kernel lacks, count nothing. */
function readEvidence(
  directories: Readonly<Partial<Record<Controller, string>>>,
  version: keyof typeof memoryFiles,
): ControlGroupEvidence {
  const { memory, pids } = directories;
  const files = memoryFiles[version];
  const outOfMemoryKills = memory === undefined ? 0 : parseKeyedNumber(read(`${memory}/${files.events}`), "oom_kill");
  const refusedForks = pids === undefined ? 0 : parseKeyedNumber(read(`${pids}/pids.events`), "max");
  const peak = memory === undefined ? 0 : Number(read(`${memory}/${files.peak}`));
  const found: Evidence[] = [
    { action: "control group, processes killed for memory", result: String(outOfMemoryKills) },
    { action: "control group, forks refused", result: String(refusedForks) },
  ];
  return { outOfMemoryKills, refusedForks, peakMemoryBytes: peak > 0 ? peak : undefined, evidence: found };
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
  ];
  return wanted.flatMap(([controller, value]) => (value === undefined ? [] : [[controller, value]]));
}

/** Where the groups of jobs with these limits are made. */
export function controlGroupPlaces(limits: ControlGroupLimits, matrix: Standings): string[] {
  const places = wantedControllers(limits).flatMap(([controller]) => {
    const place = matrix[`cgroup.${controller}`]?.value;
    return typeof place === "string" ? [place] : [];
  });
  return [...new Set(places)];
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
  const byController: Partial<Record<Controller, string>> = {};
  const remove = (): void => directories.forEach(removeDirectory);
  try {
    for (const [controller, value] of wantedControllers(limits)) {
      const place = matrix[`cgroup.${controller}`]?.value;
      if (typeof place !== "string")
        throw new CupelError("set-up", `No place is known for a ${controller} control group`);
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
  return { directories: [...directories], read: () => readEvidence(byController, version), remove };
}
