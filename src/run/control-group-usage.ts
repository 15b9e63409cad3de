/** What a job's tree has used, as its control groups counted it. */
import type { Usage } from "../model/outcome.ts";
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

/** Read when the job has ended, and before its groups are removed. */
export function readTreeUsage({ version, byController }: CountingGroups): Usage["tree"] {
  const { memory, pids, cpu } = byController;
  const directories = [byController["cpu-time"], cpu, memory, pids].filter((path) => path !== undefined);
  return {
    cpuMs: [...new Set(directories)].map(readCpuMs).find((used) => used !== undefined),
    peakMemoryBytes: memory === undefined ? undefined : readCount(`${memory}/${memoryPeak[version]}`),
    // Linux 6.1 has it.
    peakPids: pids === undefined ? undefined : readCount(`${pids}/pids.peak`),
  };
}
