/** What `cupel clean` did with one thing that it found. */

/** What became of one entry, or would. */
export type Removal =
  | { readonly result: "removed"; readonly path: string; readonly what: string; readonly bytes: number }
  /** Not cupel's, or in use. */
  | { readonly result: "left"; readonly path: string; readonly reason: string }
  /** Cupel's own, and still there. */
  | { readonly result: "failed"; readonly path: string; readonly reason: string };
