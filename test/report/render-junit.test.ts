import { describe, expect, test } from "bun:test";
import type { CapabilityState } from "../../src/model/capability.ts";
import type { DemandVerdict } from "../../src/model/demand.ts";
import { renderJunit } from "../../src/report/render-junit.ts";
import { perfectHost } from "../fixtures/reports/perfect-host.ts";
import { capability } from "../fixtures/reports/report-parts.ts";
import { needsPrograms } from "../support/must-work.ts";
import { junitProblems } from "../support/read-formats.ts";
import { plainOptions } from "../support/render-formats.ts";
import { goldenReports } from "./golden-formats.ts";

describe("renderJunit is valid", () => {
  const valid = needsPrograms("xmllint");
  for (const { name, report, options } of goldenReports) {
    valid(`of ${name}`, () => expect(junitProblems(renderJunit(report, { ...plainOptions, ...options }))).toEqual([]));
  }

  valid("only where the schema says so", () => {
    const wrong = renderJunit(perfectHost, plainOptions).replace("<testsuite ", "<testsuite made-up='1' ");
    expect(junitProblems(wrong)[0]).toContain("made-up");
  });
});

/** What becomes of each capability: the element in its test case, or `passed`. */
function outcomes(xml: string): Record<string, string> {
  const cases = xml.matchAll(/<testcase name="([^"]+)"[^>]*?(?:\/>|><(\w+))/gu);
  return Object.fromEntries(Array.from(cases, ([, name = "", element = "passed"]) => [name, element]));
}

const states: readonly CapabilityState[] = [
  "works",
  "degraded",
  "blocked",
  "absent",
  "broken",
  "unknown",
  "not-applicable",
];
const everyState = {
  ...perfectHost,
  trials: [],
  capabilities: states.map((state) =>
    capability("devices", { id: `device.${state}`, title: "D", summary: "s", state }),
  ),
};

describe("renderJunit tells", () => {
  test("what nobody demanded apart from what could not be told", () => {
    expect(outcomes(renderJunit(everyState, { ...plainOptions, demands: [] }))).toEqual({
      "device.works": "passed",
      "device.degraded": "passed",
      "device.blocked": "skipped",
      "device.absent": "skipped",
      "device.broken": "skipped",
      "device.unknown": "error",
      "device.not-applicable": "skipped",
    });
  });

  test("what was demanded", () => {
    const demands = states.map((state): DemandVerdict => {
      const result =
        ({ works: "holds", degraded: "degraded", unknown: "unknown" } as const)[state as "works"] ?? "fails";
      return { demand: { kind: "capability", id: `device.${state}` }, result, because: "s" };
    });
    expect(outcomes(renderJunit(everyState, { ...plainOptions, demands }))).toEqual({
      "capability device.works": "passed",
      "capability device.degraded": "passed",
      "capability device.blocked": "failure",
      "capability device.absent": "failure",
      "capability device.broken": "failure",
      "capability device.unknown": "error",
      "capability device.not-applicable": "failure",
      "device.works": "passed",
      "device.degraded": "passed",
      "device.blocked": "failure",
      "device.absent": "failure",
      "device.broken": "failure",
      "device.unknown": "error",
      "device.not-applicable": "failure",
    });
  });

  test("a trial that failed as a failure only where its strategy was demanded, or nothing is left", () => {
    const trials = [{ strategy: "process", result: "failed", summary: "EPERM", evidence: [], durationMs: 1 }] as const;
    const report = { ...everyState, capabilities: [], trials };
    const demands: DemandVerdict[] = [
      { demand: { kind: "strategy", id: "process" }, result: "fails", because: "EPERM" },
    ];
    const { chosen: _, ...refused } = report.selection;
    expect([
      outcomes(renderJunit(report, { ...plainOptions, demands: [] }))["process"],
      outcomes(renderJunit(report, { ...plainOptions, demands }))["process"],
      outcomes(renderJunit({ ...report, selection: refused }, { ...plainOptions, demands: [] }))["process"],
    ]).toEqual(["skipped", "failure", "failure"]);
  });

  test("the amounts that it lists, and the time of each probe once", () => {
    const xml = renderJunit(everyState, { ...plainOptions, demands: [] });
    expect(/<testsuite [^>]*>/u.exec(xml)?.[0]).toBe(
      `<testsuite name="cupel Devices" package="cupel.devices" id="0" timestamp="2026-11-21T09:30:00" hostname="localhost" tests="7" failures="0" errors="1" skipped="4" time="0.004">`,
    );
  });
});
