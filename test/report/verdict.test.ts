import { describe, expect, test } from "bun:test";
import { parseVerdict, verdictOf } from "../../src/report/verdict.ts";
import { capability, report } from "../fixtures/reports/report-parts.ts";

const whole = report({
  capabilities: [
    capability("namespaces", { id: "ns.pid", title: "PID", summary: "works" }),
    capability("cgroups", { id: "cgroup.mode", title: "Mode", summary: "v2", value: "v2", state: "degraded" }),
    capability("privilege", { id: "landlock.scopes", title: "Scopes", summary: "", value: 7 }),
  ],
  skipped: [],
  trials: [
    { strategy: "process", result: "passed", summary: "ok", evidence: [{ action: "a", result: "b" }], durationMs: 3 },
  ],
  strategies: [],
  selection: { accepted: [], rejected: [] },
});

const verdict = {
  schema: 1,
  id: "5f0c2a9e",
  fingerprintParts: { kernel: "6.18.44" },
  standings: {
    "ns.pid": { state: "works", level: "exercised" },
    "cgroup.mode": { state: "degraded", value: "v2", level: "exercised" },
    "landlock.scopes": { state: "works", value: 7, level: "exercised" },
  },
  skipped: [],
  trials: [{ strategy: "process", result: "passed", summary: "ok" }],
} as const;

describe("verdictOf", () => {
  test("is what decides of a report, and nothing more", () => expect(verdictOf(whole)).toEqual(verdict));
});

describe("parseVerdict", () => {
  test("reads what was written", () => {
    const written: unknown = JSON.parse(JSON.stringify(verdictOf(whole)));
    expect(parseVerdict(written)).toEqual({ ok: true, value: verdict });
  });

  test.each([
    ["another version", { ...verdict, schema: 2 }, "schema"],
    ["a field that it does not know", { ...verdict, more: 1 }, "more"],
    ["a field missing", { ...verdict, trials: undefined }, "trials"],
    [
      "a state that it does not know",
      { ...verdict, standings: { "ns.pid": { state: "fine" } } },
      "standings.ns.pid.state",
    ],
    [
      "more about a capability",
      { ...verdict, standings: { "ns.pid": { state: "works", summary: "" } } },
      "ns.pid.summary",
    ],
    [
      "a trial that did something else",
      { ...verdict, trials: [{ strategy: "a", result: "won", summary: "" }] },
      "trials.0.result",
    ],
    ["a value that is none", { ...verdict, standings: { "ns.pid": { state: "works", value: [] } } }, "ns.pid.value"],
    ["no object", 7, "it"],
    ["nothing", null, "it"],
  ])("refuses %s, and says where", (_, input, where) => {
    const parsed = parseVerdict(input);
    expect(parsed.ok ? "taken" : parsed.problem).toMatch(new RegExp(String.raw`(^|\.)${where}: `));
  });
});
