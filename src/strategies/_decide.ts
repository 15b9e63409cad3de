/** How strategies put decisions together: kept if the capabilities that a mechanism stands on are usable. */
import type { CapabilityId } from "../matrix/build-matrix.ts";
import { isUsable, type Standings } from "../model/capability.ts";
import { guaranteeIds, type GuaranteeDecision, type GuaranteeId } from "../model/guarantee.ts";
import type { Job } from "../model/job.ts";

/** What a strategy knows when it decides about one guarantee. */
export interface Circumstances {
  readonly job: Job;
  readonly matrix: Standings;
}

/** One strategy's rule for one guarantee. */
export type GuaranteeRule = (circumstances: Circumstances) => Verdict;

/** A decision without its id. */
export type Verdict =
  | { readonly kept: true; readonly mechanism: string; readonly capabilities: readonly string[] }
  | { readonly kept: false; readonly reason: string; readonly missing?: string | undefined };

/** Kept by `mechanism` where all `capabilities` are usable; otherwise the first that is not is the reason. */
export function keptBy(mechanism: string, ...capabilities: readonly CapabilityId[]): GuaranteeRule {
  return ({ matrix }) => {
    const missing = capabilities.find((id) => !isUsable(matrix[id]));
    if (missing === undefined) return { kept: true, mechanism, capabilities };
    return { kept: false, reason: `${mechanism}: needs ${missing}`, missing };
  };
}

/** Not provided, whatever the host. */
export function notProvided(reason: string): GuaranteeRule {
  return () => ({ kept: false, reason });
}

/** The first of several ways that works; the reason of the first one where none does. */
export function firstOf(...rules: readonly [GuaranteeRule, ...GuaranteeRule[]]): GuaranteeRule {
  return (circumstances) => {
    const verdicts = rules.map((rule) => rule(circumstances));
    return verdicts.find((verdict) => verdict.kept) ?? rules[0](circumstances);
  };
}

/** Decisions about every guarantee, in report order. */
export function decideAll(
  rules: Readonly<Record<GuaranteeId, GuaranteeRule>>,
  circumstances: Circumstances,
): GuaranteeDecision[] {
  return guaranteeIds.map((id) => ({ id, ...rules[id](circumstances) }));
}

/** Caps by control group: the same for every strategy that the launcher carries out. */
export const controlGroupRules = {
  "limit.memory": keptBy("a control group of the job's own (memory)", "cgroup.memory"),
  "limit.cpu": keptBy("a control group of the job's own (cpu)", "cgroup.cpu"),
  "limit.pids": keptBy("a control group of the job's own (pids)", "cgroup.pids"),
} as const;

/** Caps that the launcher's plan asks of a control group: those that the job wants and this host can keep. */
export function controlGroupLimits({ job, matrix }: Circumstances): {
  memoryBytes?: number | undefined;
  pids?: number | undefined;
  cpus?: number | undefined;
} {
  const keeps = (id: CapabilityId): boolean => isUsable(matrix[id]);
  return {
    memoryBytes: keeps("cgroup.memory") ? (job.limits.memoryBytes ?? job.defaultLimits.memoryBytes) : undefined,
    pids: keeps("cgroup.pids") ? (job.limits.pids ?? job.defaultLimits.pids) : undefined,
    cpus: keeps("cgroup.cpu") ? job.limits.cpus : undefined,
  };
}

/** PATH of every job, behind the directories that `--tools` granted. */
export const standardPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** The job's variables: the declared ones over the few that every program expects. */
export function jobEnvironment(job: Job, home: string, user: string): Record<string, string> {
  return {
    PATH: [...job.toolDirectories, standardPath].join(":"),
    HOME: home,
    USER: user,
    LOGNAME: user,
    SHELL: "/bin/sh",
    LANG: "C.UTF-8",
    ...job.environment,
  };
}
