/** What `check` demands: from its flags, a policy and a job. */
import type { Host } from "../host/host.ts";
import { isThere } from "../host/is-there.ts";
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
import type { JobRequest } from "../run/job-request.ts";
import { limitEntries } from "../run/limit-fields.ts";
import type { Policy } from "../run/policy-file.ts";
import { projectFileName } from "../run/settings-files.ts";
import { needsOfJob } from "../select/needs-of-job.ts";
import { jobFromFlags } from "./job-from-flags.ts";
import type { CommandLine } from "./parse-command-line.ts";
import { prepareJob } from "./prepare-job.ts";
import { requestJob } from "./request-job.ts";

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

const capFlags = limitEntries.filter(([, { guarantee }]) => guarantee !== undefined).map(([, { flag }]) => flag);
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
function capsIn({ flags }: CommandLine): GuaranteeId[] {
  return limitEntries.flatMap(([, { flag, guarantee }]) =>
    guarantee !== undefined && flags.has(flag) ? [guarantee] : [],
  );
}

function statedIn(line: CommandLine): Stated {
  const required = words(line, "require");
  return {
    guarantees: [...guaranteeIds.filter((id) => required.includes(id)), ...capsIn(line)],
    isolation: isolationClasses.find((known) => known === line.flags.get("min")?.at(-1)),
    strategy: line.flags.get("strategy")?.at(-1),
    capabilities: capabilitiesIn(line),
  };
}

function statedBy({ require = {} }: Policy): Stated {
  const { guarantees = [], capabilities = [], isolation, strategy } = require;
  return { guarantees, capabilities, isolation, strategy };
}

function isEmpty({ guarantees, capabilities, isolation, strategy }: Stated): boolean {
  return guarantees.length + capabilities.length === 0 && isolation === undefined && strategy === undefined;
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

interface FoundPolicy {
  readonly path: string;
  readonly stated: Stated;
}

/** Loaded with the reader of its language only where there is one. */
async function readPolicy(named: string | undefined): Promise<FoundPolicy> {
  const { parsePolicy, readPolicyText, readProjectText } = await import("../run/policy-file.ts");
  const path = named ?? projectFileName;
  const text = named === undefined ? readProjectText(path) : readPolicyText(path);
  return { path, stated: statedBy(parsePolicy(text, path).value) };
}

/** The policy that is named, or the one that lies here where nothing else is demanded. @throws CupelError `usage`. */
async function findPolicy({ flags }: CommandLine): Promise<FoundPolicy | undefined> {
  const named = flags.get("policy")?.at(-1);
  const isDemanding = flags.has("job") || demandFlags.some((name) => flags.has(name));
  if (named === undefined && (isDemanding || !isThere(projectFileName))) return undefined;
  const policy = await readPolicy(named);
  if (!isEmpty(policy.stated)) return policy;
  // A project may have nothing to say but what its jobs are like.
  if (named === undefined) return undefined;
  throw new CupelError(
    "usage",
    `${named} demands nothing; name guarantees, capabilities or an isolation class under require in it`,
  );
}

/** The request: a job in a file is what run would make of it. */
async function requestFrom(line: CommandLine, host: Host): Promise<JobRequest> {
  if (line.flags.has("job")) return requestJob(line, host);
  return jobFromFlags({
    flags: new Map([...line.flags].filter(([name]) => capFlags.includes(name))),
    operands: ["true"],
  });
}

function demandsSomething({ demands: { required, minimum, strategy } }: Job): boolean {
  return required.length > 0 || minimum !== undefined || strategy !== undefined;
}

/** Caps that no guarantee stands for are demanded as what keeps them. */
function ratesOf(job: Job): string[] {
  return needsOfJob(job, {}).filter((id) => id.startsWith("cgroup."));
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
  const policy = await findPolicy(line);
  const jobPath = line.flags.get("job")?.at(-1);
  const stated = [statedIn(line), ...(policy === undefined ? [] : [policy.stated])];
  const isStated = policy !== undefined || demandFlags.some((name) => line.flags.has(name));
  const isOwn = jobPath !== undefined || (!isStated && !isLocked);
  const job = withDemands(await prepareJob(await requestFrom(line, host), host, directories), isOwn, stated);
  return {
    job: isOwn || demandsSomething(job) ? job : undefined,
    capabilities: [...new Set([...stated.flatMap(({ capabilities }) => capabilities), ...ratesOf(job)])],
    location: jobPath ?? policy?.path,
  };
}
