import { describe, expect, test } from "bun:test";
import * as v from "valibot";
import type { StrategySummary } from "../../src/model/report.ts";
import {
  listStrategy,
  strategyListShape,
  type ListedStrategy,
  type ListingInput,
} from "../../src/report/strategy-list.ts";
import { blockedNamespaces } from "../fixtures/reports/blocked-namespaces.ts";
import { job, matrixOf } from "../fixtures/reports/jobs.ts";

const summary: StrategySummary = {
  id: "namespaces",
  isolation: "namespace",
  rank: 10,
  summary: "namespaces and more",
  available: true,
  missing: [],
  guarantees: [
    { id: "fs.read", kept: true, mechanism: "a root", capabilities: [] },
    { id: "net.none", kept: false, reason: "no namespace" },
    { id: "kernel.boundary", kept: false, reason: "one kernel" },
  ],
};

const input: ListingInput = {
  job: job(),
  matrix: matrixOf(blockedNamespaces),
  trials: [],
  taken: "namespaces",
  startCosts: [{ strategy: "namespaces", runs: 10, medianUs: 5250, minUs: 4800 }],
  problems: new Map(),
};

const listed: ListedStrategy = {
  id: "namespaces",
  isolation: "namespace",
  rank: 10,
  summary: "namespaces and more",
  isTaken: true,
  available: true,
  guaranteesKept: 1,
  guaranteesTotal: 3,
  demandsNotKept: ["net.none"],
  start: { state: "measured", runs: 10, medianMs: 5.25, minMs: 4.8 },
};

describe("listStrategy", () => {
  test("counts what is kept, names the demands that are not, and tells times in milliseconds", () => {
    const one = listStrategy(summary, input);
    expect(one).toEqual(listed);
    expect(v.is(strategyListShape, { schema: 1, report: "r", strategies: [one] })).toBe(true);
  });

  test("has the first capability that is missing, with its state and blocker", () => {
    const blocked = Object.values(input.matrix).find(({ blockers }) => blockers.length > 0);
    const [first] = blocked?.blockers ?? [];
    if (blocked === undefined || first === undefined) throw new Error("nothing is blocked in the fixture");
    const missing = [blocked.id, "kvm.run"];
    expect(listStrategy({ ...summary, available: false, missing }, { ...input, taken: undefined })).toEqual({
      ...listed,
      isTaken: false,
      available: false,
      obstacle: {
        kind: "capability",
        capability: blocked.id,
        state: blocked.state,
        blocker: { code: first.code, detail: first.detail },
      },
    });
  });

  test("has a capability that nobody probed as unknown", () =>
    expect(listStrategy({ ...summary, available: false, missing: ["no.such"] }, input).obstacle).toEqual({
      kind: "capability",
      capability: "no.such",
      state: "unknown",
    }));

  test.each([
    [[{ strategy: "namespaces", result: "failed", summary: "clone: EPERM" } as const], "clone: EPERM"],
    [[], "it was not tried"],
  ])("has the trial's words where nothing is missing: %#", (trials, words) =>
    expect(listStrategy({ ...summary, available: false }, { ...input, trials }).obstacle).toEqual({
      kind: "trial",
      summary: words,
    }),
  );

  test("says that nothing was measured, or why it could not be", () => {
    expect(listStrategy(summary, { ...input, startCosts: [] }).start).toEqual({ state: "not-measured" });
    expect(listStrategy(summary, { ...input, problems: new Map([["namespaces", "timeout"]]) }).start).toEqual({
      state: "failed",
      because: "timeout",
    });
  });
});
