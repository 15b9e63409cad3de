import { describe, expect, test } from "bun:test";
import type { DemandVerdict } from "../../src/model/demand.ts";
import {
  checkExitCodes,
  conclude,
  describeConclusion,
  findDrift,
  type CheckResult,
  type Drift,
} from "../../src/report/check-result.ts";
import { stablePart } from "../../src/report/compare-snapshots.ts";
import { snapshotOf } from "../../src/report/snapshot.ts";
import { blockedNamespaces } from "../fixtures/reports/blocked-namespaces.ts";
import { perfectHost } from "../fixtures/reports/perfect-host.ts";

function verdicts(...results: readonly DemandVerdict["result"][]): DemandVerdict[] {
  return results.map((result, index) => ({ demand: { kind: "capability", id: `c.${index}` }, result, because: "b" }));
}

const noDrift: Drift = { lock: "l", differences: [], changes: [], unexpected: ["new.one"] };
const drift: Drift = {
  ...noDrift,
  differences: [{ kind: "capability", id: "c", was: "works", is: "blocked", change: "worse" }],
};

const cases: readonly (readonly [string, Partial<CheckResult>, number])[] = [
  ["all hold", { demands: verdicts("holds", "holds") }, 0],
  ["one holds", { demands: verdicts("holds") }, 0],
  ["one holds in part", { demands: verdicts("holds", "degraded") }, 0],
  ["one holds in part, which is to fail", { demands: verdicts("holds", "degraded"), failsOnDegraded: true }, 2],
  ["one fails", { demands: verdicts("holds", "fails") }, 1],
  [
    "one fails, another cannot be told, and all else",
    { demands: verdicts("unknown", "fails", "degraded"), drift, failsOnDegraded: true },
    1,
  ],
  ["one cannot be told, and drift", { demands: verdicts("unknown", "degraded"), drift, failsOnDegraded: true }, 3],
  ["drift, and one holds in part", { demands: verdicts("degraded"), drift, failsOnDegraded: true }, 4],
  ["drift alone", { demands: [], drift }, 4],
  ["no drift alone", { demands: [], drift: noDrift }, 0],
  ["no drift and all hold", { demands: verdicts("holds"), drift: noDrift }, 0],
];

describe("a check where", () => {
  test.each(cases)("%s", (_, parts, code) => {
    const result = { demands: [], failsOnDegraded: false, ...parts };
    expect(checkExitCodes[conclude(result)]).toBe(code);
    expect(describeConclusion(result)).toMatchSnapshot();
    expect(describeConclusion(result).startsWith("check: passed: ")).toBe(code === 0);
    expect(describeConclusion(result).length).toBeLessThan(78);
  });
});

describe("findDrift", () => {
  const expected = snapshotOf(perfectHost);

  test("finds none on the same host", () =>
    expect(findDrift("lock", expected, perfectHost)).toEqual({
      lock: "lock",
      differences: [],
      changes: [],
      unexpected: [],
    }));

  test("finds what is worse, and that the same is better the other way round", () => {
    const worse = findDrift("lock", expected, blockedNamespaces).differences;
    expect(worse.length).toBeGreaterThan(0);
    expect(worse.map(({ change }) => change)).not.toContain("better");
    expect(
      findDrift("lock", snapshotOf(blockedNamespaces), perfectHost).differences.map(({ change }) => change),
    ).not.toContain("worse");
  });

  test("does not count what the lock does not know, and counts what it knows and is gone", () => {
    const { "ns.pid": _gone, ...capabilities } = expected.capabilities;
    expect(findDrift("lock", { ...expected, capabilities }, perfectHost)).toMatchObject({
      differences: [],
      unexpected: ["ns.pid"],
    });
    const more = { ...expected, capabilities: { ...expected.capabilities, "old.one": { state: "works" as const } } };
    expect(findDrift("lock", more, perfectHost).differences).toEqual([
      { kind: "capability", id: "old.one", was: "works", change: "other" },
    ]);
  });

  test("does not count a value that was not the same when the lock was made", () => {
    const withValue = (value: number) => ({
      ...perfectHost,
      capabilities: perfectHost.capabilities.map((one) => (one.id === "ns.pid" ? { ...one, value } : one)),
    });
    const snapshot = stablePart([snapshotOf(withValue(1)), snapshotOf(withValue(2))], snapshotOf(withValue(4)));
    expect(findDrift("lock", snapshot, withValue(3)).differences).toEqual([]);
    expect(findDrift("lock", snapshotOf(withValue(1)), withValue(3)).differences).toHaveLength(1);
  });
});
