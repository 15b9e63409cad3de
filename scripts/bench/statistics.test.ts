import { describe, expect, test } from "bun:test";
import { percentile, samplesForP99, shareOfRound, summarizeLatency } from "./statistics.ts";

describe("percentile", () => {
  test.each([
    [[5, 1, 3], 0, 1],
    [[5, 1, 3], 0.5, 3],
    [[4, 1, 3, 2], 0.5, 2],
    [[5, 1, 3], 1, 5],
    [Array.from({ length: 200 }, (_, index) => 200 - index), 0.99, 198],
    [[10, 9, 100], 0.5, 10],
  ])("of %j at %d is %d", (samples, share, expected) => expect(percentile(samples, share)).toBe(expected));

  test("of nothing is not a number", () => expect(() => percentile([], 0.5)).toThrow("there are no samples"));
});

describe("summarizeLatency", () => {
  test("has no 99th percentile of a few samples", () =>
    expect(summarizeLatency([3000, 1000, 2000])).toEqual({ samples: 3, minUs: 1, p50Us: 2 }));

  test("has one of enough", () => {
    const samples = Array.from({ length: samplesForP99 }, (_, index) => (index + 1) * 1000);
    expect(summarizeLatency(samples)).toEqual({ samples: 100, minUs: 1, p50Us: 50, p99Us: 99 });
  });
});

describe("shareOfRound", () => {
  test.each([
    [10, 4, [2, 3, 2, 3]],
    [3, 5, [0, 1, 0, 1, 1]],
    [20, 2, [10, 10]],
  ])("%d in %d rounds", (total, rounds, expected) => {
    expect(Array.from({ length: rounds }, (_, round) => shareOfRound(total, round, rounds))).toEqual(expected);
  });
});
