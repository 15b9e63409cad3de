/** Lines of the kernel's own text files, without regular expressions: to compile one takes longer than the whole file. */

/** What stands behind `name:` at the start of a line, without the blanks around it; undefined where no line begins so. Pure. */
export function procField(text: string, name: string): string | undefined {
  const start = `${name}:`;
  const found = text.startsWith(start) ? 0 : text.indexOf(`\n${start}`);
  if (found < 0) return undefined;
  const from = text.indexOf(":", found) + 1;
  const end = text.indexOf("\n", from);
  return text.slice(from, end < 0 ? text.length : end).trim();
}
