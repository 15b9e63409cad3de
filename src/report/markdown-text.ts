/** Markdown as GitHub and GitLab render it, from text that may hold anything. */
import { printableText } from "./printable-text.ts";

/** Characters that mean something in the middle of a line, and what stands for them. */
const meanings: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  // Mentions, formulas and addresses are recognized whatever precedes them.
  "@": "&#64;",
  $: "&#36;",
  "|": "\\|",
};

/** One line of text that renders as it stands: no markup, no HTML, no mention, no link, no end of a table's cell. */
export function escapeMarkdown(text: string): string {
  return printableText(text, true)
    .replace(/[\\`*[\]~]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/gu, "\\$&")
    .replace(/[&<>@$|]/gu, (character) => meanings[character] ?? "")
    .replace(/:\/\//gu, ":&#47;&#47;")
    .replace(/\b(www)\./giu, "$1&#46;")
    .replace(/#(?=\w)/gu, "&#35;")
    .replace(/^(?=[#>+-]|\d+[.)])/u, "\u200b")
    .trim();
}

/** Text as code, in a table or out of it; as HTML, because a fence has no place in a table and backticks can be broken out of. */
export function markdownCode(text: string): string {
  const safe = printableText(text, true).replace(/[&<>]/gu, (character) => meanings[character] ?? "");
  return `<code>${safe.replace(/[\\`*_[\]~|@$#:]/gu, (character) => `&#${character.codePointAt(0)};`)}</code>`;
}

/** A table; its cells are Markdown already. Nothing where there are no rows. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return [];
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line), ""];
}

/** Lines that are shown when their heading, which is HTML already, is clicked. */
export function markdownFold(heading: string, lines: readonly string[]): string[] {
  return ["<details>", `<summary>${heading}</summary>`, "", ...lines, "</details>", ""];
}
