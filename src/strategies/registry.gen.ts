// Written by scripts/gen.ts from the files of this folder; do not edit.
import bubblewrapStrategy from "./bubblewrap.ts";
import namespacesStrategy from "./namespaces.ts";
import processStrategy from "./process.ts";

/** All strategies, by file name. */
export const strategies = [bubblewrapStrategy, namespacesStrategy, processStrategy] as const;
