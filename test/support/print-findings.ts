/** Findings, whole, as text that a person can compare. */
import type { Finding } from "../../src/model/capability.ts";

/** Every field of every finding: state, level, value, summary, evidence, blockers, what was ruled out. */
export function printFindings(findings: Readonly<Record<string, Finding>>): string {
  const blocks = Object.entries(findings).map(([id, finding]) => printFinding(id, finding));
  return `\n${blocks.join("\n")}\n`;
}

function printFinding(id: string, finding: Finding): string {
  const value = finding.value === undefined ? "" : ` = ${finding.value}`;
  const lines = [
    `${id}: ${finding.state} (${finding.level})${value}`,
    `  ${finding.summary}`,
    ...finding.evidence.map(({ action, result }) => `  | ${action} -> ${result}`),
    ...finding.blockers.map(({ code, detail }) => `  ! ${code}: ${detail}`),
  ];
  if (finding.ruledOut.length > 0) lines.push(`  - not ${finding.ruledOut.join(", ")}`);
  return lines.join("\n");
}
