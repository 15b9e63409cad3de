/** The report as text. Pure. */
import { degrees } from "./measure.ts";
import type { BenchReport, Memory, Row, TargetResult } from "./report.ts";

/** What ratios of the table refer to. */
const reference = "bwrap-same";

const nothing = "–";

/** Columns as wide as they must be: the first is text, the others are numbers, the last may be text of any width. */
export function renderColumns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) => {
      const cells = row.map((cell, column) => {
        if (column === row.length - 1) return cell;
        return column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0);
      });
      return cells.join("  ").trimEnd();
    })
    .join("\n");
}

function milliseconds(us: number | undefined): string {
  return us === undefined ? nothing : (us / 1000).toFixed(2);
}

/** How many times as long as the reference; nothing where that was not measured. */
export function renderRatio(value: number | undefined, of: number | undefined): string {
  return value === undefined || of === undefined ? nothing : `${(value / of).toFixed(2)}×`;
}

function memoryCells(memory: Memory | undefined): string[] {
  if (memory?.kind !== "measured") return [nothing, nothing];
  return [memory.insideKib.toFixed(0), memory.aroundKib.toFixed(0)];
}

function rowCells(row: Row, rows: readonly Row[]): string[] {
  const p50 = (name: string): number | undefined => rows.find((other) => other.name === name)?.latency?.p50Us;
  const { latency, jobsPerSecond, version } = row;
  return [
    row.name,
    milliseconds(latency?.p50Us),
    milliseconds(latency?.p99Us),
    milliseconds(latency?.minUs),
    latency === undefined ? nothing : String(latency.samples),
    renderRatio(latency?.p50Us, p50(reference)),
    ...degrees.map((degree) => jobsPerSecond?.[String(degree)]?.toFixed(0) ?? nothing),
    ...memoryCells(row.memory),
    version === undefined || version === "" ? row.what : `${row.what} (${version})`,
  ];
}

const heading = [
  "",
  "p50 ms",
  "p99",
  "min",
  "samples",
  `of ${reference}`,
  ...degrees.map((degree, index) => (index === 0 ? `jobs/s at ${degree}` : `at ${degree}`)),
  "PSS KiB inside",
  "around",
  "what",
];

function targetCells({ what, bound, measured, from, verdict }: TargetResult): string[] {
  const value = measured === undefined ? nothing : measured.toFixed(bound.endsWith("×") ? 3 : 0);
  return [what, bound, value, verdict, from ?? ""];
}

function renderNotes(report: BenchReport): string {
  const unweighed = report.rows.flatMap(({ name, memory }) =>
    memory?.kind === "not-measured" ? [`${name}, memory: ${memory.reason}`] : [],
  );
  const lines = [...report.missing.map(({ name, reason }) => `${name}: ${reason}`), ...unweighed];
  return lines.length === 0 ? "" : `\nNot measured\n${lines.map((line) => `  ${line}`).join("\n")}\n`;
}

/** Tables, what was not measured and why, and the targets. */
export function renderReport(report: BenchReport): string {
  const { kernel, architecture, cpus, uid } = report.machine;
  const table = renderColumns([heading, ...report.rows.map((row) => rowCells(row, report.rows))]);
  const targets = renderColumns([["", "target", "measured", "", "from"], ...report.targets.map(targetCells)]);
  return `cupel ${report.cupel}; Linux ${kernel} ${architecture}, ${cpus} CPUs, uid ${uid}; the job is /bin/true

${table}
${renderNotes(report)}
${targets}
`;
}
