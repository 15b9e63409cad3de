import { describe, expect, test } from "bun:test";
import { countJobs, countSamples, rotate } from "./measure.ts";

const effort = { runs: 200, rounds: 20, latencyBudgetMs: 6000, throughputBudgetMs: 1500, throughputRounds: 5 };

describe("countSamples", () => {
  test.each([
    [1, 200],
    [100, 60],
    [5000, 3],
  ])("of something that takes %d ms: %d", (estimateMs, expected) =>
    expect(countSamples(estimateMs, effort)).toBe(expected),
  );
});

describe("countJobs", () => {
  test.each([
    [1, 2, 300],
    [200, 2, 2],
    [200, 4, 4],
  ])("of something that takes %d ms, %d at once: %d", (estimateMs, parallel, expected) =>
    expect(countJobs(estimateMs, parallel, effort)).toBe(expected),
  );
});

describe("rotate", () => {
  test.each([
    [[1, 2, 3], 0, [1, 2, 3]],
    [[1, 2, 3], 1, [2, 3, 1]],
    [[1, 2, 3], 5, [3, 1, 2]],
    [[], 3, []],
  ])("%j by %d", (items: number[], by, expected: number[]) => expect(rotate(items, by)).toEqual(expected));
});
