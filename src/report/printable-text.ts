/** Makes text that came from the host harmless on a terminal, and ASCII where nothing else can be shown. */

/** Control characters and those that reorder text: a file name must not be able to repaint a report. */
// oxlint-disable-next-line no-control-regex -- finding them is the purpose
const unsafe = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/gu;
const notAscii = /[^\u0020-\u007e]/gu;

const asciiFor: Readonly<Record<string, string>> = {
  "…": "...",
  "→": "->",
  "–": "-",
  "—": "-",
  "×": "x",
  "·": "-",
  "≥": ">=",
  "≤": "<=",
  µ: "u",
  "‘": "'",
  "’": "'",
  "“": '"',
  "”": '"',
};

/** One line of text as it may be printed: white space becomes a space, other control characters become escapes. */
export function printableText(text: string, unicode: boolean): string {
  return printableLine(text.replace(/[\t\n\v\f\r]+/gu, " "), unicode);
}

/** Like {@link printableText}, but nothing is folded: what stands in a command is shown as an escape or not at all. */
export function printableLine(line: string, unicode: boolean): string {
  const safe = line.replace(unsafe, escaped);
  return unicode ? safe : safe.replace(notAscii, (character) => asciiFor[character] ?? escaped(character));
}

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
}
