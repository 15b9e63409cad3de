import { describe, expect, test } from "bun:test";
import { startCostOf } from "../../src/verify/measure-starts.ts";

describe("startCostOf", () => {
  test.each([
    [[3], 3000, 3000],
    [[5, 1, 3], 3000, 1000],
    [[4, 1, 3, 2], 2500, 1000],
    [[1.2345, 1.2349], 1235, 1235],
  ])("of %j ms", (times, medianUs, minUs) =>
    expect(startCostOf("x", times)).toEqual({ strategy: "x", runs: times.length, medianUs, minUs }),
  );

  test("is none of nothing", () => expect(() => startCostOf("x", [])).toThrow("nothing was measured"));
});
