import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { escapeMarkdown, markdownCode, markdownTable } from "../../src/report/markdown-text.ts";
import { printableText } from "../../src/report/printable-text.ts";
import { hostileText } from "../fixtures/reports/hostile.ts";

/** What a reader sees. */
function rendered(markdown: string): string {
  const html = Bun.markdown.html(markdown, { autolinks: true });
  return html.trim();
}

const named: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"' };

function withoutReferences(html: string): string {
  return html.replace(/&(?:#(\d+)|(\w+));/gu, (_, code?: string, name?: string) =>
    code === undefined ? (named[name ?? ""] ?? "?") : String.fromCodePoint(Number(code)),
  );
}

/** Cells of a table's one row, as a reader sees them. */
function cellsOf(markdown: string): string[] {
  return Array.from(rendered(markdown).matchAll(/<td>(.*?)<\/td>/gsu), ([, cell = ""]) => withoutReferences(cell));
}

function asShown(text: string): string {
  return printableText(text.toWellFormed(), true).trim();
}

/** Texts of what means something in Markdown. */
const nasty = fc
  .array(
    fc.constantFrom(
      "|",
      "`",
      "``",
      "*",
      "**",
      "_",
      "a",
      "b c",
      "[",
      "]",
      "(x)",
      "<",
      ">",
      "<b>",
      "&",
      "&amp;",
      "\\",
      "~~",
      "#",
      "# ",
      "1. ",
      "- ",
      "--",
      "=",
      "https://",
      "www.a.b",
      "@me",
      "$",
      "!",
      "\n",
      ":",
      "\u0000",
      "\ud800",
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(""));

describe("escapeMarkdown", () => {
  test("shows in a table what was there, and nothing else", () => {
    fc.assert(
      fc.property(nasty, (text) => {
        const table = markdownTable(["a", "b"], [[escapeMarkdown(text), "end"]]).join("\n");
        expect(cellsOf(table)).toEqual([asShown(text), "end"]);
      }),
      { numRuns: 500 },
    );
  });

  test("shows in a paragraph what was there, and nothing else", () => {
    fc.assert(
      fc.property(nasty, (text) => {
        fc.pre(asShown(text) !== "");
        expect(withoutReferences(rendered(escapeMarkdown(text)))).toBe(`<p>${asShown(text)}</p>`);
      }),
      { numRuns: 500 },
    );
  });

  test("leaves names readable in the source", () => {
    const text = "kernel.unprivileged_userns_clone is 0 (sysctl): set it, e.g. to 1; 6.18.44-x #";
    expect(escapeMarkdown(text)).toBe(text);
  });
});

describe("markdownCode", () => {
  test("shows in a table what was there, as code", () => {
    fc.assert(
      fc.property(nasty, (text) => {
        const table = markdownTable(["a", "b"], [[markdownCode(text), "end"]]).join("\n");
        expect(cellsOf(table)).toEqual([`<code>${printableText(text.toWellFormed(), true)}</code>`, "end"]);
      }),
      { numRuns: 500 },
    );
    expect(markdownCode(hostileText)).not.toContain("<script>");
  });
});
