/** Two reports compared, for people and for programs. */
import type { Report } from "../model/report.ts";
import { countChanges, differenceBlocks, factBlocks } from "./difference-blocks.ts";
import { layOutBlocks } from "./lay-out-blocks.ts";
import { count } from "./phrase.ts";
import { renderJson } from "./render-json.ts";
import { compareFacts, compareSnapshots, type Difference, type FactChange } from "./compare-snapshots.ts";
import { snapshotOf } from "./snapshot.ts";
import type { TerminalStyle } from "./terminal-style.ts";
import { blank, field, paragraph, verdict } from "./text-block.ts";

/** A report, as it was named. */
export interface NamedReport {
  readonly name: string;
  readonly report: Report;
}

/** What differs between two reports. */
export interface ReportDifference {
  readonly was: NamedReport;
  readonly is: NamedReport;
  readonly differences: readonly Difference[];
  /** They explain; two reports with the same capabilities on two boots are the same. */
  readonly facts: readonly FactChange[];
}

/** Compares them. */
export function compareReports(was: NamedReport, is: NamedReport): ReportDifference {
  const [before, now] = [snapshotOf(was.report, "all"), snapshotOf(is.report, "all")];
  return { was, is, differences: compareSnapshots(before, now), facts: compareFacts(before.host, now.host) };
}

function originOf({ name, report }: NamedReport): string {
  const partial = report.isWhole ? "" : "; not all was measured for it";
  return `${name}: report ${report.id}, made at ${report.createdAt} for uid ${report.user.uid}${partial}`;
}

/** As text; the last line is the verdict. */
export function renderDiff(difference: ReportDifference, style: TerminalStyle): string {
  const { was, is, differences, facts } = difference;
  const end =
    differences.length === 0
      ? "diff: same: no capability, strategy or guarantee differs"
      : `diff: ${count(differences.length, "entry differs", "entries differ")} (${countChanges(differences)})`;
  const blocks = [
    paragraph("Compared:"),
    field("was", originOf(was)),
    field("is", originOf(is)),
    ...differenceBlocks(differences),
    ...factBlocks(facts, "Facts that differ"),
    blank,
    verdict(end),
  ];
  return layOutBlocks(blocks, style);
}

/** As JSON. */
export function renderDiffJson({ was, is, differences, facts }: ReportDifference): string {
  const originJson = ({ name, report }: NamedReport) => ({ name, id: report.id, createdAt: report.createdAt });
  return renderJson({
    schema: 1,
    same: differences.length === 0,
    was: originJson(was),
    is: originJson(is),
    differences,
    facts,
  });
}
