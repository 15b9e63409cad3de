/** What the control groups of a job counted that tells of its end. */
import { readFileSync } from "node:fs";
import { errnoOf } from "../host/errno-of.ts";
import type { Evidence } from "../model/capability.ts";

/** Controllers with caps; `cpu-time` has none and is there to be read. */
export type Controller = "memory" | "pids" | "cpu" | "cpu-time" | "io";

/** The groups of one job by what they count; several may be one. */
export interface CountingGroups {
  readonly version: "v1" | "v2";
  readonly byController: Readonly<Partial<Record<Controller, string>>>;
}

/** What the kernel counted. */
export interface ControlGroupEvidence {
  readonly outOfMemoryKills: number;
  readonly refusedForks: number;
  readonly evidence: readonly Evidence[];
}

/** A file of a group; empty where its kernel has none. */
export function readGroupFile(path: string): string {
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

/** Version 1 has them in a file that tells of settings, too. */
const memoryEvents = { v1: "memory.oom_control", v2: "memory.events" } as const;

/** A controller that is not there, and a file that its kernel lacks, count nothing. */
export function readEvidence({ version, byController: { memory, pids } }: CountingGroups): ControlGroupEvidence {
  const outOfMemoryKills =
    memory === undefined ? 0 : parseKeyedNumber(readGroupFile(`${memory}/${memoryEvents[version]}`), "oom_kill");
  const refusedForks = pids === undefined ? 0 : parseKeyedNumber(readGroupFile(`${pids}/pids.events`), "max");
  const evidence: Evidence[] = [
    { action: "control group, processes killed for memory", result: String(outOfMemoryKills) },
    { action: "control group, forks refused", result: String(refusedForks) },
  ];
  return { outOfMemoryKills, refusedForks, evidence };
}
