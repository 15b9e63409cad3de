/** Lists in Markdown, in lines that the formatter leaves as they are. */

const width = 118;

/** Words of a list's item, in lines; those within back quotes stay together. */
export function wrapItem(text: string): string {
  const words = text.match(/(?:`[^`]*`|[^\s`])+/gu) ?? [];
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return `- ${lines.join("\n  ")}\n`;
}

/** A list of such items. */
export function renderList(items: readonly string[]): string {
  return items.map(wrapItem).join("");
}
