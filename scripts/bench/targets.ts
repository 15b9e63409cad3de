/** The targets that the launcher was built for, as ratios of figures of one run. Pure. */
import type { Row, TargetResult } from "./report.ts";

/** Two figures, the first of which is judged by the second. */
interface Comparison {
  readonly what: string;
  readonly own: Figure;
  readonly other?: Figure;
  readonly bound: number;
  readonly sense: "at most" | "at least";
  readonly unit: "×" | "KiB";
}

interface Figure {
  readonly row: string;
  readonly of: "p50" | "jobs/s at 2" | "PSS inside";
}

const targets: readonly Comparison[] = [
  {
    what: "launcher, fresh, against bwrap with the same namespaces and mounts",
    own: { row: "launcher", of: "p50" },
    other: { row: "bwrap-same", of: "p50" },
    bound: 0.4,
    sense: "at most",
    unit: "×",
  },
  {
    what: "resident launcher, per job, against the bare C loop with the same namespaces",
    own: { row: "resident", of: "p50" },
    other: { row: "bare-loop", of: "p50" },
    bound: 1.3,
    sense: "at most",
    unit: "×",
  },
  {
    what: "cupel run --batch, 2 parallel, against bwrap by xargs -P2, in jobs/s",
    own: { row: "cupel-batch", of: "jobs/s at 2" },
    other: { row: "bwrap-xargs", of: "jobs/s at 2" },
    bound: 2.5,
    sense: "at least",
    unit: "×",
  },
  {
    what: "cupel run, the whole process, against that bwrap",
    own: { row: "cupel-run", of: "p50" },
    other: { row: "bwrap-same", of: "p50" },
    bound: 2,
    sense: "at most",
    unit: "×",
  },
  {
    what: "idle sandbox: PSS of what cupel adds inside",
    own: { row: "launcher", of: "PSS inside" },
    bound: 150,
    sense: "at most",
    unit: "KiB",
  },
];

function read(rows: readonly Row[], { row, of }: Figure): number | undefined {
  const found = rows.find(({ name }) => name === row);
  switch (of) {
    case "p50":
      return found?.latency?.p50Us;
    case "jobs/s at 2":
      return found?.jobsPerSecond?.["2"];
    case "PSS inside":
      return found?.memory?.kind === "measured" ? found.memory.insideKib : undefined;
  }
}

function show(value: number, of: Figure["of"]): string {
  if (of === "p50") return `${(value / 1000).toFixed(2)} ms`;
  return `${value.toFixed(0)} ${of === "PSS inside" ? "KiB" : "jobs/s"}`;
}

function judge(rows: readonly Row[], { what, own, other, bound, sense, unit }: Comparison): TargetResult {
  const stated = { what, bound: `${sense === "at most" ? "≤" : "≥"} ${bound} ${unit}` };
  const mine = read(rows, own);
  const theirs = other === undefined ? 1 : read(rows, other);
  if (mine === undefined || theirs === undefined) return { ...stated, verdict: "not measured" };
  const measured = mine / theirs;
  const isMet = sense === "at most" ? measured <= bound : measured >= bound;
  const against = other === undefined ? "" : ` against ${show(theirs, other.of)}`;
  return { ...stated, measured, from: `${show(mine, own.of)}${against}`, verdict: isMet ? "met" : "not met" };
}

/** Each target with what was measured in this run. */
export function judgeTargets(rows: readonly Row[]): TargetResult[] {
  return targets.map((target) => judge(rows, target));
}
