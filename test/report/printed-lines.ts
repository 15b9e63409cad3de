/** What holds of all human output: it fits, ends cleanly, and keeps to its letters. */
import { expect } from "bun:test";
import { displayWidth } from "../../src/report/wrap-text.ts";
import type { TerminalStyle } from "../../src/report/terminal-style.ts";

// oxlint-disable-next-line no-control-regex -- colours begin with one
const colors = /\u001b\[\d+m/gu;

/** As in a pipe without a locale: 80 columns, no colour, ASCII. */
export const plainStyle: TerminalStyle = { columns: 80, color: false, unicode: false };

/** The text as it looks without colour. */
export function withoutColor(text: string): string {
  return text.replace(colors, "");
}

/** Expects every line to fit, but for the commands, which stand alone and whole on theirs. */
export function expectTidy(text: string, style: TerminalStyle, commands: readonly string[]): void {
  const lines = withoutColor(text).split("\n");
  expect(lines.pop()).toBe("");
  const tooWide = lines.filter((line) => displayWidth(line) > style.columns && !commands.includes(line.trim()));
  expect(tooWide).toEqual([]);
  expect(lines.filter((line) => line !== line.trimEnd())).toEqual([]);
  expect(lines.filter((line, index) => line === "" && lines[index + 1] === "")).toEqual([]);
  if (!style.unicode) expect(lines.filter((line) => /[^\u0020-\u007e]/u.test(line))).toEqual([]);
}

/** Styles in which everything is tried: three widths, with and without colour, both sets of letters. */
export const styles: readonly TerminalStyle[] = [80, 40, 20].flatMap((columns) =>
  [true, false].flatMap((color) => [true, false].map((unicode) => ({ columns, color, unicode }))),
);
