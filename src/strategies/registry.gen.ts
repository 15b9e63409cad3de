// Written by scripts/gen.ts from the files of this folder; do not edit.
import namespacesStrategy from "./namespaces.ts";
import processStrategy from "./process.ts";

/** All strategies, by file name. */
export const strategies = [namespacesStrategy, processStrategy] as const;
