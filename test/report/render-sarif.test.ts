import { describe, expect, test } from "bun:test";
import type { Report } from "../../src/model/report.ts";
import type { RenderOptions } from "../../src/report/render-options.ts";
import { renderSarif } from "../../src/report/render-sarif.ts";
import { blockedNamespaces } from "../fixtures/reports/blocked-namespaces.ts";
import { mixedDemands } from "../fixtures/reports/demands.ts";
import { firecrackerRoot } from "../fixtures/reports/firecracker-root.ts";
import { perfectHost } from "../fixtures/reports/perfect-host.ts";
import { sarifProblems } from "../support/read-formats.ts";
import { plainOptions } from "../support/render-formats.ts";
import { goldenReports } from "./golden-formats.ts";

interface Result {
  readonly ruleId: string;
  readonly ruleIndex: number;
  readonly level: string;
  readonly message: { readonly text: string };
  readonly locations: readonly { readonly physicalLocation: { readonly artifactLocation: { readonly uri: string } } }[];
  readonly partialFingerprints: Readonly<Record<string, string>>;
}

interface Run {
  readonly tool: { readonly driver: { readonly rules: readonly { readonly id: string }[] } };
  readonly results: readonly Result[];
}

function runOf(report: Report, options: Partial<RenderOptions> = {}): Run {
  const { runs } = JSON.parse(renderSarif(report, { ...plainOptions, ...options })) as { runs: [Run] };
  return runs[0];
}

describe("renderSarif", () => {
  test.each(goldenReports)("is valid of $name", ({ report, options }) => {
    expect(sarifProblems(JSON.parse(renderSarif(report, { ...plainOptions, ...options })))).toEqual([]);
  });

  test("is not valid whatever it holds", () => {
    expect(sarifProblems({ version: "2.1.0", runs: [{ results: [] }] })).not.toEqual([]);
  });

  test.each(goldenReports)("of $name has one rule for each result, by its index", ({ report, options }) => {
    const { tool, results } = runOf(report, options);
    expect(results.map(({ ruleIndex }) => tool.driver.rules[ruleIndex]?.id)).toEqual(
      results.map(({ ruleId }) => ruleId),
    );
    expect(new Set(results.map(({ ruleId }) => ruleId)).size).toBe(results.length);
  });

  test("has a result for each problem and none for what works", () => {
    const levels = (report: Report, options?: Partial<RenderOptions>): string[] =>
      runOf(report, options).results.map(({ ruleId, level }) => `${ruleId}: ${level}`);
    expect(levels(perfectHost)).toEqual([]);
    expect(levels(firecrackerRoot)).toEqual(["cgroup.cpu: warning", "cgroup.memory: warning"]);
    expect(levels(blockedNamespaces)).toEqual(["userns.capable: error", "ns.mount: warning", "ns.pid: warning"]);
    expect(levels(firecrackerRoot, { demands: mixedDemands })).toEqual([
      "isolation:vm: error",
      "strategy:process: error",
      "cgroup.memory: error",
      "kvm.run: warning",
      "cgroup.cpu: note",
    ]);
  });

  test("pins results to the file that made the demands, by a path that is a reference of its own", () => {
    const uris = (location?: string): string[] =>
      runOf(firecrackerRoot, { location }).results.map(
        ({ locations }) => locations[0]?.physicalLocation.artifactLocation.uri ?? "",
      );
    expect(uris()).toEqual(["cupel.yaml", "cupel.yaml"]);
    expect(uris("./ci/a b#1.yaml")).toEqual(["ci/a%20b%231.yaml", "ci/a%20b%231.yaml"]);
  });

  test("knows an alert again whatever was measured, and tells those of two files apart", () => {
    const fingerprints = (report: Report, location?: string): string[] =>
      runOf(report, { location }).results.map(({ partialFingerprints }) => partialFingerprints["cupel/v1"] ?? "");
    const other = firecrackerRoot.capabilities.map((capability) => ({
      ...capability,
      summary: "otherwise",
      durationMs: 9,
    }));
    const later = { ...firecrackerRoot, id: "another", createdAt: "2027-01-01T00:00:00.000Z", capabilities: other };
    expect(fingerprints(later)).toEqual(fingerprints(firecrackerRoot));
    expect(new Set([...fingerprints(firecrackerRoot), ...fingerprints(firecrackerRoot, "b.yaml")]).size).toBe(4);
  });

  test("keeps what was measured out of its rules", () => {
    const rules = (report: Report): string => JSON.stringify(runOf(report).tool.driver.rules);
    const other = firecrackerRoot.capabilities.map((capability) => ({ ...capability, summary: "otherwise" }));
    expect(rules({ ...firecrackerRoot, capabilities: other })).toBe(rules(firecrackerRoot));
  });
});
