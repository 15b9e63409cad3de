import { describe, expect, test } from "bun:test";
import { fitLine } from "../../src/report/fit-line.ts";

const text = "some words that are more than a line can hold on any terminal of this kind at all";

function fit(columns: number, lead: string, words = text, isWide = false): string[] {
  return fitLine(lead, words, { style: { columns, color: false, unicode: true }, isWide }).split("\n");
}

describe("fitLine", () => {
  test("breaks a line that does not fit, further lines as far in as the first", () =>
    expect(fit(60, "evidence   ")).toEqual([
      "evidence   some words that are more than a line can hold on",
      "           any terminal of this kind at all",
    ]));

  test("indents less on a narrow terminal", () =>
    expect(fit(40, "evidence   ")).toEqual([
      "evidence   some words that are more than",
      "    a line can hold on any terminal of",
      "    this kind at all",
    ]));

  test.each([
    ["what fits", "", "short", 20, false],
    ["what a program reads", "a  ", text, 20, true],
    ["a path with spaces of its own", "", "A a path  with more than one, and much more than fits", 20, false],
  ])("leaves %s as it is", (_, lead, words, columns, isWide) =>
    expect(fit(columns, lead, words, isWide)).toEqual([lead + words]),
  );
});
