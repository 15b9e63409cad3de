/** Limits that are set on this process's control group or any above it: the tightest one holds, whoever set it. */
import type { Host } from "../host/host.ts";
import type { Evidence } from "../model/capability.ts";
import { ownDirectory, type ControlGroupPlaces } from "./_control-group-places.ts";
import { readLine } from "./_host-text.ts";

/** Controllers whose limits bound what a job can get. */
export type LimitingController = "cpu" | "memory" | "pids";

/** One limit that somebody set. */
export interface ChainLimit {
  readonly directory: string;
  /** Processors, bytes or processes. */
  readonly amount: number;
  /** As the file has it. */
  readonly text: string;
}

/** Every level that was read, and the tightest limit on it. */
export interface LimitChain {
  readonly tightest: ChainLimit | undefined;
  /** False where no hierarchy shows the own group: a limit may hold that cannot be seen. */
  readonly isVisible: boolean;
  readonly evidence: readonly Evidence[];
}

/** Files by version (cgroups(7), Documentation/admin-guide/cgroup-v2.rst and cgroup-v1). */
const readers: Readonly<
  Record<LimitingController, Readonly<Record<1 | 2, (host: Host, at: string) => string | undefined>>>
> = {
  cpu: {
    1: (host, at) => joined(host, [`${at}/cpu.cfs_quota_us`, `${at}/cpu.cfs_period_us`]),
    2: (host, at) => joined(host, [`${at}/cpu.max`]),
  },
  memory: {
    1: (host, at) => joined(host, [`${at}/memory.limit_in_bytes`]),
    2: (host, at) => joined(host, [`${at}/memory.max`]),
  },
  pids: { 1: (host, at) => joined(host, [`${at}/pids.max`]), 2: (host, at) => joined(host, [`${at}/pids.max`]) },
};

function joined(host: Host, paths: readonly string[]): string | undefined {
  const lines = paths.map((path) => readLine(host, path));
  return lines.every((line) => line.ok) ? lines.map((line) => line.value).join(" ") : undefined;
}

/** Version 1 says "no limit" as the largest number of whole pages (mm/page_counter.c). */
const noLimitFrom = 2 ** 60;

/** What a limit file amounts to; undefined where it sets none. */
export function parseChainLimit(controller: LimitingController, text: string): number | undefined {
  const [first = "", second = ""] = text.split(" ");
  if (!/^\d{1,20}$/.test(first)) return undefined;
  const amount = Number(first);
  if (controller !== "cpu") return amount >= noLimitFrom ? undefined : amount;
  const period = Number(second);
  return Number.isFinite(period) && period > 0 ? amount / period : undefined;
}

/** Reads the limits of a controller from the own group up to the hierarchy's mount point. */
export function readLimitChain(host: Host, places: ControlGroupPlaces, controller: LimitingController): LimitChain {
  const hierarchy =
    places.hierarchies.find(({ controllers }) => controllers.includes(controller)) ??
    places.hierarchies.find(({ version }) => version === 2);
  const own = hierarchy === undefined ? undefined : ownDirectory(places, hierarchy);
  if (hierarchy === undefined || own === undefined) {
    const result = hierarchy === undefined ? "none is mounted" : "not shown by the mount";
    const evidence = [{ action: `look for the own control group (${controller})`, result }];
    return { tightest: undefined, isVisible: false, evidence };
  }
  const levels = levelsOf(own, hierarchy.mountPoint).map((directory) => ({
    directory,
    text: readers[controller][hierarchy.version](host, directory),
  }));
  const limits = levels.flatMap(({ directory, text }) => {
    const amount = text === undefined ? undefined : parseChainLimit(controller, text);
    return text === undefined || amount === undefined ? [] : [{ directory, text, amount }];
  });
  const tightest = limits.toSorted((left, right) => left.amount - right.amount)[0];
  return { tightest, isVisible: true, evidence: describeLevels(controller, levels, limits) };
}

/** The own group first. Deeper than this nobody nests groups by intent. */
function levelsOf(own: string, top: string): string[] {
  const below = own
    .slice(top.length)
    .split("/")
    .filter((part) => part !== "");
  return Array.from({ length: Math.min(32, below.length + 1) }, (_, index) =>
    [top, ...below.slice(0, below.length - index)].join("/"),
  );
}

function describeLevels(
  controller: LimitingController,
  levels: readonly { readonly directory: string; readonly text: string | undefined }[],
  limits: readonly ChainLimit[],
): Evidence[] {
  const readable = levels.filter(({ text }) => text !== undefined).length;
  const seen = { action: `read the ${controller} limits of the own control group and those above`, result: "" };
  return [
    { ...seen, result: `${readable} of ${levels.length} have the file, ${limits.length} set a limit` },
    ...limits.slice(0, 8).map(({ directory, text }) => ({ action: `limit of ${directory}`, result: text })),
  ];
}
