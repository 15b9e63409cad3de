/** How strategies put decisions together: kept if the capabilities that a mechanism stands on are usable. */
import type { CapabilityId } from "../matrix/build-matrix.ts";
import { isBelowUserManager, isUsable, type Standings } from "../model/capability.ts";
import { guaranteeIds, type GuaranteeDecision, type GuaranteeId } from "../model/guarantee.ts";
import type { Job } from "../model/job.ts";
import type { ControlGroupLimits, LauncherPlan, ResourceLimits } from "../model/plan.ts";

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

/** Kept by all of these together; where one does not hold, its reason. */
export function allOf(...rules: readonly GuaranteeRule[]): GuaranteeRule {
  return (circumstances) => {
    const verdicts = rules.map((rule) => rule(circumstances));
    const kept = verdicts.filter((verdict) => verdict.kept);
    return (
      verdicts.find((verdict) => !verdict.kept) ?? {
        kept: true,
        mechanism: kept.map(({ mechanism }) => mechanism).join("; "),
        capabilities: [...new Set(kept.flatMap(({ capabilities }) => capabilities))],
      }
    );
  };
}

/** A group of the job's own; whose it is below says why there can be one, for a caller who is not root. */
function ownGroupRule(controller: "cpu" | "memory" | "pids"): GuaranteeRule {
  const id = `cgroup.${controller}` as const;
  return (circumstances) => {
    const whose = isBelowUserManager(circumstances.matrix[id]?.value) ? ", below the user's systemd manager" : "";
    return keptBy(`a control group of the job's own${whose} (${controller})`, id)(circumstances);
  };
}

const cpuRate = ownGroupRule("cpu");

/** A share of the processors, and time used up on them where `time` keeps that: each only where the job asks for it. */
export function cpuRule(time: GuaranteeRule): GuaranteeRule {
  return (circumstances) => {
    const { cpus, cpuTimeMs } = circumstances.job.limits;
    const asked = [...(cpus === undefined ? [] : [cpuRate]), ...(cpuTimeMs === undefined ? [] : [time])];
    return allOf(...(asked.length === 0 ? [cpuRate] : asked))(circumstances);
  };
}

/** Caps by control group: the same for every strategy that the launcher carries out. */
export const controlGroupRules = {
  "limit.memory": ownGroupRule("memory"),
  "limit.pids": ownGroupRule("pids"),
} as const;

/** Caps that the launcher's plan asks of a control group: those that the job wants and this host can keep. */
export function controlGroupLimits({ job, matrix }: Circumstances): ControlGroupLimits {
  const keeps = (id: CapabilityId): boolean => isUsable(matrix[id]);
  return {
    memoryBytes: keeps("cgroup.memory") ? (job.limits.memoryBytes ?? job.defaultLimits.memoryBytes) : undefined,
    pids: keeps("cgroup.pids") ? (job.limits.pids ?? job.defaultLimits.pids) : undefined,
    cpus: keeps("cgroup.cpu") ? job.limits.cpus : undefined,
    countsCpuTime: job.limits.cpuTimeMs !== undefined && keeps("cgroup.cpu-time") ? true : undefined,
    io: diskRates({ job, matrix }),
  };
}

/** No strategy is taken where this host cannot keep what is stated of them: see needsOfJob in select. */
function diskRates({ job: { limits }, matrix }: Circumstances): ControlGroupLimits["io"] {
  const { disks, ioReadBytes, ioWriteBytes } = limits;
  if (disks === undefined) return undefined;
  const keeps = (id: CapabilityId): boolean => isUsable(matrix[id]);
  return {
    disks,
    readBytes: ioReadBytes !== undefined && keeps("cgroup.io") ? ioReadBytes : undefined,
    writeBytes: ioWriteBytes !== undefined && keeps("cgroup.io-write") ? ioWriteBytes : undefined,
  };
}

/** Caps on each process, and on CPU time in that way where no control group counts the tree's. */
export function resourceLimits({ job, matrix }: Circumstances): ResourceLimits {
  const { cpuTimeMs, perProcess } = job.limits;
  const isCounted = controlGroupLimits({ job, matrix }).countsCpuTime === true;
  return {
    core: perProcess?.coreBytes ?? 0,
    openFiles: perProcess?.openFiles,
    fileBytes: perProcess?.fileBytes,
    cpuSeconds: cpuTimeMs === undefined || isCounted ? undefined : Math.ceil(cpuTimeMs / 1000),
  };
}

/** What the launcher itself sees to: time, where it is counted, and output. */
export function supervision(
  circumstances: Circumstances,
): Pick<LauncherPlan, "timeoutMs" | "graceMs" | "cpuTimeMs" | "idleMs" | "output"> {
  const { timeoutMs, graceMs, idleMs, outputBytes, onOutput = "truncate", ...limits } = circumstances.job.limits;
  const output = outputBytes === undefined ? undefined : { bytesMax: outputBytes, beyond: onOutput };
  const cpuTimeMs = controlGroupLimits(circumstances).countsCpuTime === true ? limits.cpuTimeMs : undefined;
  return { timeoutMs, graceMs, cpuTimeMs, idleMs, output };
}

/** PATH of every job, behind the directories that `--tools` granted. */
export const standardPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** The job's variables: the declared ones over the few that every program expects, and over those of the strategy. */
export function jobEnvironment(
  job: Job,
  home: string,
  user: string,
  own: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return {
    PATH: [...job.toolDirectories, standardPath].join(":"),
    HOME: home,
    USER: user,
    LOGNAME: user,
    SHELL: "/bin/sh",
    LANG: "C.UTF-8",
    ...own,
    ...job.environment,
  };
}
