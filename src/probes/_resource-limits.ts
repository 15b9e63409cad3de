/** Resource limits of this process (getrlimit(2)), as a child of it inherits them. */
import type { Blocker, Evidence, Finding } from "../model/capability.ts";
import { finding } from "./_probe.ts";
import { formatBytes } from "./_quantity-words.ts";
import { errnoAt, notEstablished, type Reading } from "./_steps.ts";

interface LimitKind {
  readonly name: string;
  readonly unit: "bytes" | "seconds" | "count";
  /** A soft limit below this stops ordinary programs. */
  readonly least: number;
}

const infinite = Number.POSITIVE_INFINITY;

/** 1024 descriptors is what programs were always given; more than RLIM_INFINITY cannot be asked of the others. */
const kinds: Readonly<Record<string, LimitKind>> = {
  "limit-nofile": { name: "RLIMIT_NOFILE", unit: "count", least: 1024 },
  "limit-nproc": { name: "RLIMIT_NPROC", unit: "count", least: 256 },
  "limit-memlock": { name: "RLIMIT_MEMLOCK", unit: "bytes", least: 64 * 1024 },
  "limit-fsize": { name: "RLIMIT_FSIZE", unit: "bytes", least: infinite },
  "limit-as": { name: "RLIMIT_AS", unit: "bytes", least: infinite },
  "limit-data": { name: "RLIMIT_DATA", unit: "bytes", least: infinite },
  "limit-stack": { name: "RLIMIT_STACK", unit: "bytes", least: 1024 * 1024 },
  "limit-cpu": { name: "RLIMIT_CPU", unit: "seconds", least: infinite },
  "limit-core": { name: "RLIMIT_CORE", unit: "bytes", least: 0 },
};

/** The soft limit of a step; infinite where there is none, undefined where it was not told. */
export function softLimitAt(reading: Reading, step: string): number | undefined {
  const found = reading.steps.get(step);
  if (found?.errno !== "ok") return undefined;
  const [soft = ""] = found.text.split(" ");
  if (soft === "unlimited") return infinite;
  return /^\d+$/.test(soft) ? Number(soft) : undefined;
}

function describe(amount: number, unit: LimitKind["unit"]): string {
  if (amount === infinite) return "unlimited";
  if (unit === "bytes") return formatBytes(amount);
  return unit === "seconds" ? `${amount} s` : String(amount);
}

/** Inotify is asked beside them: its limits are per user and fail the same way (inotify(7)). */
export function judgeResourceLimits(reading: Reading, watching: readonly Evidence[]): Finding {
  const evidence = [...limitEvidence(reading), ...watching];
  if (softLimitAt(reading, "limit-nofile") === undefined) {
    return { ...notEstablished(reading, "getrlimit"), evidence };
  }
  const blockers = findTight(reading);
  const watcher = errnoAt(reading, "inotify");
  if (watcher === "EMFILE" || watcher === "ENFILE") {
    const detail = `fs.inotify.max_user_instances is reached: no file can be watched (${watcher})`;
    blockers.push({ code: "sysctl", detail });
  }
  const files = softLimitAt(reading, "limit-nofile");
  const value = files === infinite ? "unlimited" : files;
  if (blockers.length === 0) {
    const summary = `no limit of this process is tight: ${describe(files ?? infinite, "count")} open files`;
    return finding({ state: "works", level: "declared", summary, evidence, value });
  }
  const summary = `tight: ${blockers.map(({ detail }) => detail).join("; ")}`;
  return finding({ state: "degraded", level: "declared", summary, evidence, blockers, value });
}

function limitEvidence(reading: Reading): Evidence[] {
  return Object.entries(kinds).flatMap(([step, { name }]) => {
    const found = reading.steps.get(step);
    if (found === undefined) return [];
    return [{ action: `getrlimit(${name}), soft and hard`, result: found.errno === "ok" ? found.text : found.errno }];
  });
}

function findTight(reading: Reading): Blocker[] {
  return Object.entries(kinds).flatMap(([step, { name, unit, least }]): Blocker[] => {
    const soft = softLimitAt(reading, step);
    if (soft === undefined || soft >= least) return [];
    return [{ code: "rlimit", detail: `${name} is ${describe(soft, unit)}` }];
  });
}
