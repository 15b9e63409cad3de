/** What a job's tree has used, as its control groups counted it. */
import { isThere } from "../host/is-there.ts";
import type { DiskTraffic, Usage } from "../model/usage.ts";
import { parseKeyedNumber, readGroupFile, type CountingGroups } from "./control-group-counts.ts";

const memoryPeak = { v1: "memory.max_usage_in_bytes", v2: "memory.peak" } as const;

/** A number alone in a file; undefined where there is none, or 0. */
function readCount(path: string): number | undefined {
  const count = Number.parseInt(readGroupFile(path), 10);
  return count > 0 ? count : undefined;
}

/** Version 1 counts in nanoseconds (cpuacct.usage), every group of version 2 in microseconds (cpu.stat). */
function readCpuMs(directory: string): number | undefined {
  const nanoseconds = readCount(`${directory}/cpuacct.usage`);
  if (nanoseconds !== undefined) return nanoseconds / 1_000_000;
  const microseconds = parseKeyedNumber(readGroupFile(`${directory}/cpu.stat`), "usage_usec");
  return microseconds > 0 ? microseconds / 1000 : undefined;
}

const ioFile = { v1: "blkio.throttle.io_service_bytes_recursive", v2: "io.stat" } as const;

/**
 * A line for each device: `8:0 Read 4096` of version 1 (blkio-controller.rst), `8:0 rbytes=4096 wbytes=0 …` of version 2
 * (cgroup-v2.rst, io.stat). An empty text says that nothing was moved. Pure.
 */
export function parseTraffic(text: string): DiskTraffic {
  const sumOf = (pattern: RegExp): number =>
    [...text.matchAll(pattern)].reduce((sum, [, bytes]) => sum + Number(bytes), 0);
  return {
    readBytes: sumOf(/^\d+:\d+ (?:Read |.*\brbytes=)(\d+)/gm),
    writtenBytes: sumOf(/^\d+:\d+ (?:Write |.*\bwbytes=)(\d+)/gm),
  };
}

function readTraffic(directory: string, version: CountingGroups["version"]): DiskTraffic | undefined {
  const path = `${directory}/${ioFile[version]}`;
  return isThere(path) ? parseTraffic(readGroupFile(path)) : undefined;
}

/** Read when the job has ended, and before its groups are removed. */
export function readTreeUsage({ version, byController }: CountingGroups): Usage["tree"] {
  const { memory, pids, cpu } = byController;
  const directories = [byController["cpu-time"], cpu, memory, pids].filter((path) => path !== undefined);
  const own = [...new Set(directories)];
  return {
    cpuMs: own.map(readCpuMs).find((used) => used !== undefined),
    peakMemoryBytes: memory === undefined ? undefined : readCount(`${memory}/${memoryPeak[version]}`),
    // Linux 6.1 has it.
    peakPids: pids === undefined ? undefined : readCount(`${pids}/pids.peak`),
    io: own.map((directory) => readTraffic(directory, version)).find((traffic) => traffic !== undefined),
  };
}
