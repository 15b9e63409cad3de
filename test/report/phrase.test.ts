import { describe, expect, test } from "bun:test";
import { clause, count, formatBytes, formatDuration, joinWords, sentence } from "../../src/report/phrase.ts";

describe("joinWords", () => {
  test.each<[string[], number | undefined, string]>([
    [[], undefined, ""],
    [["a"], undefined, "a"],
    [["a", "b"], undefined, "a and b"],
    [["a", "b", "c"], undefined, "a, b and c"],
    [["a", "b", "c", "d"], 2, "a, b and 2 more"],
    [["a", "b"], 2, "a and b"],
  ])("joins %p, at most %p of them", (words, most, text) => {
    expect(joinWords(words, most)).toBe(text);
  });
});

describe("sentence and clause", () => {
  test("end once, or not at all", () => {
    expect([sentence("it is so"), sentence("it is so."), sentence("is it? ")]).toEqual([
      "it is so.",
      "it is so.",
      "is it?",
    ]);
    expect([clause("it is so. "), clause("it is so")]).toEqual(["it is so", "it is so"]);
  });
});

describe("amounts", () => {
  test("know one from many", () => {
    expect([count(1, "link"), count(2, "link"), count(0.5, "CPU"), count(2, "entry", "entries")]).toEqual([
      "1 link",
      "2 links",
      "0.5 CPUs",
      "2 entries",
    ]);
  });

  test.each([
    [0.04, "under 0.1 ms"],
    [1.74, "1.7 ms"],
    [312.4, "312 ms"],
    [1500, "1.5 s"],
    [90_000, "90 s"],
    [300_000, "5 min"],
  ])("say %p milliseconds", (milliseconds, text) => {
    expect(formatDuration(milliseconds)).toBe(text);
  });

  test.each([
    [0, "0 bytes"],
    [1023, "1023 bytes"],
    [2048, "2 KiB"],
    [1_000_000_000, "953.7 MiB"],
    [3 * 1024 ** 3, "3 GiB"],
    [2 ** 60, "1048576 TiB"],
  ])("say %p bytes", (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});
