import { describe, expect, test } from "bun:test";
import { build } from "../../src/model/build.gen.ts";
import type { Matrix } from "../../src/model/capability.ts";
import type { Report } from "../../src/model/report.ts";
import type { Trial } from "../../src/model/trial.ts";
import { buildReport, summarizeCandidate, type ReportInput } from "../../src/report/build-report.ts";
import { layersOf, withLayers } from "../../src/report/layers.ts";
import { remediesFor } from "../../src/report/remedies.ts";
import { judgeAll, select } from "../../src/select/select.ts";
import namespaces from "../../src/strategies/namespaces.ts";
import process from "../../src/strategies/process.ts";
import { demands, jobOf } from "../fixtures/jobs/jobs.ts";
import { allMatrices } from "../fixtures/matrices/matrix.ts";
import { createFixtureHost } from "../support/fixture-host.ts";

const strategies = [namespaces, process];
const host = createFixtureHost({ uid: 1000, programs: { "/usr/bin/dnf": "" } });
const fingerprintParts = { boot: "one", kernel: "two" };

function trialsOf(result: Trial["result"]): Trial[] {
  return strategies.map(({ id }) => ({
    strategy: id,
    result,
    summary: `${id} ${result}`,
    evidence: [],
    durationMs: 1,
  }));
}

function make(parts: Partial<ReportInput> = {}): Report {
  return buildReport({
    host,
    isWhole: true,
    skipped: [],
    matrix: allMatrices.userEverything,
    trials: trialsOf("passed"),
    strategies,
    defaultJob: jobOf(),
    fingerprintParts,
    durationMs: 34.5,
    ...parts,
  });
}

describe("buildReport", () => {
  test("puts what was measured, judged and chosen together", () => {
    const matrix = allMatrices.userEverything;
    const trials = trialsOf("passed");
    const input = { strategies, job: jobOf(), matrix, trials };
    expect(make()).toEqual({
      schema: 1,
      id: expect.stringMatching(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/),
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      cupel: { version: build.version, build: build.id },
      user: { uid: 1000, gid: 1000, groups: [1000] },
      fingerprint: expect.stringMatching(/^[\da-f]{64}$/),
      fingerprintParts,
      isWhole: true,
      skipped: [],
      layers: layersOf(Object.values(matrix)),
      capabilities: withLayers(Object.values(matrix), layersOf(Object.values(matrix))),
      trials,
      strategies: judgeAll(input).map(summarizeCandidate),
      selection: select(input),
      remedies: remediesFor(Object.values(matrix), { uid: 1000, packageManager: "dnf" }),
      durationMs: 34.5,
      quickProbes: { durationMs: 1, budgetMs: 500 },
    });
  });

  test("speaks of the package manager that is there, or of none", () => {
    const missing = allMatrices.userEverything["program.bwrap"];
    if (missing === undefined) throw new Error("no such capability");
    const blockers = [{ code: "package-missing", detail: "no bwrap" }] as const;
    const matrix = {
      ...allMatrices.userEverything,
      "program.bwrap": { ...missing, state: "absent", blockers },
    } as const;
    const commands = (programs: Record<string, string>): string => {
      const report = make({ host: createFixtureHost({ uid: 1000, programs }), matrix });
      return report.remedies.flatMap((remedy) => remedy.commands).join();
    };
    expect(commands({ "/usr/bin/dnf": "", "/usr/local/bin/dnf": "" })).toContain("dnf install");
    expect(commands({})).not.toContain("dnf install");
  });

  test("was made now", () => {
    const before = Date.now();
    const at = Date.parse(make().createdAt);
    expect(at).toBeGreaterThanOrEqual(before - 1);
    expect(at).toBeLessThanOrEqual(Date.now() + 1);
  });

  test("has an id of its own each time", () => {
    expect(new Set(Array.from({ length: 20 }, () => make().id)).size).toBe(20);
  });

  test("chooses for the default job, and says of each other strategy why not", () => {
    expect(make().selection.chosen).toBe("namespaces");
    const { chosen, closest, rejected } = make({ matrix: allMatrices.userNamespacesBlocked }).selection;
    expect({ chosen, closest, rejected: rejected.map(({ strategy }) => strategy) }).toEqual({
      chosen: undefined,
      closest: "process",
      rejected: ["namespaces", "process"],
    });
  });

  test("chooses nothing that was not tried", () => {
    expect(make({ trials: [] }).selection.chosen).toBeUndefined();
    expect(make({ trials: trialsOf("unknown") }).selection.chosen).toBeUndefined();
  });

  test("has a fingerprint of the facts, not of the order in which they were read", () => {
    const { fingerprint } = make();
    expect(make({ fingerprintParts: { kernel: "two", boot: "one" } }).fingerprint).toBe(fingerprint);
    expect(make({ fingerprintParts: { kernel: "two", boot: "three" } }).fingerprint).not.toBe(fingerprint);
    expect(make({ fingerprintParts: { kernel: "one", boot: "two" } }).fingerprint).not.toBe(fingerprint);
    expect(make({ fingerprintParts: { ...fingerprintParts, more: "" } }).fingerprint).not.toBe(fingerprint);
  });
});

describe("summarizeCandidate", () => {
  const summaries = (matrix: Matrix, result: Trial["result"]): unknown[] => {
    const job = jobOf({ demands: demands() });
    const judged = judgeAll({ strategies, job, matrix, trials: trialsOf(result) });
    return judged.map(summarizeCandidate).map(({ id, available, missing }) => ({ id, available, missing }));
  };

  test("says whether a strategy is there, and what it lacks", () => {
    expect(summaries(allMatrices.userEverything, "passed")).toEqual([
      { id: "namespaces", available: true, missing: [] },
      { id: "process", available: true, missing: [] },
    ]);
    expect(summaries(allMatrices.userEverything, "failed")).toEqual([
      { id: "namespaces", available: false, missing: [] },
      { id: "process", available: false, missing: [] },
    ]);
    const mounts = ["mount.private-root", "mount.setattr", "mount.tmpfs", "mount.proc"];
    expect(summaries(allMatrices.userNamespacesBlocked, "passed")).toEqual([
      {
        id: "namespaces",
        available: false,
        missing: ["userns.create", "userns.capable", "ns.mount", ...mounts, "ns.pid", "ns.ipc", "ns.uts"],
      },
      { id: "process", available: true, missing: [] },
    ]);
  });

  test("is the strategy's own words and decisions", () => {
    const [judged] = judgeAll({ strategies, job: jobOf(), matrix: allMatrices.userEverything, trials: [] });
    if (judged === undefined) throw new Error("no strategy");
    const { id, isolation, rank, summary } = judged.strategy;
    expect(summarizeCandidate(judged)).toEqual({
      id,
      isolation,
      rank,
      summary,
      available: false,
      missing: [],
      guarantees: judged.decisions,
    });
  });
});
