/** Turns blocks into lines: wrapping, hanging indents, marks and colour. */
import { displayWidth, wrapText } from "./wrap-text.ts";
import { printableLine, printableText } from "./printable-text.ts";
import type { Block, Mark } from "./text-block.ts";
import type { TerminalStyle } from "./terminal-style.ts";

/** Longer lines are hard to read, however wide the terminal. */
const widestText = 100;
/** Below this, indents shrink to leave room for words. */
const narrow = 32;
/** From this on, definitions are set in two columns. */
const roomy = 60;
const termColumn = 28;

const symbols: Readonly<Record<Mark, { readonly unicode: string; readonly ascii: string }>> = {
  works: { unicode: "✓", ascii: "+" },
  degraded: { unicode: "!", ascii: "!" },
  blocked: { unicode: "✗", ascii: "x" },
  unknown: { unicode: "?", ascii: "?" },
  absent: { unicode: "-", ascii: "-" },
};

/** Parameters of SGR (ECMA-48): what starts a look; `0` ends each. */
const looks = {
  works: "32",
  degraded: "33",
  blocked: "31",
  unknown: "35",
  absent: "2",
  label: "2",
  strong: "1",
  command: "36",
};
type Look = keyof typeof looks;

/** A paragraph before it is broken into lines. */
interface Paragraph {
  /** Text in front of the first line, indent included. */
  readonly lead: string;
  /** Indent of all further lines. */
  readonly hang: number;
  readonly text: string;
  readonly leadLook?: Look | undefined;
  readonly look?: Look | undefined;
}

/** The text of all blocks, each line ended by a newline. */
export function layOutBlocks(blocks: readonly Block[], style: TerminalStyle): string {
  const lines = blocks.flatMap((block) => linesOf(block, style));
  return lines.map((line) => `${line}\n`).join("");
}

function linesOf(block: Block, style: TerminalStyle): string[] {
  const step = style.columns < narrow ? 2 : 4;
  switch (block.kind) {
    case "blank":
      return [""];
    case "verdict":
    case "heading":
      return breakLines({ lead: "", hang: 0, text: block.text, look: "strong" }, style);
    case "paragraph":
      return breakLines({ lead: "", hang: 0, text: block.text }, style);
    case "item":
      return breakLines(
        { lead: `[${symbolOf(block.mark, style)}] `, hang: step, text: block.text, leadLook: block.mark },
        style,
      );
    case "field":
      return breakLines({ ...leadOfField(block.label, step), text: block.text, leadLook: "label" }, style);
    case "definition":
      return definitionLines(block.term, block.text, style);
    case "command":
      return block.text
        .split("\n")
        .map((line) => " ".repeat(step + 2) + paint(printableLine(line, style.unicode), "command", style));
  }
}

/** Behind the term where there is room for it and two spaces, below it otherwise. */
function definitionLines(rawTerm: string, text: string, style: TerminalStyle): string[] {
  const term = printableText(rawTerm, style.unicode);
  const isRoomy = style.columns >= roomy;
  if (isRoomy && displayWidth(term) <= termColumn - 4) {
    const lead = `  ${term}${" ".repeat(termColumn - 2 - displayWidth(term))}`;
    return breakLines({ lead, hang: termColumn, text, leadLook: "strong" }, style);
  }
  const hang = isRoomy ? termColumn : 6;
  const termLines = breakLines({ lead: "  ", hang: 4, text: term, look: "strong" }, style);
  return [...termLines, ...breakLines({ lead: " ".repeat(hang), hang, text }, style)];
}

function leadOfField(label: string | undefined, step: number): Pick<Paragraph, "lead" | "hang"> {
  const indent = " ".repeat(step);
  return label === undefined ? { lead: indent, hang: step + 2 } : { lead: `${indent}${label}: `, hang: step + 2 };
}

function breakLines(parts: Paragraph, style: TerminalStyle): string[] {
  const width = Math.min(style.columns, widestText);
  const lines = wrapText(
    printableText(parts.text, style.unicode),
    width - displayWidth(parts.lead),
    width - parts.hang,
  );
  return lines.map((line, index) => {
    const start = index === 0 ? paintWord(parts.lead, parts.leadLook, style) : " ".repeat(parts.hang);
    return (start + paint(line, parts.look, style)).trimEnd();
  });
}

function symbolOf(mark: Mark, style: TerminalStyle): string {
  return style.unicode ? symbols[mark].unicode : symbols[mark].ascii;
}

/** Paints what is not white space at either end, so that no line ends in painted spaces. */
function paintWord(text: string, look: Look | undefined, style: TerminalStyle): string {
  const word = text.trim();
  return word === "" ? text : text.replace(word, () => paint(word, look, style));
}

function paint(text: string, look: Look | undefined, style: TerminalStyle): string {
  return style.color && look !== undefined && text !== "" ? `\u001b[${looks[look]}m${text}\u001b[0m` : text;
}
