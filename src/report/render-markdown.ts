/** The report as a job summary: GitHub-flavoured Markdown with what matters on top and the whole matrix folded. */
import { areas, type Capability, type Matrix } from "../model/capability.ts";
import type { DemandVerdict } from "../model/demand.ts";
import { isolationSet } from "../model/guarantee.ts";
import type { Remedy, Report, StrategySummary } from "../model/report.ts";
import { describeDemand, describeDemands, worstResult } from "./demand-words.ts";
import { areaTitles, stateAndLevel } from "./capability-words.ts";
import { escapeMarkdown, markdownCode, markdownFold, markdownTable } from "./markdown-text.ts";
import { countStates } from "./matrix-blocks.ts";
import { clause, formatDuration, sentence } from "./phrase.ts";
import { describeRejection } from "./rejection-words.ts";
import { describeWho } from "./remedy-blocks.ts";
import { nothingHelps } from "./remedy-case.ts";
import type { RenderOptions } from "./render-options.ts";
import { demandsOf, findReportedProblems, mergeByCause, type ReportedProblem } from "./reported-problems.ts";
import { describeVerdict } from "./verdict-words.ts";

/** The summary. */
export function renderMarkdown(report: Report, options: RenderOptions): string {
  const matrix: Matrix = Object.fromEntries(report.capabilities.map((capability) => [capability.id, capability]));
  const demands = demandsOf(report, options.demands);
  const problems = findReportedProblems(report, options.demands);
  const judge = report.strategies.find(({ id }) => id === (report.selection.chosen ?? report.selection.closest));
  const lines = [
    `## ${icons[worstResult(demands)]} cupel: ${describeDemands(demands)}`,
    "",
    `${options.demands === undefined ? "" : "Without flags: "}${escapeMarkdown(describeVerdict(report, matrix))}`,
    "",
    ...demandLines(options.demands ?? []),
    ...problemLines(problems, report),
    ...strategyLines(report, matrix),
    ...(judge === undefined ? [] : guaranteeLines(judge, report.selection.chosen === judge.id)),
    ...capabilityLines(report.capabilities),
    `<sub>${origin(report)}</sub>`,
  ];
  return `${lines.join("\n")}\n`;
}

const icons = { holds: "✅", degraded: "⚠️", fails: "❌", unknown: "❓" } as const;

/** The demands that were stated; those of the default job are told by the guarantees below. */
function demandLines(demands: readonly DemandVerdict[]): string[] {
  const rows = demands.map((verdict) => [
    `${icons[verdict.result]} ${escapeMarkdown(describeDemand(verdict))}`,
    verdict.result === "unknown" ? "could not be told" : verdict.result,
    escapeMarkdown(verdict.because),
    verdict.capability === undefined ? "" : markdownCode(verdict.capability),
  ]);
  return section("Demands", markdownTable(["Demand", "Result", "Because", "Capability"], rows));
}

function problemLines(problems: readonly ReportedProblem[], report: Report): string[] {
  const seen = new Map<string, string>();
  const rows = mergeByCause(problems, report).flatMap((problem) =>
    problem.capability === undefined ? [] : [problemRow(problem, problem.capability, seen)],
  );
  return section("Problems", markdownTable(["Capability", "State", "Cause", "Layer", "Costs", "Remedy"], rows));
}

const severityIcons = { error: "❌", warning: "⚠️", note: "ℹ️" } as const;

/** `seen` maps remedies that were shown to where. */
function problemRow(problem: ReportedProblem, capability: Capability, seen: Map<string, string>): string[] {
  const { blockers } = capability;
  const layers = [...new Set(blockers.flatMap(({ layer }) => layer ?? []))];
  const names = [problem.id, ...problem.also].map(markdownCode).join("<br>");
  const causes = blockers.map(({ code, detail }) => `${markdownCode(code)}: ${escapeMarkdown(clause(detail))}`);
  const costs = problem.costs === "" ? "–" : escapeMarkdown(problem.costs);
  return [
    `${severityIcons[problem.severity]} ${names}`,
    escapeMarkdown(capability.state),
    causes.length === 0 ? escapeMarkdown(clause(capability.summary)) : causes.join("<br>"),
    layers.length === 0 ? "–" : layers.join(", "),
    costs,
    problem.remedies.length === 0
      ? nothingHelps
      : problem.remedies.map((remedy) => remedyCell(remedy, seen)).join("<br>"),
  ];
}

function remedyCell(remedy: Remedy, seen: Map<string, string>): string {
  if (remedy.summary === nothingHelps) return escapeMarkdown(nothingHelps);
  const key = JSON.stringify([remedy.summary, remedy.commands, remedy.engineFlags]);
  const earlier = seen.get(key);
  if (earlier !== undefined) return `as for ${markdownCode(earlier)}, above`;
  seen.set(key, remedy.capability);
  const risk = remedy.risk === "" ? "" : ` Risk: ${sentence(remedy.risk)}`;
  const text = escapeMarkdown(`${clause(remedy.summary)} (${describeWho(remedy)}).${risk}`);
  return [text, ...[...remedy.commands, ...remedy.engineFlags].map(markdownCode)].join("<br>");
}

function strategyLines(report: Report, matrix: Matrix): string[] {
  const rows = report.strategies.map(({ id, isolation, summary, available }) => {
    const rejection = report.selection.rejected.find(({ strategy }) => strategy === id);
    const isTaken = report.selection.chosen === id;
    const notTaken = available ? "works here, not taken" : "not available";
    const why = isTaken || rejection === undefined ? summary : describeRejection(rejection, matrix);
    return [markdownCode(id), isolation, isTaken ? "**taken**" : notTaken, escapeMarkdown(clause(why))];
  });
  return section("Strategies", markdownTable(["Strategy", "Class", "Here", "Why"], rows));
}

/** What a strategy that cannot be taken would keep is not kept. */
function guaranteeLines({ id, available, guarantees }: StrategySummary, isTaken: boolean): string[] {
  const kept = available ? guarantees.filter((decision) => decision.kept).length : 0;
  const rows = guarantees.map((decision) => {
    const lack = isolationSet.includes(decision.id) && !isTaken ? "❌ no" : "– no";
    const capabilities = decision.kept ? decision.capabilities : [decision.missing ?? []].flat();
    return [
      markdownCode(decision.id),
      decision.kept && available ? "✅ yes" : `${lack}${decision.kept ? ", not before it is available" : ""}`,
      escapeMarkdown(clause(decision.kept ? decision.mechanism : decision.reason)),
      capabilities.map(markdownCode).join(" "),
    ];
  });
  const table = markdownTable(["Guarantee", "Kept", "How, or why not", "Stands on"], rows);
  const title = `Guarantees of ${id}${isTaken ? "" : ", the closest strategy"}`;
  return section(escapeMarkdown(title), [
    `${kept} of ${guarantees.length} kept for a job without flags.`,
    "",
    ...table,
  ]);
}

function capabilityLines(capabilities: readonly Capability[]): string[] {
  const folds = areas.flatMap((area) => {
    const members = capabilities.filter((capability) => capability.area === area);
    const rows = members.map((member) => [
      markdownCode(member.id),
      stateAndLevel(member),
      escapeMarkdown(member.summary),
    ]);
    const table = markdownTable(["Capability", "State", "What was seen"], rows);
    return members.length === 0 ? [] : markdownFold(`<b>${areaTitles[area]}</b>: ${countStates(members)}`, table);
  });
  return section("Capabilities", folds);
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`### ${title}`, "", ...lines];
}

function origin({ id, createdAt, cupel, user, layers, durationMs }: Report): string {
  const duration = durationMs > 0 ? ` in ${formatDuration(durationMs)}` : "";
  const text = `Report ${id}, made${duration} by cupel ${cupel.version} for uid ${user.uid} at ${createdAt}.`;
  const around = layers.length === 0 ? "" : ` Layers, outermost first: ${layers.map(({ name }) => name).join(" → ")}.`;
  return escapeMarkdown(text + around);
}
