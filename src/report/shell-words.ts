/** Words for a POSIX shell: what is printed can be pasted. */

const plain = /^[\w@%+=:,./-]+$/u;
// oxlint-disable-next-line no-control-regex -- finding them is the purpose
const control = /[\u0000-\u001f\u007f]/gu;

/** A command line that a shell splits into exactly these words. */
export function quoteWords(words: readonly string[]): string {
  return words.map(quoteWord).join(" ");
}

/** One such word: `$'…'` (POSIX.1-2024) where control characters need escapes, single quotes otherwise, nothing where nothing is needed. */
export function quoteWord(word: string): string {
  if (plain.test(word)) return word;
  if (word.search(control) === -1) return `'${word.replaceAll("'", String.raw`'\''`)}'`;
  const escaped = word.replace(/[\\']/gu, String.raw`\$&`).replace(control, escapeControl);
  return `$'${escaped}'`;
}

function escapeControl(character: string): string {
  if (character === "\n") return String.raw`\n`;
  if (character === "\t") return String.raw`\t`;
  return `\\${character.charCodeAt(0).toString(8).padStart(3, "0")}`;
}
