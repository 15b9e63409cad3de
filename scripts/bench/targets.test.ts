import { expect, test } from "bun:test";
import type { Row } from "./report.ts";
import { judgeTargets } from "./targets.ts";

function row(name: string, p50Us: number, rest: Partial<Row> = {}): Row {
  return { name, what: "", latency: { samples: 1, minUs: p50Us, p50Us }, ...rest };
}

const what = [
  "launcher, fresh, against bwrap with the same namespaces and mounts",
  "resident launcher, per job, against the bare C loop with the same namespaces",
  "cupel run --batch, 2 parallel, against bwrap by xargs -P2, in jobs/s",
  "cupel run, the whole process, against that bwrap",
  "idle sandbox: PSS of what cupel adds inside",
] as const;
const bounds = ["≤ 0.4 ×", "≤ 1.3 ×", "≥ 2.5 ×", "≤ 2 ×", "≤ 150 KiB"] as const;

test("nothing is judged that was not measured", () =>
  expect(judgeTargets([row("launcher", 100)])).toEqual(
    what.map((text, index) => ({ what: text, bound: bounds[index] ?? "", verdict: "not measured" })),
  ));

test("figures are judged by their bounds, on the bound included", () => {
  const weight = { kind: "measured", insideKib: 150, aroundKib: 900, processes: 2 } as const;
  const rows = [
    row("launcher", 400, { memory: weight }),
    row("bwrap-same", 1000),
    row("resident", 1400),
    row("bare-loop", 1000),
    row("cupel-run", 2100),
    { name: "cupel-batch", what: "", jobsPerSecond: { "1": 1, "2": 500, "4": 1 } },
    { name: "bwrap-xargs", what: "", jobsPerSecond: { "1": 900, "2": 200, "4": 900 } },
  ];
  expect(judgeTargets(rows)).toEqual([
    { what: what[0], bound: bounds[0], measured: 0.4, from: "0.40 ms against 1.00 ms", verdict: "met" },
    { what: what[1], bound: bounds[1], measured: 1.4, from: "1.40 ms against 1.00 ms", verdict: "not met" },
    { what: what[2], bound: bounds[2], measured: 2.5, from: "500 jobs/s against 200 jobs/s", verdict: "met" },
    { what: what[3], bound: bounds[3], measured: 2.1, from: "2.10 ms against 1.00 ms", verdict: "not met" },
    { what: what[4], bound: bounds[4], measured: 150, from: "150 KiB", verdict: "met" },
  ]);
});
