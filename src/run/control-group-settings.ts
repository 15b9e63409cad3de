/** What is written to a job's control groups to have its caps kept, in the words of either version. Pure. */
import type { ControlGroupLimits } from "../model/plan.ts";
import type { Controller } from "./control-group-counts.ts";

/** One write. */
export interface Setting {
  readonly file: string;
  readonly value: string;
  /** Not every kernel is built with it: swap accounting, say. */
  readonly optional?: boolean;
}

/** A controller that a job needs, and what it is told. */
export interface WantedController {
  readonly controller: Controller;
  readonly settings: readonly Setting[];
}

type SettingsOf = (limits: ControlGroupLimits) => readonly Setting[] | undefined;

/** cpu.max and cpu.cfs_*: a tenth of a second, the kernel's default. */
const cpuPeriodMicros = 100_000;

const quotaOf = (cpus: number): number => Math.round(cpus * cpuPeriodMicros);

const pids: SettingsOf = (limits) =>
  limits.pids === undefined ? undefined : [{ file: "pids.max", value: String(limits.pids) }];

const cpuTime: SettingsOf = ({ countsCpuTime }) => (countsCpuTime === true ? [] : undefined);

/** A line for each disk, one a write. */
function perDisk({ io }: ControlGroupLimits, file: string, value: string): Setting[] {
  return (io?.disks ?? []).map((disk) => ({ file, value: `${disk} ${value}` }));
}

function hasRates({ io }: ControlGroupLimits): boolean {
  return io?.readBytes !== undefined || io?.writeBytes !== undefined;
}

/** Control Group v2, Documentation/admin-guide/cgroup-v2.rst. A limit on memory must hold for swap too. */
const settingsV2: Readonly<Record<Controller, SettingsOf>> = {
  memory: ({ memoryBytes }) =>
    memoryBytes === undefined
      ? undefined
      : [
          { file: "memory.max", value: String(memoryBytes) },
          { file: "memory.swap.max", value: "0", optional: true },
          { file: "memory.oom.group", value: "1", optional: true },
        ],
  pids,
  cpu: ({ cpus }) =>
    cpus === undefined ? undefined : [{ file: "cpu.max", value: `${quotaOf(cpus)} ${cpuPeriodMicros}` }],
  "cpu-time": cpuTime,
  io: (limits) =>
    hasRates(limits)
      ? perDisk(limits, "io.max", `rbps=${limits.io?.readBytes ?? "max"} wbps=${limits.io?.writeBytes ?? "max"}`)
      : undefined,
};

/** Control Group v1, Documentation/admin-guide/cgroup-v1/. memsw counts memory and swap together. */
const settingsV1: Readonly<Record<Controller, SettingsOf>> = {
  memory: ({ memoryBytes }) =>
    memoryBytes === undefined
      ? undefined
      : [
          { file: "memory.limit_in_bytes", value: String(memoryBytes) },
          { file: "memory.memsw.limit_in_bytes", value: String(memoryBytes), optional: true },
        ],
  pids,
  cpu: ({ cpus }) =>
    cpus === undefined
      ? undefined
      : [
          { file: "cpu.cfs_period_us", value: String(cpuPeriodMicros) },
          { file: "cpu.cfs_quota_us", value: String(quotaOf(cpus)) },
        ],
  "cpu-time": cpuTime,
  io: (limits) => {
    const { readBytes, writeBytes } = limits.io ?? {};
    if (!hasRates(limits)) return undefined;
    return [
      ...(readBytes === undefined ? [] : perDisk(limits, "blkio.throttle.read_bps_device", String(readBytes))),
      ...(writeBytes === undefined ? [] : perDisk(limits, "blkio.throttle.write_bps_device", String(writeBytes))),
    ];
  },
};

const controllers = ["memory", "pids", "cpu", "cpu-time", "io"] as const satisfies readonly Controller[];

/** Those that a job with these limits needs. */
export function wantedControllers(limits: ControlGroupLimits, version: "v1" | "v2"): WantedController[] {
  const settingsOf = version === "v2" ? settingsV2 : settingsV1;
  return controllers.flatMap((controller) => {
    const settings = settingsOf[controller](limits);
    return settings === undefined ? [] : [{ controller, settings }];
  });
}
