/** Caps at random, as a job file says them, with what each stands for. */
import fc from "fast-check";
import { outputActions } from "../../src/model/job.ts";
import type { JobRequest } from "../../src/run/job-request.ts";

/** What is written in a file. */
export type FileValue =
  string | number | boolean | null | readonly FileValue[] | { readonly [name: string]: FileValue };

/** A value with what it stands for. */
export interface Written<Value> {
  readonly written: FileValue;
  readonly means: Value;
}

/** One of some values, each of which stands for itself. */
export const same = <Value extends FileValue>(values: readonly [Value, ...Value[]]): fc.Arbitrary<Written<Value>> =>
  fc.constantFrom(...values).map((value) => ({ written: value, means: value }));

const amount = fc.integer({ min: 1, max: 9999 });

const duration = fc
  .tuple(
    amount,
    fc.constantFrom(["ms", 1] as const, ["s", 1000] as const, ["m", 60_000] as const, ["h", 3_600_000] as const),
  )
  .map(([count, [unit, ms]]): Written<number> => ({ written: `${count}${unit}`, means: count * ms }));

const size = fc
  .tuple(
    amount,
    fc.constantFrom(["", 0], ["k", 1], ["K", 1], ["M", 2], ["MiB", 2], ["gb", 3], ["T", 4]) as fc.Arbitrary<
      [string, number]
    >,
    fc.boolean(),
  )
  .map(([count, [unit, power], isText]): Written<number> => ({
    written: unit === "" && !isText ? count : `${count}${unit}`,
    means: count * 1024 ** power,
  }))
  .filter(({ means }) => Number.isSafeInteger(means));

const count = fc
  .tuple(fc.integer({ min: 2, max: 4_194_304 }), fc.boolean())
  .map(([value, isText]): Written<number> => ({ written: isText ? String(value) : value, means: value }));

const files = fc
  .tuple(fc.integer({ min: 32, max: 1_000_000_000 }), fc.boolean())
  .map(([value, isText]): Written<number> => ({ written: isText ? String(value) : value, means: value }));

const cpus = fc
  .tuple(fc.integer({ min: 1, max: 409_600 }), fc.boolean())
  .map(([hundredths, isText]): Written<number> => ({
    written: isText ? String(hundredths / 100) : hundredths / 100,
    means: hundredths / 100,
  }));

/** A cap's field, its name in a request, and values of it. */
const caps = [
  ["timeout", "timeoutMs", duration],
  ["grace", "graceMs", duration],
  ["memory", "memoryBytes", size],
  ["cpus", "cpus", cpus],
  ["pids", "pids", count],
  ["cpu_time", "cpuTimeMs", duration],
  ["idle", "idleMs", duration],
  ["output_size", "outputBytes", size],
  ["tmp_size", "diskBytes", size],
  ["tmp_files", "diskFiles", files],
  ["workspace_size", "layerBytes", size],
  ["io_read", "ioReadBytes", size],
  ["io_write", "ioWriteBytes", size],
  ["open_files", "openFiles", files],
  ["file_size", "fileBytes", size],
  ["core_size", "coreBytes", size],
] as const;

type Limit = readonly [field: string, key: keyof JobRequest, value: Written<number | string>];

const stated = caps.map(([field, key, values]) =>
  fc.option(values, { nil: undefined }).map((value): Limit[] => (value === undefined ? [] : [[field, key, value]])),
);

const action = fc.option(same(outputActions), { nil: undefined });

/** Some of them, or none; what becomes of output is said only where it has a cap, and none is nothing at all. */
export const randomLimits = fc.tuple(action, ...stated).map(([onOutput, ...found]) => {
  const limits: Limit[] = found.flat();
  if (onOutput !== undefined && limits.some(([field]) => field === "output_size")) {
    limits.push(["on_output", "onOutput", onOutput]);
  }
  return {
    written: Object.fromEntries(limits.map(([field, , value]) => [field, value.written])),
    means: Object.fromEntries(limits.map(([, key, value]) => [key, value.means])) as Partial<JobRequest>,
  };
});
