import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { displayWidth, wrapText } from "../../src/report/wrap-text.ts";

describe("displayWidth", () => {
  test.each([
    ["letters", "abc", 3],
    ["the marks", "[✓] [✗]", 7],
    ["wide letters", "工作", 4],
    ["an emoji", "📦", 2],
    ["a combining accent", "e\u0301", 1],
    ["nothing", "", 0],
  ])("counts %s", (_, text, width) => {
    expect(displayWidth(text)).toBe(width);
  });
});

describe("wrapText", () => {
  test("breaks at spaces, and folds them", () => {
    expect(wrapText("one  two three four", 9, 9)).toEqual(["one two", "three", "four"]);
  });

  test("gives the first line its own width", () => {
    expect(wrapText("one two three four", 3, 9)).toEqual(["one", "two three", "four"]);
  });

  test("starts below a first line that is too short for a whole word", () => {
    expect(wrapText("capabilities hold", 5, 12)).toEqual(["", "capabilities", "hold"]);
  });

  test("breaks a word that fits nowhere behind punctuation", () => {
    expect(wrapText("see kernel.unprivileged_userns_clone", 16, 16)).toEqual([
      "see",
      "kernel.",
      "unprivileged_",
      "userns_clone",
    ]);
  });

  test("breaks a word without punctuation where the line ends", () => {
    expect(wrapText("abcdefgh", 3, 3)).toEqual(["abc", "def", "gh"]);
  });

  test("gives one empty line for no words", () => {
    expect(wrapText("", 10, 10)).toEqual([""]);
  });

  test("fits, and loses and adds nothing, whatever the text", () => {
    const words = fc.array(fc.string({ unit: "binary", minLength: 1, maxLength: 30 }));
    fc.assert(
      fc.property(words, fc.integer({ min: 2, max: 40 }), fc.integer({ min: 2, max: 40 }), (parts, first, rest) => {
        const text = parts.join(" ");
        const lines = wrapText(text, first, rest);
        expect(lines.join("").replaceAll(" ", "")).toBe(text.replaceAll(" ", ""));
        lines.forEach((line, index) => expect(displayWidth(line)).toBeLessThanOrEqual(index === 0 ? first : rest));
      }),
    );
  });
});
