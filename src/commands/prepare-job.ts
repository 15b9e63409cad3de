/** What `run` and `plan` share: a job, what was measured, and the choice. */
import type { Host } from "../host/host.ts";
import type { Capability, Matrix, Standings } from "../model/capability.ts";
import type { Job } from "../model/job.ts";
import type { Plan } from "../model/plan.ts";
import type { Report, Selection, Verdict } from "../model/report.ts";
import { readFingerprintParts } from "../report/fingerprint.ts";
import { loadSaved, saveReport } from "../report/saved-report.ts";
import { parseVerdict, verdictOf } from "../report/verdict.ts";
import { statedAs, type JobRequest } from "../run/job-request.ts";
import { resolveJob } from "../run/resolve-job.ts";
import { notingStandings } from "../select/asked-capabilities.ts";
import { select } from "../select/select.ts";
import { strategies } from "../strategies/registry.gen.ts";
import { say } from "./terminal.ts";

/** What is known of the host: saved on an earlier run under the same fingerprint, or with the whole report, measured now. */
export interface Knowledge {
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

/** The job. @throws CupelError `usage`. */
export async function prepareJob(request: JobRequest, host: Host, directories: readonly string[]): Promise<Job> {
  if (request.allowedHosts.length > 0) await checkAllowedHosts(request);
  const tools = request.tools ? (await import("../run/tool-grants.ts")).findToolGrants(host) : undefined;
  return resolveJob(request, { host, stateDirectories: directories, tools });
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
  return { verdict: verdictOf(report), report };
}

/** What it leads to for this job, if it says all that depends on; another job may have depended on less. */
function decideFromSaved(verdict: Verdict, job: Job): Decided | undefined {
  const { standings, skipped } = verdict;
  if (job.demands.prefer === "strongest" && skipped.length > 0) return undefined;
  const asked = new Set<string>();
  const decided = decide(job, { ...verdict, standings: notingStandings(standings, asked) });
  const isKnown = (id: string): boolean => Object.hasOwn(standings, id) || skipped.includes(id);
  return [...asked].every(isKnown) ? decided : undefined;
}

/** What was saved, if it holds and says enough; otherwise what is measured now. */
export async function obtainKnowledge(inquiry: Inquiry, fresh: boolean): Promise<Knowledge> {
  const { job, host, directories } = inquiry;
  const waits = job.demands.prefer === "strongest";
  if (fresh) return measureAnew(inquiry, waits);
  const saved = loadSaved(directories, host.identity.uid, {
    kind: "verdict",
    parse: parseVerdict,
    parts: readFingerprintParts(host),
  });
  const decided = saved.ok ? decideFromSaved(saved.value, job) : undefined;
  if (saved.ok && decided !== undefined) return { verdict: saved.value, decided };
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
  const saved = loadSaved(directories, host.identity.uid, {
    kind: "report",
    parse: parseReport,
    parts: readFingerprintParts(host),
  });
  const verdict = saved.ok ? verdictOf(saved.value) : undefined;
  const decided = verdict === undefined ? undefined : decideFromSaved(verdict, job);
  if (saved.ok && verdict !== undefined && decided !== undefined) return { verdict, decided, saved: saved.value };
  if (!saved.ok && saved.reason !== undefined) say(saved.reason);
  return measureAnew(inquiry, waits);
}

/** The report's capabilities by id. */
export function matrixOf(capabilities: readonly Capability[]): Matrix {
  return Object.fromEntries(capabilities.map((capability) => [capability.id, capability]));
}

function decide(job: Job, { standings, trials }: Verdict): Decided {
  const selection = select({ strategies, job, matrix: standings, trials });
  return { selection, plan: planFor(job, selection, standings) };
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

/** Chooses; before a refusal it measures again, in whole: what was saved or left out never decides against the caller. */
export async function choose(inquiry: Inquiry, knowledge: Knowledge): Promise<Choice> {
  const { job } = inquiry;
  const { selection, plan } = knowledge.decided ?? decide(job, knowledge.verdict);
  if (plan !== undefined) return { knowledge, selection, plan };
  const { report } = knowledge;
  if (report !== undefined && report.skipped.length === 0)
    return { knowledge: { ...knowledge, report }, selection, plan };
  return choose(inquiry, await measureAnew(inquiry, true));
}
