/** What a program does in the launcher's place stands on that program, and not on what the launcher could do itself. */
import type { CapabilityId } from "../matrix/build-matrix.ts";
import type { Standings } from "../model/capability.ts";
import type { GuaranteeDecision, GuaranteeId } from "../model/guarantee.ts";
import type { Job } from "../model/job.ts";
import { rootCapabilities } from "./_own-root.ts";

/** What nobody makes where a program makes the sandbox, whatever the host has. */
export interface Lack {
  readonly ids: readonly CapabilityId[];
  readonly why: string;
}

/** What a program makes, and what it leaves nobody to make. */
export interface StandIns {
  readonly program: CapabilityId;
  readonly made: readonly CapabilityId[];
  readonly lacking: readonly Lack[];
}

/** What a program makes that makes a whole sandbox: all of its namespaces, and its root. */
export const wholeSandbox: readonly CapabilityId[] = [
  ...rootCapabilities,
  "mount.proc",
  "ns.pid",
  "ns.ipc",
  "ns.uts",
  "ns.cgroup",
  "ns.network",
  "userns.create",
  "userns.capable",
];

/** Layers over a workspace, of which what was changed could be read afterwards: not by this program. */
export function noLayers(why: string): Lack {
  return { ids: ["mount.overlay", "mount.overlay-user", "mount.overlay-fuse"], why };
}

/** An engine's own are laid over images. */
export const noEnginesLayers: Lack = noLayers(
  "a container engine lays layers over images alone, and nobody could read from them what the job has changed",
);

/** No cap by a control group of the job's own. */
export function noControlGroups(why: string): Lack {
  const ids = ["memory", "pids", "cpu", "cpu-time", "io", "io-write"] as const;
  return { ids: ids.map((id) => `cgroup.${id}` as const), why };
}

/** What this job asks for and such a program has no words for, or leaves nobody the privilege to do. */
export function lackingWords(program: string, { limits, directPorts }: Job): Partial<Record<GuaranteeId, string>> {
  const noFileCount = `${program} caps the bytes of a file system, not its files (--tmp-files)`;
  const noRoutes = `${program} leaves nobody the privilege to lead every address to the job's loopback (--transparent-network)`;
  return {
    ...(limits.diskFiles === undefined ? {} : { "limit.disk": noFileCount }),
    ...(directPorts === undefined ? {} : { "net.allowlist": noRoutes }),
  };
}

/** Not kept, so not asked for either: whoever gave it up by name has a job without it. */
export function withoutLacking(job: Job): Job {
  return { ...job, limits: { ...job.limits, diskFiles: undefined }, directPorts: undefined };
}

const absent = { state: "absent" } as const;

function lackOf(lacking: readonly Lack[], id: string): Lack | undefined {
  return lacking.find(({ ids }) => ids.some((one) => one === id));
}

/** The same standings, as they are where the program makes the sandbox. Lazy, so that what is looked at can be noted. */
export function standingsWith({ program, made, lacking }: StandIns, matrix: Standings): Standings {
  const nothing: Standings = {};
  return new Proxy(nothing, {
    get: (_, id) => {
      if (lackOf(lacking, String(id)) !== undefined) return absent;
      return matrix[made.some((one) => one === id) ? program : String(id)];
    },
  });
}

function named({ program, made }: StandIns, id: string): string {
  return made.some((one) => one === id) ? program : id;
}

/** Decisions that were made with {@link standingsWith}, in the names of what they really stand on. */
export function decisionsWith(standIns: StandIns, decisions: readonly GuaranteeDecision[]): GuaranteeDecision[] {
  return decisions.map((decision) => {
    if (decision.kept) {
      const capabilities = [...new Set(decision.capabilities.map((id) => named(standIns, id)))];
      return { ...decision, capabilities };
    }
    const { id, missing } = decision;
    if (missing === undefined) return decision;
    const lack = lackOf(standIns.lacking, missing);
    // The host may well have it.
    return lack === undefined
      ? { ...decision, missing: named(standIns, missing) }
      : { id, kept: false, reason: lack.why };
  });
}
