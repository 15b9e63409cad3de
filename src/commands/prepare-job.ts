/** What `run` and `plan` share: a job, what was measured, and the choice. */
import type { Host } from "../host/host.ts";
import type { Capability, Matrix, Standings } from "../model/capability.ts";
import type { Job } from "../model/job.ts";
import type { Plan } from "../model/plan.ts";
import type { Report, Selection, Verdict } from "../model/report.ts";
import { readFingerprintParts } from "../report/fingerprint.ts";
import { loadSaved } from "../report/saved-report.ts";
import { parseVerdict, verdictOf } from "../report/verdict.ts";
import type { JobRequest } from "../run/job-request.ts";
import { resolveJob } from "../run/resolve-job.ts";
import { select } from "../select/select.ts";
import { strategies } from "../strategies/registry.gen.ts";
import { say } from "./terminal.ts";

/** What is known of the host: saved on an earlier run under the same fingerprint, or with the whole report, measured now. */
export interface Knowledge {
  readonly verdict: Verdict;
  /** Present where it was measured just now: there is nothing newer to ask. */
  readonly report?: Report | undefined;
}

/** The job. @throws CupelError `usage`. */
export async function prepareJob(request: JobRequest, host: Host, directories: readonly string[]): Promise<Job> {
  const tools = request.tools ? (await import("../run/tool-grants.ts")).findToolGrants(host) : undefined;
  return resolveJob(request, { host, stateDirectories: directories, tools });
}

/** Measures now. The measuring part of cupel is loaded only here: `run` seldom needs it. */
export async function measureAnew(host: Host, directories: readonly string[]): Promise<Knowledge & { report: Report }> {
  const { measureHost } = await import("./measure-host.ts");
  const { report, unsaved } = await measureHost(host, directories);
  if (unsaved !== undefined) say(`the report could not be saved, so every run will probe again: ${unsaved}`);
  return { verdict: verdictOf(report), report };
}

/** What was saved, if it holds; otherwise what is measured now. */
export async function obtainKnowledge(host: Host, directories: readonly string[], fresh: boolean): Promise<Knowledge> {
  if (fresh) return measureAnew(host, directories);
  const saved = loadSaved(directories, host.identity.uid, {
    kind: "verdict",
    parse: parseVerdict,
    parts: readFingerprintParts(host),
  });
  if (saved.ok) return { verdict: saved.value };
  if (saved.reason !== undefined) say(saved.reason);
  return measureAnew(host, directories);
}

/** The same with the reasons: the whole report. */
export async function obtainReport(
  host: Host,
  directories: readonly string[],
  fresh: boolean,
): Promise<Knowledge & { report: Report }> {
  if (fresh) return measureAnew(host, directories);
  const { parseReport } = await import("../report/report-schema.ts");
  const saved = loadSaved(directories, host.identity.uid, {
    kind: "report",
    parse: parseReport,
    parts: readFingerprintParts(host),
  });
  if (saved.ok) return { verdict: verdictOf(saved.value), report: saved.value };
  if (saved.reason !== undefined) say(saved.reason);
  return measureAnew(host, directories);
}

/** The report's capabilities by id. */
export function matrixOf(capabilities: readonly Capability[]): Matrix {
  return Object.fromEntries(capabilities.map((capability) => [capability.id, capability]));
}

function selectFrom(job: Job, { standings, trials }: Verdict): Selection {
  return select({ strategies, job, matrix: standings, trials });
}

/** The chosen strategy's plan; undefined where nothing was chosen. */
export function planFor(job: Job, selection: Selection, standings: Standings): Plan | undefined {
  const strategy = strategies.find(({ id }) => id === selection.chosen);
  if (strategy === undefined) return undefined;
  return {
    strategy: strategy.id,
    isolation: strategy.isolation,
    launch: strategy.plan(job, standings),
    guarantees: strategy.guarantees(job, standings),
  };
}

/** A choice, or a refusal with the whole report to explain it. */
export type Choice =
  | { readonly knowledge: Knowledge; readonly selection: Selection; readonly plan: Plan }
  | { readonly knowledge: Knowledge & { report: Report }; readonly selection: Selection; readonly plan: undefined };

/** Chooses; before a refusal it measures again, unless that was just done: what was saved never decides against the caller. */
export async function choose(
  job: Job,
  knowledge: Knowledge,
  host: Host,
  directories: readonly string[],
): Promise<Choice> {
  const selection = selectFrom(job, knowledge.verdict);
  const plan = planFor(job, selection, knowledge.verdict.standings);
  if (plan !== undefined) return { knowledge, selection, plan };
  const { report } = knowledge;
  if (report !== undefined) return { knowledge: { ...knowledge, report }, selection, plan };
  return choose(job, await measureAnew(host, directories), host, directories);
}
