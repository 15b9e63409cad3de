/** What `check` demands: from its flags, a policy and a job. */
import { existsSync } from "node:fs";
import type { Host } from "../host/host.ts";
import { capabilityIds } from "../matrix/capability-ids.ts";
import { CupelError } from "../model/error.ts";
import {
  guaranteeIds,
  isolationClasses,
  isolationStrength,
  type GuaranteeId,
  type IsolationClass,
} from "../model/guarantee.ts";
import type { Job } from "../model/job.ts";
import { nearestWord } from "../model/nearest-word.ts";
import { defaultPolicyPath } from "../run/default-paths.ts";
import { defaultRequest, type JobRequest } from "../run/job-request.ts";
import { parseCount, parseCpus, parseDurationMs, parseSizeBytes } from "../run/parse-quantity.ts";
import type { Policy } from "../run/policy-file.ts";
import type { CommandLine } from "./parse-command-line.ts";
import { prepareJob } from "./prepare-job.ts";

/** What is demanded of this host. */
export interface Demanded {
  /** Its guarantees, floor and strategy are demanded; undefined where nothing is demanded of a strategy. */
  readonly job?: Job | undefined;
  readonly capabilities: readonly string[];
  /** The file that makes the demands. */
  readonly location?: string | undefined;
}

/** Demands as they were stated in one place. */
interface Stated {
  readonly guarantees: readonly GuaranteeId[];
  readonly isolation?: IsolationClass | undefined;
  readonly strategy?: string | undefined;
  readonly capabilities: readonly string[];
}

const capFlags = ["memory", "cpus", "pids", "timeout"] as const;
const demandFlags: readonly string[] = ["require", "min", "strategy", "capability", ...capFlags];

function words(line: CommandLine, name: string): string[] {
  return (line.flags.get(name) ?? []).flatMap((value) => value.split(","));
}

/** Capabilities are not in the flags' descriptions: loading their list would cost every `run` time. */
function capabilitiesIn(line: CommandLine): string[] {
  const ids = words(line, "capability");
  for (const id of ids) {
    if (capabilityIds.includes(id)) continue;
    const near = nearestWord(id, capabilityIds);
    const hint = near === undefined ? "cupel explain lists them all" : `did you mean ${near}?`;
    throw new CupelError("usage", `--capability does not take ${JSON.stringify(id)}: there is none, ${hint}`);
  }
  return ids;
}

/** A cap that is stated is demanded. */
function requestIn({ flags }: CommandLine): JobRequest {
  const parsed = (name: string, parse: (text: string, flag: string) => number): number | undefined => {
    const value = flags.get(name)?.at(-1);
    return value === undefined ? undefined : parse(value, `--${name}`);
  };
  return {
    ...defaultRequest,
    timeoutMs: parsed("timeout", parseDurationMs),
    memoryBytes: parsed("memory", parseSizeBytes),
    cpus: parsed("cpus", parseCpus),
    pids: parsed("pids", parseCount),
  };
}

const capGuarantees: Readonly<Record<(typeof capFlags)[number], GuaranteeId>> = {
  memory: "limit.memory",
  cpus: "limit.cpu",
  pids: "limit.pids",
  timeout: "limit.time",
};

function statedIn(line: CommandLine): Stated {
  const required = words(line, "require");
  const caps = capFlags.filter((name) => line.flags.has(name)).map((name) => capGuarantees[name]);
  return {
    guarantees: [...guaranteeIds.filter((id) => required.includes(id)), ...caps],
    isolation: isolationClasses.find((known) => known === line.flags.get("min")?.at(-1)),
    strategy: line.flags.get("strategy")?.at(-1),
    capabilities: capabilitiesIn(line),
  };
}

function statedBy({ require }: Policy, path: string): Stated {
  const { guarantees = [], capabilities = [], isolation, strategy } = require;
  if (guarantees.length + capabilities.length === 0 && isolation === undefined && strategy === undefined) {
    throw new CupelError("usage", `${path} demands nothing; name guarantees, capabilities or an isolation class in it`);
  }
  return { guarantees, capabilities, isolation, strategy };
}

function strongest(classes: readonly (IsolationClass | undefined)[]): IsolationClass | undefined {
  const stated = classes.filter((isolation) => isolation !== undefined);
  return stated.toSorted((one, other) => isolationStrength(other) - isolationStrength(one))[0];
}

function oneStrategy(strategies: readonly (string | undefined)[]): string | undefined {
  const stated = [...new Set(strategies.filter((strategy) => strategy !== undefined))];
  if (stated.length > 1) {
    throw new CupelError("usage", `two strategies are demanded, ${stated.join(" and ")}; demand one`);
  }
  return stated[0];
}

/** The job with what else is demanded of its strategy. */
function withDemands(job: Job, own: boolean, stated: readonly Stated[]): Job {
  const { demands } = job;
  const wanted = new Set([...(own ? demands.required : []), ...stated.flatMap(({ guarantees }) => guarantees)]);
  return {
    ...job,
    demands: {
      ...demands,
      required: guaranteeIds.filter((id) => wanted.has(id)),
      minimum: strongest([demands.minimum, ...stated.map(({ isolation }) => isolation)]),
      strategy: oneStrategy([demands.strategy, ...stated.map(({ strategy }) => strategy)]),
    },
  };
}

/** The policy that is named, or the one that lies here where nothing else is demanded. */
function policyPath({ flags }: CommandLine): string | undefined {
  const named = flags.get("policy")?.at(-1);
  if (named !== undefined) return named;
  const isDemanding = flags.has("job") || demandFlags.some((name) => flags.has(name));
  return !isDemanding && existsSync(defaultPolicyPath) ? defaultPolicyPath : undefined;
}

/** What is wrong with a job in a file is said of the file. */
async function resolve(
  request: JobRequest,
  host: Host,
  directories: readonly string[],
  location: string | undefined,
): Promise<Job> {
  try {
    return await prepareJob(request, host, directories);
  } catch (error) {
    if (!(error instanceof CupelError) || location === undefined) throw error;
    throw new CupelError(error.code, `${location}: ${error.message}`, { cause: error, hint: error.hint });
  }
}

/** The job's request; a job in a file needs no flag beside it. */
async function requestFrom(line: CommandLine, jobPath: string | undefined): Promise<JobRequest> {
  if (jobPath === undefined) return requestIn(line);
  const { readJobFile } = await import("../run/job-file.ts");
  return { ...requestIn(line), ...readJobFile(jobPath) };
}

async function statedAll(line: CommandLine, policy: string | undefined): Promise<readonly Stated[]> {
  if (policy === undefined) return [statedIn(line)];
  const { readPolicyFile } = await import("../run/policy-file.ts");
  return [statedIn(line), statedBy(readPolicyFile(policy), policy)];
}

function demandsSomething({ demands: { required, minimum, strategy } }: Job): boolean {
  return required.length > 0 || minimum !== undefined || strategy !== undefined;
}

/**
 * Everything that is demanded. Where nothing is, and no lock either, the demands of the default job.
 * @throws CupelError `usage` for a file or an id that is wrong.
 */
export async function demandsFromFlags(
  line: CommandLine,
  host: Host,
  directories: readonly string[],
  isLocked: boolean,
): Promise<Demanded> {
  const policy = policyPath(line);
  const jobPath = line.flags.get("job")?.at(-1);
  const stated = await statedAll(line, policy);
  const isStated = policy !== undefined || demandFlags.some((name) => line.flags.has(name));
  const isOwn = jobPath !== undefined || (!isStated && !isLocked);
  const job = withDemands(await resolve(await requestFrom(line, jobPath), host, directories, jobPath), isOwn, stated);
  return {
    job: isOwn || demandsSomething(job) ? job : undefined,
    capabilities: [...new Set(stated.flatMap(({ capabilities }) => capabilities))],
    location: jobPath ?? policy,
  };
}
