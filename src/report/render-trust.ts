/** `cupel trust`: what a project asks for beyond the rest, and which projects are trusted. */
import { layOutBlocks } from "./lay-out-blocks.ts";
import type { TerminalStyle } from "./terminal-style.ts";
import { field, item, paragraph, verdict, type Block } from "./text-block.ts";

/** One thing that is asked for. */
export interface Wish {
  readonly field: string;
  /** The value, as a flag would be given it. */
  readonly word: string;
  readonly place?: string | undefined;
}

/** What a project asks for. */
export interface WishesView {
  /** The file, canonical. */
  readonly path: string;
  readonly wishes: readonly Wish[];
  readonly isTrusted: boolean;
}

/** What the file asks for beyond the rest, and whether it counts. */
export function renderWishes({ path, wishes, isTrusted }: WishesView, style: TerminalStyle): string {
  const trusted = paragraph("It is trusted, until the file changes.");
  if (wishes.length === 0) {
    const nothing = verdict(`${path} asks for nothing that needs trust.`);
    return layOutBlocks([nothing, ...(isTrusted ? [trusted] : [])], style);
  }
  const lines = wishes.map(({ field: name, word, place = "" }) =>
    field(`${name}${word === "" ? "" : ` ${word}`}`, `from ${place}`),
  );
  return layOutBlocks(
    [
      verdict(`${path} asks for more than the rest gives:`),
      ...lines,
      isTrusted ? trusted : paragraph("It is not trusted, so that does not count."),
    ],
    style,
  );
}

/** A file that was trusted, and what became of it. */
export interface TrustedFile {
  readonly path: string;
  readonly sha256: string;
  readonly state: "trusted" | "changed" | "gone";
}

const stateWords: Readonly<Record<TrustedFile["state"], string>> = {
  trusted: "",
  changed: "changed since, so not trusted as it is now",
  gone: "cannot be read any more",
};

/** A line for each. */
export function renderTrusted(files: readonly TrustedFile[], style: TerminalStyle): string {
  const lines = files.flatMap(({ path, sha256, state }): Block[] => [
    item(state === "trusted" ? "works" : "degraded", `${path}${state === "trusted" ? "" : `: ${stateWords[state]}`}`),
    field("SHA-256", sha256),
  ]);
  return layOutBlocks(files.length === 0 ? [verdict("No project is trusted.")] : lines, style);
}
