import { describe, expect, test } from "bun:test";
import { nearestWord } from "../../src/model/nearest-word.ts";

describe("nearestWord", () => {
  test.each([
    ["doctr", "doctor"],
    ["docotr", "doctor"],
    ["rnu", "run"],
    ["unr", undefined],
    ["raed", undefined],
    ["ru", "run"],
    ["runn", "run"],
    ["vesrion", "version"],
    ["xyz", undefined],
    ["", undefined],
  ])("of %p is %p", (word, nearest) =>
    expect(nearestWord(word, ["doctor", "plan", "run", "version"])).toBe(nearest as never),
  );

  test("is the first of two that are as near", () => expect(nearestWord("bat", ["cat", "hat"])).toBe("cat"));
  test("is none where nothing is known", () => expect(nearestWord("run", [])).toBeUndefined());
});
