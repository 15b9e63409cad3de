import { expect, test } from "bun:test";
import { longestQuickProbes, measureQuickProbes } from "../../src/report/quick-probes.ts";
import { capability } from "../fixtures/reports/report-parts.ts";

const found = (probe: string, durationMs: number) =>
  capability("host", { id: `${probe}.one`, title: probe, summary: probe, probe, durationMs });

const all = [found("kernel", 3), found("podman", 4000), found("mounts", 20), found("mounts", 20), found("yama", 1)];

test("slow probes are not counted, and each probe once", () => {
  expect(longestQuickProbes(all)).toEqual([
    ["mounts", 20],
    ["kernel", 3],
    ["yama", 1],
  ]);
  expect(measureQuickProbes(all)).toEqual({ durationMs: 20, budgetMs: 500 });
});

test("of nothing is nothing", () => expect(measureQuickProbes([])).toEqual({ durationMs: 0, budgetMs: 500 }));
