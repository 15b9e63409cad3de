/** Problems as annotations of a GitHub workflow run, and the verdict as the last of them. */
import type { Report } from "../model/report.ts";
import { describeDemands } from "./demand-words.ts";
import { clause, sentence } from "./phrase.ts";
import { printableText } from "./printable-text.ts";
import type { RenderOptions } from "./render-options.ts";
import { relativeLocation } from "./relative-location.ts";
import {
  describeProblem,
  findReportedProblems,
  mergeByCause,
  nameProblem,
  type ReportedProblem,
  type Severity,
} from "./reported-problems.ts";
import { describeVerdict } from "./verdict-words.ts";

const commands: Readonly<Record<Severity, string>> = { error: "error", warning: "warning", note: "notice" };

/**
 * One workflow command for each cause, gravest first (GitHub shows ten of each kind for a step), then a notice with the
 * verdict. The escapes are those of @actions/core: `%`, CR and LF in messages, `:` and `,` as well in properties.
 */
export function renderGithub(report: Report, options: RenderOptions): string {
  const matrix = Object.fromEntries(report.capabilities.map((capability) => [capability.id, capability]));
  const problems = findReportedProblems(report, options.demands);
  const file = options.location === undefined ? {} : { file: relativeLocation(options.location) };
  const annotations = mergeByCause(problems, report).map((problem) => annotate(problem, file));
  const defaultJob = describeVerdict(report, matrix);
  const stated = options.demands === undefined ? "" : `${sentence(describeDemands(options.demands))} Without flags: `;
  const verdict = command("notice", { title: "cupel" }, printable(stated + defaultJob));
  return [...annotations, verdict].map((line) => `${line}\n`).join("");
}

function annotate(problem: ReportedProblem, file: { readonly file?: string }): string {
  const message = `${clause(problem.title)}.\n${describeProblem(problem)}`.trim();
  const lines = message.split("\n").map((line) => line.slice(0, line.search(/\S|$/u)) + printable(line));
  return command(
    commands[problem.severity],
    { ...file, title: `cupel: ${printable(nameProblem(problem))}` },
    lines.join("\n"),
  );
}

function printable(text: string): string {
  return printableText(text.toWellFormed(), true).trim();
}

function command(name: string, properties: Readonly<Record<string, string>>, message: string): string {
  const words = Object.entries(properties).map(([key, value]) => `${key}=${escapeProperty(value)}`);
  return `::${name} ${words.join(",")}::${escapeMessage(message)}`;
}

function escapeMessage(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapeProperty(text: string): string {
  return escapeMessage(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
