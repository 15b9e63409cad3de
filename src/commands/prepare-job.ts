/** What `run` and `plan` share: a job, what was measured, and the choice. */
import type { Host } from "../host/host.ts";
import { isThere } from "../host/is-there.ts";
import type { Capability, Matrix, Standings } from "../model/capability.ts";
import type { Job } from "../model/job.ts";
import type { Plan } from "../model/plan.ts";
import type { StartCost } from "../model/start-cost.ts";
import type { VerifiedSet } from "../model/verification.ts";
import type { Report, Selection, Verdict } from "../model/report.ts";
import { readFingerprintParts, type FingerprintParts } from "../report/fingerprint.ts";
import { fileNames, loadSaved, saveReport } from "../report/saved-report.ts";
import { parseVerdict, verdictOf } from "../report/verdict.ts";
import { statedAs, statesSecrets, type JobRequest } from "../run/job-request.ts";
import { resolveJob } from "../run/resolve-job.ts";
import { notingStandings } from "../select/asked-capabilities.ts";
import { select } from "../select/select.ts";
import { decideVerified } from "../select/verified-decisions.ts";
import { strategies } from "../strategies/registry.gen.ts";
import { say } from "./terminal.ts";

/** What attacks showed, and what starts were measured to cost, under one fingerprint. */
interface Findings {
  readonly verified: readonly VerifiedSet[];
  readonly startCosts: readonly StartCost[];
}

/** What is known of the host: saved on an earlier run under the same fingerprint, or with the whole report, measured now. */
export interface Knowledge extends Findings {
  readonly verdict: Verdict;
  /** Present where it was measured just now: there is nothing newer to ask. */
  readonly report?: Report | undefined;
  /** What it leads to, where that had to be seen to know that it says enough. */
  readonly decided?: Decided | undefined;
}

interface Decided {
  readonly selection: Selection;
  readonly plan: Plan | undefined;
}

/** What was measured just now. */
export type Measurement = Knowledge & { readonly report: Report };

async function checkAllowedHosts(request: JobRequest): Promise<void> {
  const { parseDestinationRule } = await import("../run/network/destination-rule.ts");
  for (const text of request.allowedHosts) parseDestinationRule(text, statedAs(request, "allow-host", text));
}

async function readPublished(request: JobRequest): Promise<Job["published"]> {
  if (request.publish.length === 0) return undefined;
  const { resolvePublishedPorts } = await import("../run/published-ports.ts");
  return resolvePublishedPorts(request);
}

async function readSetup(request: JobRequest): Promise<Job["setup"]> {
  if (request.setup === undefined && request.setupAllowedHosts.length === 0) return undefined;
  const { resolveSetup } = await import("../run/setup-command.ts");
  return resolveSetup(request);
}

async function readDirectPorts(request: JobRequest): Promise<Job["directPorts"]> {
  if (request.isTransparent !== true) return undefined;
  const { resolveDirectPorts } = await import("../run/direct-ports.ts");
  return resolveDirectPorts(request);
}

/** The job. @throws CupelError `usage`; `refused` for an image that is not what it says, or too large. */
export async function prepareJob(
  request: JobRequest,
  host: Host,
  directories: readonly string[],
  isBatch = false,
): Promise<Job> {
  if (request.allowedHosts.length > 0) await checkAllowedHosts(request);
  if ([request.ignore, request.protect, request.artifacts].some(({ length }) => length > 0))
    (await import("../run/stated-globs.ts")).checkGlobs(request);
  const tools = request.tools ? (await import("../run/tool-grants.ts")).findToolGrants(host) : undefined;
  const [published, setup, directPorts] = await Promise.all([
    readPublished(request),
    readSetup(request),
    readDirectPorts(request),
  ]);
  const surroundings = { host, stateDirectories: directories, tools, isBatch, published, setup, directPorts };
  const job = resolveJob(request, surroundings);
  const laidOut = needsLayout(request, job)
    ? await (await import("../run/lay-out-job.ts")).layOutJob(job, request, surroundings)
    : job;
  const collecting = statesArtifacts(request) ? await withArtifacts(laidOut, request, host) : laidOut;
  const keeping = statesSecrets(request)
    ? (await import("../run/secrets/resolve-secrets.ts")).withSecrets(collecting, request)
    : collecting;
  if (job.limits.ioReadBytes === undefined && job.limits.ioWriteBytes === undefined) return keeping;
  return (await import("../run/job-disks.ts")).withDisks(keeping, host, directories);
}

/** Whether anything is asked of its root, or could be: what is written through may hold protected names. */
function needsLayout({ deny, protect, root, tmpfs, files }: JobRequest, { workspace, grants }: Job): boolean {
  const isAsked = [deny, protect, tmpfs, files].some(({ length }) => length > 0) || (root ?? "host") !== "host";
  return isAsked || workspace.mode === "rw" || grants.some(({ access }) => access === "write");
}

function statesArtifacts(request: JobRequest): boolean {
  const { artifacts, artifactsTo, artifactBytes, artifactFiles, artifactsRequired } = request;
  return [artifacts[0], artifactsTo, artifactBytes, artifactFiles, artifactsRequired].some((one) => one !== undefined);
}

async function withArtifacts(job: Job, request: JobRequest, host: Host): Promise<Job> {
  const { resolveArtifacts } = await import("../run/resolve-artifacts.ts");
  return { ...job, artifacts: resolveArtifacts(request, job.workspace, host) };
}

/** Where to look, and for which job. */
export interface Inquiry {
  readonly job: Job;
  readonly host: Host;
  readonly directories: readonly string[];
}

/**
 * Measures now what this job's choice depends on, and saves it. The measuring part of cupel is loaded only here: `run`
 * seldom needs it. Slow probes are waited for only where something depends on the last of them.
 */
export async function measureAnew({ job, host, directories }: Inquiry, waits: boolean): Promise<Measurement> {
  const { measureHost } = await import("./measure-host.ts");
  const report = await measureHost(host, directories, { kind: "asked", job, capabilities: [], waits, deep: false });
  const saved = saveReport(report, directories, host.identity.uid);
  if (!saved.ok && directories.length > 0)
    say(`the report could not be saved, so every run will probe again: ${saved.reason}`);
  const { verified = [], startCosts = [] } = report;
  return { verdict: verdictOf(report), report, verified, startCosts };
}

/** What it leads to for this job, if it says all that depends on; another job may have depended on less. */
function decideFromSaved(verdict: Verdict, findings: Findings, job: Job): Decided | undefined {
  const { standings, skipped } = verdict;
  if (job.demands.prefer === "strongest" && skipped.length > 0) return undefined;
  const named = strategies.find(({ id }) => id === job.demands.strategy);
  if (named?.requires(standings).some((id) => skipped.includes(id)) === true) return undefined;
  const asked = new Set<string>();
  const decided = decide(job, { ...verdict, standings: notingStandings(standings, asked) }, findings);
  const isKnown = (id: string): boolean => Object.hasOwn(standings, id) || skipped.includes(id);
  return [...asked].every(isKnown) ? decided : undefined;
}

/** What was found beside the report, if anything was; a file that is not used is worth a line. */
async function findingsUnder({ host, directories }: Inquiry, parts: FingerprintParts): Promise<Findings> {
  const isSaved = (kind: keyof typeof fileNames): boolean =>
    directories.some((directory) => isThere(`${directory}/${fileNames[kind]}`));
  const { uid } = host.identity;
  const attacks = isSaved("verification")
    ? (await import("../report/saved-verification.ts")).loadVerifiedSets(directories, uid, parts)
    : undefined;
  const starts = isSaved("startCosts")
    ? (await import("../report/saved-start-costs.ts")).loadStartCosts(directories, uid, parts)
    : undefined;
  for (const reason of [attacks?.reason, starts?.reason]) if (reason !== undefined) say(reason);
  return { verified: attacks?.sets ?? [], startCosts: starts?.costs ?? [] };
}

const nothingFound: Findings = { verified: [], startCosts: [] };

/** A saved report holds what was known when it was made. */
function withFindings(
  { verified: _attacks, startCosts: _starts, ...report }: Report,
  { verified, startCosts }: Findings,
): Report {
  return {
    ...report,
    ...(verified.length === 0 ? {} : { verified }),
    ...(startCosts.length === 0 ? {} : { startCosts }),
  };
}

/** What was saved, if it holds and says enough; otherwise what is measured now. */
export async function obtainKnowledge(inquiry: Inquiry, fresh: boolean): Promise<Knowledge> {
  const { job, host, directories } = inquiry;
  const waits = job.demands.prefer === "strongest";
  if (fresh) return measureAnew(inquiry, waits);
  const parts = readFingerprintParts(host);
  const saved = loadSaved(directories, host.identity.uid, { kind: "verdict", parse: parseVerdict, parts });
  const findings = saved.ok ? await findingsUnder(inquiry, parts) : nothingFound;
  const decided = saved.ok ? decideFromSaved(saved.value, findings, job) : undefined;
  if (saved.ok && decided !== undefined) return { verdict: saved.value, ...findings, decided };
  if (!saved.ok && saved.reason !== undefined) say(saved.reason);
  return measureAnew(inquiry, waits);
}

/** Knowledge with the reasons: `report` where it was measured just now, otherwise `saved`. */
export type ReasonedKnowledge = Measurement | (Knowledge & { readonly report?: undefined; readonly saved: Report });

/** The same with the reasons. */
export async function obtainReport(inquiry: Inquiry, fresh: boolean): Promise<ReasonedKnowledge> {
  const { job, host, directories } = inquiry;
  const waits = job.demands.prefer === "strongest";
  if (fresh) return measureAnew(inquiry, waits);
  const { parseReport } = await import("../report/report-schema.ts");
  const parts = readFingerprintParts(host);
  const saved = loadSaved(directories, host.identity.uid, { kind: "report", parse: parseReport, parts });
  const findings = saved.ok ? await findingsUnder(inquiry, parts) : nothingFound;
  const verdict = saved.ok ? verdictOf(saved.value) : undefined;
  const decided = verdict === undefined ? undefined : decideFromSaved(verdict, findings, job);
  if (saved.ok && verdict !== undefined && decided !== undefined)
    return { verdict, ...findings, decided, saved: withFindings(saved.value, findings) };
  if (!saved.ok && saved.reason !== undefined) say(saved.reason);
  return measureAnew(inquiry, waits);
}

/** The report's capabilities by id. */
export function matrixOf(capabilities: readonly Capability[]): Matrix {
  return Object.fromEntries(capabilities.map((capability) => [capability.id, capability]));
}

function decide(job: Job, { standings, trials }: Verdict, { verified, startCosts }: Findings): Decided {
  const selection = select({ strategies, job, matrix: standings, trials, verified, startCosts });
  return { selection, plan: planFor(job, selection, standings, verified) };
}

/** The chosen strategy's plan; undefined where nothing was chosen. */
export function planFor(
  job: Job,
  selection: Selection,
  standings: Standings,
  verified: readonly VerifiedSet[] = [],
): Plan | undefined {
  const strategy = strategies.find(({ id }) => id === selection.chosen);
  if (strategy === undefined) return undefined;
  return {
    strategy: strategy.id,
    isolation: strategy.isolation,
    launch: strategy.plan(job, standings),
    guarantees: decideVerified(strategy, job, standings, verified).decisions,
  };
}

/** A choice, or a refusal with the whole report to explain it. */
export type Choice =
  | { readonly knowledge: Knowledge; readonly selection: Selection; readonly plan: Plan }
  | { readonly knowledge: Knowledge & { report: Report }; readonly selection: Selection; readonly plan: undefined };

/** Chooses; before a refusal it measures again, in whole: what was saved or left out never decides against the caller. */
export async function choose(inquiry: Inquiry, knowledge: Knowledge): Promise<Choice> {
  const { job } = inquiry;
  const { selection, plan } = knowledge.decided ?? decide(job, knowledge.verdict, knowledge);
  if (plan !== undefined) return { knowledge, selection, plan };
  const { report } = knowledge;
  if (report !== undefined && report.skipped.length === 0)
    return { knowledge: { ...knowledge, report }, selection, plan };
  return choose(inquiry, await measureAnew(inquiry, true));
}
