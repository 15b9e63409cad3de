/** A page in Markdown, as far as tests look at it. Pure. */

/** A fenced block. */
export interface FencedBlock {
  /** Word behind the opening fence; empty where there is none. */
  readonly kind: string;
  readonly text: string;
  /** What a comment in front of it says to tests: `<!-- test: as an ordinary user -->`. */
  readonly note: string | undefined;
}

/** A command of a console block (`$ …`) and the lines that the page shows below it. */
export interface Example {
  readonly command: string;
  readonly expected: readonly string[];
}

const fence = /^(?:<!-- test: (.+) -->\n\n)?```([a-z]*)\n(.*?)^```$/gmsu;

/** All fenced blocks, in order. */
export function fencedBlocks(markdown: string): FencedBlock[] {
  return Array.from(markdown.matchAll(fence), ([, note, kind = "", text = ""]) => ({ kind, text, note }));
}

/** Texts between back quotes, outside of fenced blocks, each once; a line's end within one is a blank. */
export function codeSpans(markdown: string): string[] {
  const prose = markdown.replaceAll(fence, "");
  const spans = Array.from(prose.matchAll(/`([^`]+)`/gu), ([, text = ""]) => text.replaceAll(/\s+/gu, " "));
  return [...new Set(spans)];
}

/** Commands of a console block. */
export function parseExamples(text: string): Example[] {
  return text
    .split(/^\$ /mu)
    .slice(1)
    .map((part) => {
      const [command = "", ...expected] = part.replace(/\n$/u, "").split("\n");
      return { command, expected };
    });
}

/** Whether lines are those that a page shows: `…` stands for any text in a line, and alone for any number of lines. */
export function matchesLines(seen: readonly string[], expected: readonly string[]): boolean {
  const [first, ...rest] = expected;
  if (first === undefined) return seen.length === 0;
  if (first === "…")
    return Array.from({ length: seen.length + 1 }, (_, skip) => skip).some((skip) =>
      matchesLines(seen.slice(skip), rest),
    );
  return seen[0] !== undefined && matchesLine(seen[0], first) && matchesLines(seen.slice(1), rest);
}

function matchesLine(seen: string, expected: string): boolean {
  const parts = expected.split("…").map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/gu, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`, "u").test(seen);
}
