/** Findings, whole, as text that a person can compare. */
import type { Finding } from "../../src/model/capability.ts";

/** Fewer are said once more. */
const sharedLinesMin = 4;

/**
 * Every field of every finding: state, level, value, summary, evidence, blockers, what was ruled out. Where one ends as an
 * earlier one does, which is what one cause that blocks several looks like, it says how many lines of which.
 */
export function printFindings(findings: Readonly<Record<string, Finding>>): string {
  const printed: { readonly id: string; readonly lines: readonly string[] }[] = [];
  const blocks = Object.entries(findings).map(([id, finding]) => {
    const lines = linesOf(finding);
    const shared = printed.map((earlier) => ({ id: earlier.id, count: sharedEnd(lines, earlier.lines) }));
    const most = shared.toSorted((one, other) => other.count - one.count)[0];
    printed.push({ id, lines });
    if (most === undefined || most.count < sharedLinesMin) return [headOf(id, finding), ...lines];
    return [headOf(id, finding), ...lines.slice(0, -most.count), `  … the last ${most.count} lines of ${most.id}`];
  });
  return `\n${blocks.flat().join("\n")}\n`;
}

function headOf(id: string, { state, level, value }: Finding): string {
  return `${id}: ${state} (${level})${value === undefined ? "" : ` = ${value}`}`;
}

function linesOf({ summary, evidence, blockers, ruledOut }: Finding): string[] {
  return [
    `  ${summary}`,
    ...evidence.map(({ action, result }) => `  | ${action} -> ${result}`),
    ...blockers.map(({ code, detail }) => `  ! ${code}: ${detail}`),
    ...(ruledOut.length > 0 ? [`  - not ${ruledOut.join(", ")}`] : []),
  ];
}

function sharedEnd(one: readonly string[], other: readonly string[]): number {
  const most = Math.min(one.length, other.length);
  for (let count = 0; count < most; count++) if (one.at(-1 - count) !== other.at(-1 - count)) return count;
  return most;
}
