/** Lines that each say one thing: broken for a terminal, whole for a program. */
import type { TerminalStyle } from "./terminal-style.ts";
import { displayWidth, wrapText } from "./wrap-text.ts";

/** Who reads. */
export interface ReaderView {
  readonly style: TerminalStyle;
  /** A program, which takes a line for one thing: none is broken or shortened. */
  readonly isWide: boolean;
}

/** Below this, indents shrink to leave room for words. */
const narrow = 60;

/** `lead` and `text`, further lines as far in as the text; what has spaces of its own, such as a path, stays as it is. */
export function fitLine(lead: string, text: string, { style: { columns }, isWide }: ReaderView): string {
  const width = displayWidth(lead);
  if (isWide || width + displayWidth(text) <= columns || /^ | {2}| $/.test(text)) return `${lead}${text}`;
  const hang = columns < narrow || width === 0 ? 4 : width;
  return wrapText(text, columns - width, columns - hang)
    .map((line, index) => `${index === 0 ? lead : " ".repeat(hang)}${line}`.trimEnd())
    .join("\n");
}
