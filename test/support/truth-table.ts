/** What a condition changes: every probe once without it and once under it, capability by capability. */
import { reportFindings, type Findings } from "./reported-findings.ts";

/** One capability as a word: state, blockers with their layers, remedies: `blocked seccomp@session leave-seccomp-filter`. */
export type Standing = string;

/** Standings by capability. */
export type Truth = Readonly<Record<string, Standing>>;

/** How much processor time a group got is another thing on a busy machine, whatever the condition. */
const measuredByTime: readonly string[] = ["cgroup.cpu"];

/** Findings as a report would have them, each in one word. */
export function readTruth(findings: Findings): Truth {
  const { capabilities, remedies } = reportFindings(findings, -1);
  const told = capabilities.filter(({ id }) => !measuredByTime.includes(id));
  return Object.fromEntries(
    told.map(({ id, state, blockers }) => {
      const causes = [...new Set(blockers.map(({ code, layer }) => `${code}@${layer ?? ""}`))];
      const own = [...new Set(remedies.filter(({ capability }) => capability === id).map((remedy) => remedy.id))];
      return [id, [state, ...causes.toSorted(), ...own.toSorted()].join(" ")];
    }),
  );
}

/** Without layers and remedies: `absent package-missing`. */
function withoutPlace(standing: Standing): string {
  const [state = "", ...words] = standing.split(" ");
  const causes = words.filter((word) => word.includes("@")).map((word) => word.slice(0, word.indexOf("@")));
  return [state, ...causes].join(" ");
}

/** What does not work for the same cause as before is no other, in whatever layers that now lies. */
function isSame(before: Standing, after: Standing): boolean {
  if (/^(?:works|degraded)/u.test(after)) return before === after;
  return withoutPlace(before) === withoutPlace(after);
}

/** What is otherwise under the condition. */
export function differences(before: Truth, after: Truth): Truth {
  return Object.fromEntries(Object.entries(after).filter(([id, standing]) => !isSame(before[id] ?? "", standing)));
}

/** One line for each standing: `blocked seccomp@session leave-seccomp-filter: ns.ipc ns.uts`. */
export function printTruth(truth: Truth): string {
  const groups = Map.groupBy(Object.entries(truth), ([, standing]) => standing);
  const lines = [...groups].map(
    ([standing, entries]) =>
      `${standing}: ${entries
        .map(([id]) => id)
        .toSorted()
        .join(" ")}`,
  );
  return lines.toSorted().join("\n");
}

/** Reads what {@link printTruth} wrote. */
export function parseTruth(text: string): Truth {
  const lines = text.split("\n").filter((line) => line.includes(": "));
  return Object.fromEntries(
    lines.flatMap((line) => {
      const at = line.indexOf(": ");
      return line
        .slice(at + 2)
        .split(" ")
        .map((id) => [id, line.slice(0, at)] as const);
    }),
  );
}

/** Sections `[name]` of a golden file. */
export function parseSections(text: string): Map<string, string> {
  const sections = text.split(/^\[/mu).slice(1);
  return new Map(
    sections.map((section) => {
      const end = section.indexOf("]");
      return [section.slice(0, end), section.slice(end + 1).trim()];
    }),
  );
}
