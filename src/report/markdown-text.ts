/** Markdown as GitHub and GitLab render it, from text that may hold anything. */
import { printableText } from "./printable-text.ts";

/** What HTML needs escaped. */
const references: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

/** What a backslash disarms. An underscore within a word means nothing. */
const punctuation = /^[\\`*[\]~_|]$/u;

/**
 * All that means something: markup; mentions, issues, formulas and addresses, which are recognized whatever precedes them;
 * and what would begin a list or a heading at the start of a line.
 */
const meaningful =
  /[\\`*[\]~|&<>@$]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|:(?=\/\/)|(?<=\bwww)\.|#(?=\w)|^[#+=-]|(?<=^\d+)[.)](?=\s|$)/giu;

/** One line of text that renders as it stands: no markup, no HTML, no mention, no link, no end of a table's cell. */
export function escapeMarkdown(text: string): string {
  const line = printableText(text.toWellFormed(), true).trim();
  return line.replace(meaningful, (character) => {
    if (punctuation.test(character)) return `\\${character}`;
    return references[character] ?? `&#${character.codePointAt(0)};`;
  });
}

/** Text as code, in a table or out of it; as HTML, because a fence has no place in a table and backticks can be broken out of. */
export function markdownCode(text: string): string {
  const line = printableText(text.toWellFormed(), true);
  return `<code>${line.replace(meaningful, (character) => references[character] ?? `&#${character.codePointAt(0)};`)}</code>`;
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
