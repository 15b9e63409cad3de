/** The report as JUnit XML: a suite for the demands, one for the trials, one for each area. */
import { areas, type Area, type Capability } from "../model/capability.ts";
import type { DemandVerdict } from "../model/demand.ts";
import type { Report } from "../model/report.ts";
import type { Trial } from "../model/trial.ts";
import { areaTitles, describeCapability } from "./capability-words.ts";
import { sentence } from "./phrase.ts";
import type { RenderOptions } from "./render-options.ts";
import {
  capabilityOf,
  demandsOf,
  describeProblem,
  findReportedProblems,
  type ReportedProblem,
} from "./reported-problems.ts";
import { element, escapeText } from "./xml-text.ts";

/** One test case. What it is besides passed stands in `outcome`. */
interface TestCase {
  readonly name: string;
  readonly durationMs: number;
  readonly outcome?: {
    readonly kind: "skipped" | "error" | "failure";
    readonly type: string;
    readonly message: string;
    readonly text: string;
  };
  /** What was seen, for the suite's output. */
  readonly output: string;
}

/**
 * The XML. `error` is what could not be told, `failure` what was demanded and is not there, `skipped` what is not there
 * and nobody demanded. Valid against the schema that Jenkins uses.
 */
export function renderJunit(report: Report, options: RenderOptions): string {
  const demands = demandsOf(report, options.demands);
  const problems = findReportedProblems(report, options.demands);
  const suites = [
    { name: "demands", cases: demands.map(caseOfDemand), durationMs: 0 },
    {
      name: "trials",
      cases: report.trials.map((trial) => caseOfTrial(trial, report, demands)),
      durationMs: sum(report.trials),
    },
    ...areas.map((area) => suiteOfArea(area, report, demands, problems)),
  ].filter(({ cases }) => cases.length > 0);
  const content = suites.map(({ name, cases, durationMs }, id) => renderSuite(name, cases, durationMs, id, report));
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element("testsuites", {}, `\n${content.join("")}`)}\n`;
}

function suiteOfArea(
  area: Area,
  { capabilities }: Report,
  demands: readonly DemandVerdict[],
  problems: readonly ReportedProblem[],
): { name: string; cases: TestCase[]; durationMs: number } {
  const members = capabilities.filter((capability) => capability.area === area);
  // A probe's time stands at each capability that it found, and is counted once.
  const probes = new Map(members.map(({ probe, durationMs }) => [probe, { durationMs }]));
  const cases = members.map((member) => caseOfCapability(member, demands, problems));
  return { name: area, cases, durationMs: sum([...probes.values()]) };
}

function caseOfCapability(
  capability: Capability,
  demands: readonly DemandVerdict[],
  problems: readonly ReportedProblem[],
): TestCase {
  const { id, durationMs, evidence, state } = capability;
  const seen = evidence.map(({ action, result }) => `    ${oneLine(action)}: ${oneLine(result)}\n`);
  const test = {
    name: id,
    durationMs,
    output: `${oneLine(sentence(describeCapability(capability)))}\n${seen.join("")}`,
  };
  const isWhole = state === "works" || state === "degraded";
  const failed = demands.filter((demand) => capabilityOf(demand) === id && demand.result !== "holds");
  if (isWhole && !failed.some(({ result }) => result === "fails")) return test;
  const problem = problems.find((candidate) => candidate.id === id);
  const message = oneLine(sentence(describeCapability(capability)));
  const text = problem === undefined ? "" : describeProblem(problem);
  return { ...test, outcome: { kind: kindOf(state, failed.length > 0), type: state, message, text } };
}

function kindOf(state: Capability["state"], isDemanded: boolean): "skipped" | "error" | "failure" {
  if (state === "unknown") return "error";
  return isDemanded ? "failure" : "skipped";
}

function caseOfDemand({ demand, result, because }: DemandVerdict): TestCase {
  const name = `${demand.kind} ${demand.id}`;
  const message = oneLine(sentence(because));
  const test = { name, durationMs: 0, output: `${name}: ${result}; ${message}\n` };
  if (result === "holds" || result === "degraded") return test;
  return { ...test, outcome: { kind: result === "unknown" ? "error" : "failure", type: result, message, text: "" } };
}

/** A trial that failed is a failure where its strategy was demanded, or none is left. */
function caseOfTrial(trial: Trial, { selection }: Report, demands: readonly DemandVerdict[]): TestCase {
  const { strategy, result, summary, durationMs, evidence } = trial;
  const seen = evidence.map(({ action, result: came }) => `    ${oneLine(action)}: ${oneLine(came)}\n`);
  const test = {
    name: strategy,
    durationMs,
    output: `${strategy}: ${result}; ${oneLine(sentence(summary))}\n${seen.join("")}`,
  };
  if (result === "passed") return test;
  const isNamed = demands.some(({ demand }) => demand.kind === "strategy" && demand.id === strategy);
  const isDemanded = isNamed || selection.chosen === undefined;
  const failure = isDemanded ? "failure" : "skipped";
  const kind = result === "unknown" ? "error" : failure;
  return { ...test, outcome: { kind, type: result, message: oneLine(sentence(summary)), text: seen.join("") } };
}

function renderSuite(name: string, cases: readonly TestCase[], durationMs: number, id: number, report: Report): string {
  const amount = (kind: string): number => cases.filter(({ outcome }) => outcome?.kind === kind).length;
  const attributes = {
    name: `cupel ${name in areaTitles ? areaTitles[name as Area] : name}`,
    package: `cupel.${name}`,
    id,
    timestamp: report.createdAt.slice(0, "2026-11-21T09:30:00".length),
    // Readers expect one; a report tells nobody's.
    hostname: "localhost",
    tests: cases.length,
    failures: amount("failure"),
    errors: amount("error"),
    skipped: amount("skipped"),
    time: seconds(durationMs),
  };
  const properties = element("properties", {}, element("property", { name: "report", value: report.id }));
  const output = element("system-out", {}, escapeText(`\n${cases.map((test) => test.output).join("")}`));
  const lines = [properties, ...cases.map((test) => renderCase(test, name)), output, element("system-err", {})];
  return `  ${element("testsuite", attributes, `\n${lines.map((line) => `    ${line}\n`).join("")}  `)}\n`;
}

function renderCase({ name, durationMs, outcome }: TestCase, suite: string): string {
  const attributes = { name, classname: `cupel.${suite}`, time: seconds(durationMs) };
  if (outcome === undefined) return element("testcase", attributes);
  const { kind, type, message, text } = outcome;
  // The schema allows no attributes here: what is to be said is the content.
  if (kind === "skipped") return element("testcase", attributes, element(kind, {}, escapeText(message)));
  return element("testcase", attributes, element(kind, { type, message }, escapeText(`${message}\n${text}`.trim())));
}

function oneLine(text: string): string {
  return text.replace(/\s+/gu, " ").trim();
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(3);
}

function sum(parts: readonly { readonly durationMs: number }[]): number {
  return parts.reduce((total, { durationMs }) => total + durationMs, 0);
}
