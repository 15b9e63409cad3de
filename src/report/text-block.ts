/** The parts that human output is made of. Renderers make blocks; `lay-out-blocks.ts` turns them into lines. */

/** What a mark in front of a line says. */
export type Mark = "works" | "degraded" | "blocked" | "unknown" | "absent";

/** One part of the output. Texts may hold anything: they are made harmless when they are laid out. */
export type Block =
  | { readonly kind: "blank" }
  /** The one or two sentences that matter most. */
  | { readonly kind: "verdict"; readonly text: string }
  | { readonly kind: "heading"; readonly text: string }
  /** A line of a list: its mark, and text that hangs behind it. */
  | { readonly kind: "item"; readonly mark: Mark; readonly text: string }
  /** What belongs to the item or heading above: `Label: text`, or text alone. */
  | { readonly kind: "field"; readonly label?: string | undefined; readonly text: string }
  /** A command to be pasted: never wrapped, never cut, alone on its line. */
  | { readonly kind: "command"; readonly text: string }
  | { readonly kind: "paragraph"; readonly text: string }
  /** A term and what it means, in two columns where there is room. */
  | { readonly kind: "definition"; readonly term: string; readonly text: string };

/** An empty line. */
export const blank: Block = { kind: "blank" };

/** The verdict of a report. */
export function verdict(text: string): Block {
  return { kind: "verdict", text };
}

/** A heading, with the empty line in front of it. */
export function heading(text: string): Block[] {
  return [blank, { kind: "heading", text }];
}

/** A line of a list. */
export function item(mark: Mark, text: string): Block {
  return { kind: "item", mark, text };
}

/** `Label: text` under an item. */
export function field(label: string, text: string): Block {
  return { kind: "field", label, text };
}

/** Text under an item. */
export function note(text: string): Block {
  return { kind: "field", text };
}

/** A paragraph at the margin. */
export function paragraph(text: string): Block {
  return { kind: "paragraph", text };
}

/** A command to be pasted. */
export function command(text: string): Block {
  return { kind: "command", text };
}

/** A term and what it means. */
export function definition(term: string, text: string): Block {
  return { kind: "definition", term, text };
}
