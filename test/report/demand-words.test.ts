import { describe, expect, test } from "bun:test";
import type { DemandVerdict } from "../../src/model/demand.ts";
import { describeDemandResult, describeDemands, worstResult } from "../../src/report/demand-words.ts";
import { mixedDemands } from "../fixtures/reports/demands.ts";

function all(...results: readonly DemandVerdict["result"][]): DemandVerdict[] {
  return results.map((result) => ({ demand: { kind: "guarantee", id: "net.none" }, result, because: "x" }));
}

describe("describeDemands", () => {
  test.each([
    [[], "unknown", "no demand could be judged"],
    [all("holds", "holds"), "holds", "all demands hold"],
    [all("holds", "degraded"), "degraded", "all demands hold, 1 only in part"],
    [all("degraded", "unknown"), "unknown", "1 of 2 demands could not be told"],
    [all("unknown", "fails", "holds"), "fails", "1 of 3 demands does not hold"],
    [all("fails", "fails"), "fails", "2 of 2 demands do not hold"],
  ] as const)("tells the gravest result (%#)", (demands, worst, words) => {
    expect([worstResult(demands), describeDemands(demands)]).toEqual([worst, words]);
  });
});

describe("describeDemandResult", () => {
  test("names the demand, and its kind where the id alone does not tell", () =>
    expect(mixedDemands.map(describeDemandResult)).toEqual([
      "net.none holds",
      "limit.memory does not hold",
      "kvm.run holds only in part",
      "isolation class vm does not hold",
      "strategy process could not be told",
    ]));
});
