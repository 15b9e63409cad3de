import { describe, expect, test } from "bun:test";
import { printableLine, printableText } from "../../src/report/printable-text.ts";

describe("printableText", () => {
  test.each([
    ["an escape sequence", "bwrap \u001b[2J0.8", String.raw`bwrap \x1b[2J0.8`],
    ["an 8-bit control", "\u009b31m", String.raw`\x9b31m`],
    ["delete and bell", "a\u007fb\u0007", String.raw`a\x7fb\x07`],
    ["text that runs backwards", "\u202egnp.exe", String.raw`\u{202e}gnp.exe`],
    ["what cannot be seen", "a\u200bb\ufeff", String.raw`a\u{200b}b\u{feff}`],
    ["white space of other kinds", "one\r\n\ttwo\nthree", "one two three"],
    ["letters", "Müller → 工", "Müller → 工"],
  ])("makes %s harmless", (_, text, printed) => {
    expect(printableText(text, true)).toBe(printed);
  });

  test("keeps to ASCII where nothing else can be shown", () => {
    expect(printableText("a… → b – “c” ≥ é", false)).toBe(String.raw`a... -> b - "c" >= \xe9`);
  });
});

describe("printableLine", () => {
  test("folds nothing", () => {
    expect(printableLine("printf  '\t'", true)).toBe(String.raw`printf  '\x09'`);
  });
});
