/**
 * Caps as data: how each is stated, by a flag or in a job file, and read. A cap that is new in {@link Limits} is one entry
 * here, and both ways of stating it, the schema and the demand for it follow.
 */
import type { GuaranteeId } from "../model/guarantee.ts";
import type { Limits, ProcessLimits } from "../model/job.ts";
import {
  parseCount,
  parseCpus,
  parseDurationMs,
  parseFileCount,
  parseRateBytes,
  parseSizeBytes,
} from "./parse-quantity.ts";

/** How quantities are read, by what they are quantities of. */
export const quantityParsers = {
  duration: parseDurationMs,
  size: parseSizeBytes,
  rate: parseRateBytes,
  cpus: parseCpus,
  count: parseCount,
  files: parseFileCount,
} as const;

/** What a quantity is of. */
export type QuantityKind = keyof typeof quantityParsers;

/** One cap. */
export interface LimitField {
  /** The flag, without its dashes; see {@link limitFieldName}. */
  readonly flag: string;
  readonly quantity: QuantityKind;
  /** What stating it demands; none for what is no cap by itself. */
  readonly guarantee?: GuaranteeId;
  /** A few words for the flag and the field. */
  readonly description: string;
  /** A value, as it is written in a job file. */
  readonly example: string;
}

/** The field of `limits` in a job file that means the same as its flag: `cpu_time`. */
export function limitFieldName({ flag }: LimitField): string {
  return flag.replaceAll("-", "_");
}

type CapKey = Exclude<keyof Limits, "onOutput" | "perProcess" | "disks"> | keyof ProcessLimits;

/** Every cap, in the order of the usage text. */
export const limitFields = {
  timeoutMs: {
    flag: "timeout",
    quantity: "duration",
    guarantee: "limit.time",
    description: "end the job after this time",
    example: "5m",
  },
  graceMs: {
    flag: "grace",
    quantity: "duration",
    description: "time between SIGTERM and SIGKILL then; default 2s",
    example: "2s",
  },
  memoryBytes: {
    flag: "memory",
    quantity: "size",
    guarantee: "limit.memory",
    description: "cap on memory",
    example: "2G",
  },
  cpus: {
    flag: "cpus",
    quantity: "cpus",
    guarantee: "limit.cpu",
    description: "cap on CPU time, in CPUs",
    example: "1.5",
  },
  pids: {
    flag: "pids",
    quantity: "count",
    guarantee: "limit.pids",
    description: "cap on processes and threads",
    example: "200",
  },
  cpuTimeMs: {
    flag: "cpu-time",
    quantity: "duration",
    guarantee: "limit.cpu",
    description: "end the job when it has used so much CPU time",
    example: "30s",
  },
  idleMs: {
    flag: "idle",
    quantity: "duration",
    guarantee: "limit.time",
    description: "end the job after this time without output",
    example: "1m",
  },
  outputBytes: {
    flag: "output-size",
    quantity: "size",
    guarantee: "limit.output",
    description: "cap on output and errors together",
    example: "10M",
  },
  diskBytes: {
    flag: "tmp-size",
    quantity: "size",
    guarantee: "limit.disk",
    description: "cap on /tmp, home, /dev/shm, empty workspace, each; default 2G",
    example: "1G",
  },
  diskFiles: {
    flag: "tmp-files",
    quantity: "files",
    guarantee: "limit.disk",
    description: "cap on files in each of them",
    example: "10000",
  },
  layerBytes: {
    flag: "workspace-size",
    quantity: "size",
    guarantee: "limit.disk",
    description: "cap on what the job changes in its copy-on-write workspace, which is in memory until it ends",
    example: "1G",
  },
  ioReadBytes: {
    flag: "io-read",
    quantity: "rate",
    description: "cap on reading from each disk, in bytes a second",
    example: "20M/s",
  },
  ioWriteBytes: {
    flag: "io-write",
    quantity: "rate",
    description: "cap on writing to each disk, in bytes a second",
    example: "20M/s",
  },
  openFiles: {
    flag: "open-files",
    quantity: "files",
    description: "cap on open files, of each process by itself",
    example: "256",
  },
  fileBytes: {
    flag: "file-size",
    quantity: "size",
    description: "cap on the size of a file, of each process by itself",
    example: "1G",
  },
  coreBytes: {
    flag: "core-size",
    quantity: "size",
    description: "cap on core files, of each process by itself; default none",
    example: "100M",
  },
} as const satisfies Readonly<Record<CapKey, LimitField>>;

/** The name of a cap in a job. */
export type LimitKey = keyof typeof limitFields;

/** Every cap by its name in a job. */
export const limitEntries = Object.entries(limitFields) as readonly (readonly [LimitKey, LimitField])[];

/** Caps that are stated. */
export type StatedLimits = { readonly [Key in LimitKey]?: number | undefined };

/** Those of the caps that have a value. */
export function statedLimits(limits: StatedLimits): { readonly [Key in LimitKey]?: number } {
  return Object.fromEntries(limitEntries.flatMap(([key]) => (limits[key] === undefined ? [] : [[key, limits[key]]])));
}
