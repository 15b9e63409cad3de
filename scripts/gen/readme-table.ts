/** Tables in Markdown, as the formatter leaves them. */

/** Every column as wide as its widest cell. */
export function renderTable(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = heads.map((head, column) => Math.max(...[head, ...rows.map((row) => row[column] ?? "")].map(length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell + " ".repeat((widths[column] ?? 0) - length(cell))).join(" | ")} |\n`;
  return [heads, widths.map((width) => "-".repeat(width)), ...rows].map(line).join("");
}

function length(text: string): number {
  return Array.from(text).length;
}
