/** Breaks text into lines of a given width. */

/** Combining marks take no column of their own. */
const zeroWidth = /\p{Mark}/u;
/** East Asian wide and full-width letters and emoji take two (Unicode TR 11; the ambiguous ones are taken as narrow). */
const doubleWidth =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
/** A word too long for a line is best broken behind one of these. */
const breakable = /[-/.,:;=_)\]]/u;

/** Columns that a text takes on a terminal. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

/** Lines of at most `first` columns (the first line) and `rest` columns (all others), broken at spaces. */
export function wrapText(text: string, first: number, rest: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ").filter((part) => part !== "")) {
    const width = lines.length === 0 ? first : rest;
    const joined = line === "" ? word : `${line} ${word}`;
    if (displayWidth(joined) <= width) {
      line = joined;
      continue;
    }
    // A word that the first line has no room for starts the second one, if only that spares breaking it.
    if (line !== "" || (lines.length === 0 && displayWidth(word) <= rest)) lines.push(line);
    const pieces = breakWord(word, lines.length === 0 ? first : rest, rest);
    line = pieces.pop() ?? "";
    lines.push(...pieces);
  }
  return [...lines, line];
}

function characterWidth(character: string): number {
  if (zeroWidth.test(character)) return 0;
  return doubleWidth.test(character) ? 2 : 1;
}

/** Pieces of a word that each fit: broken behind punctuation where that fills at least a third of the line, else anywhere. */
function breakWord(word: string, first: number, rest: number): string[] {
  const pieces: string[] = [];
  let piece = "";
  for (const character of word) {
    const width = pieces.length === 0 ? first : rest;
    if (piece !== "" && displayWidth(piece + character) > width) {
      const kept = breakingPoint(piece, width);
      pieces.push(piece.slice(0, kept));
      piece = piece.slice(kept);
    }
    piece += character;
  }
  return [...pieces, piece];
}

function breakingPoint(piece: string, width: number): number {
  for (let end = piece.length; end > width / 3; end -= 1) {
    if (breakable.test(piece.charAt(end - 1))) return end;
  }
  return piece.length;
}
