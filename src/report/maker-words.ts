/** The words that a program makes a sandbox from, as they are shown. Pure. */
import type { MakerCall } from "../launch/maker-call.ts";

/** The words that it reads from a descriptor (`--args`), and those of its own that follow them. */
export function writtenOut({ arguments: words, inputs }: MakerCall): {
  readonly read: readonly string[];
  readonly own: readonly string[];
} {
  const [first] = inputs;
  const content = first !== undefined && "content" in first ? Buffer.from(first.content).toString() : "";
  return { read: content.split("\0").slice(0, -1), own: words.slice(words.indexOf("--")) };
}

/** They say something of the option behind them: bwrap(1). */
const modifiers: readonly (string | undefined)[] = ["--perms", "--size"];

/** Each option with what belongs to it. */
export function groupWords(words: readonly string[]): string[][] {
  const groups: string[][] = [];
  for (const word of words) {
    const last = groups.at(-1);
    const isModified = modifiers.includes(last?.at(-2));
    if (last === undefined || (word.startsWith("--") && !isModified)) groups.push([word]);
    else last.push(word);
  }
  return groups;
}
