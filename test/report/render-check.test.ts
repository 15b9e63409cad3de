import { describe, expect, test } from "bun:test";
import type { DemandVerdict } from "../../src/model/demand.ts";
import { findDrift, type CheckResult } from "../../src/report/check-result.ts";
import { renderCheckAs } from "../../src/report/render-check.ts";
import { snapshotOf } from "../../src/report/snapshot.ts";
import { blockedNamespaces } from "../fixtures/reports/blocked-namespaces.ts";
import { perfectHost } from "../fixtures/reports/perfect-host.ts";
import { expectTidy, plainStyle, styles, withoutColor } from "./printed-lines.ts";

const demands: readonly DemandVerdict[] = [
  {
    demand: { kind: "isolation", id: "namespace" },
    result: "holds",
    because: "strategy namespaces, of class namespace",
  },
  {
    demand: { kind: "guarantee", id: "net.none" },
    result: "fails",
    because: "namespaces needs userns.capable",
    capability: "userns.capable",
  },
  {
    demand: { kind: "guarantee", id: "proc.tree" },
    result: "fails",
    because: "namespaces needs userns.capable",
    capability: "userns.capable",
  },
  { demand: { kind: "capability", id: "seccomp.filter" }, result: "degraded", because: "degraded (enforced): a part" },
  { demand: { kind: "strategy", id: "process" }, result: "unknown", because: "process has not passed its trial" },
];

const failed: CheckResult = { report: blockedNamespaces, demands, failsOnDegraded: false };
const drifted: CheckResult = {
  report: { ...blockedNamespaces, fingerprintParts: { kernel: "6.12.0 #1" } },
  demands: [],
  failsOnDegraded: false,
};
const results: readonly CheckResult[] = [
  failed,
  { ...drifted, drift: findDrift("cupel.lock.json", snapshotOf(perfectHost), drifted.report) },
  { ...drifted, drift: findDrift("cupel.lock.json", snapshotOf(drifted.report), drifted.report) },
  { report: perfectHost, demands: demands.slice(0, 1), failsOnDegraded: true },
];

/** Commands stand alone and whole on their lines. */
function commandsIn({ report }: CheckResult): string[] {
  return report.remedies.flatMap(({ commands }) =>
    commands.flatMap((command) => command.split("\n").map((line) => line.trim())),
  );
}

describe("text", () => {
  test.each(results.map((result, index) => [index, result] as const))("of result %d", async (_, result) => {
    expect(await renderCheckAs("text", result, plainStyle)).toMatchSnapshot();
  });

  test("is tidy in every style, and ends with the verdict", async () => {
    for (const style of styles) {
      for (const result of results) {
        const text = await renderCheckAs("text", result, style);
        expectTidy(text, style, commandsIn(result));
        const ending = withoutColor(text).split("\n\n").at(-1)?.replaceAll(/\s+/g, " ").trim();
        expect(ending).toMatch(/^check: (passed|failed|drifted): .*(hold|holds|lock|other\))$/);
      }
    }
  });
});

test.each(["markdown", "junit", "sarif", "github"] as const)("%s tells demands and drift", async (format) => {
  for (const [result, word] of [
    [failed, "net.none"],
    [drifted, "expects"],
  ] as const) {
    const drift = findDrift("cupel.lock.json", snapshotOf(perfectHost), result.report);
    expect(await renderCheckAs(format, { ...result, drift }, plainStyle)).toContain(word);
  }
});

test("JSON says the same, with the report", async () => {
  expect(JSON.parse(await renderCheckAs("json", failed, plainStyle))).toEqual(
    JSON.parse(JSON.stringify({ schema: 1, result: "failed", exitCode: 1, demands, report: blockedNamespaces })),
  );
});
