/** Problems as SARIF 2.1.0 (OASIS), as code scanning takes them. */
import { createHash } from "node:crypto";
import type { Report } from "../model/report.ts";
import { areaTitles } from "./capability-words.ts";
import { clause, sentence } from "./phrase.ts";
import { printableText } from "./printable-text.ts";
import { defaultLocation, relativeLocation } from "./relative-location.ts";
import { renderJson } from "./render-json.ts";
import type { RenderOptions } from "./render-options.ts";
import { describeProblem, describeRemedy, findReportedProblems, type ReportedProblem } from "./reported-problems.ts";

/** One run with one result for each problem. What works is no result: a scanner's results are what is wrong. */
export function renderSarif(report: Report, options: RenderOptions): string {
  const problems = findReportedProblems(report, options.demands);
  const location = relativeLocation(options.location ?? defaultLocation);
  return renderJson({
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "cupel", semanticVersion: report.cupel.version, rules: problems.map(ruleOf) } },
        automationDetails: { id: "cupel/", guid: guidOf(report.id) },
        invocations: [{ executionSuccessful: true, endTimeUtc: report.createdAt }],
        columnKind: "utf16CodeUnits",
        results: problems.map((problem, ruleIndex) => resultOf(problem, ruleIndex, location)),
      },
    ],
  });
}

/** A rule is what cupel looks at, whatever this host is like: nothing measured stands in it. */
function ruleOf({ id, capability, severity, demands }: ReportedProblem): object {
  const text =
    capability === undefined
      ? `The demand ${demands[0]?.demand.id ?? id} holds on this host.`
      : `${capability.title}: this host can do what ${capability.id} stands for.`;
  return {
    id,
    shortDescription: { text: capability?.title ?? `Demand ${demands[0]?.demand.id ?? id}` },
    fullDescription: { text },
    help: { text: `cupel doctor --all shows what was done to establish ${capability?.id ?? "it"} and what came back.` },
    defaultConfiguration: { level: severity },
    properties: { tags: ["sandbox", capability === undefined ? "demand" : areaTitles[capability.area]] },
  };
}

function resultOf(problem: ReportedProblem, ruleIndex: number, location: string): object {
  const { id, severity, capability, remedies } = problem;
  const text = [sentence(clause(problem.title)), ...describeProblem(problem).split("\n")]
    .map(printable)
    .join("\n")
    .trim();
  const fingerprint = createHash("sha256").update(`${location}\n${id}`).digest("hex").slice(0, 32);
  return {
    ruleId: id,
    ruleIndex,
    level: severity,
    message: { text },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: location.split("/").map(encodeURIComponent).join("/"), uriBaseId: "%SRCROOT%" },
          region: { startLine: 1 },
        },
        logicalLocations: [{ name: id, kind: "resource" }],
      },
    ],
    // GitHub knows an alert again by the first of these.
    partialFingerprints: { primaryLocationLineHash: `${fingerprint}:1`, "cupel/v1": fingerprint },
    ...(capability === undefined ? {} : { properties: measuredOf(capability, remedies) }),
  };
}

function measuredOf(
  { state, level, evidence, blockers, ruledOut }: NonNullable<ReportedProblem["capability"]>,
  remedies: ReportedProblem["remedies"],
): object {
  return { state, evidenceLevel: level, evidence, blockers, ruledOut, remedies: remedies.map(describeRemedy) };
}

/** A line without what a viewer could obey; its indentation says that it is a command. */
function printable(line: string): string {
  return line.slice(0, line.search(/\S|$/u)) + printableText(line.toWellFormed(), true).trim();
}

/** SARIF takes a GUID only in its strict form. */
function guidOf(id: string): string | undefined {
  const isGuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/iu.test(id);
  return isGuid ? id : undefined;
}
