/** What `cupel clean` prints: a line for each thing, and what it comes to as the last one. */
import type { Removal } from "../model/removal.ts";
import { count, formatBytes } from "./phrase.ts";
import { printableText } from "./printable-text.ts";

function describeRemoval(removal: Removal, verb: string): string[] {
  const path = printableText(removal.path, true);
  switch (removal.result) {
    case "removed":
      return [`${verb} ${path}: ${removal.what}${removal.bytes === 0 ? "" : `, ${formatBytes(removal.bytes)}`}`];
    case "left":
      return [`left ${path}: ${printableText(removal.reason, true)}`];
    case "failed":
      return [];
  }
}

function conclude(removals: readonly Removal[], verb: string): string {
  const bytes = removals.reduce((sum, removal) => sum + (removal.result === "removed" ? removal.bytes : 0), 0);
  const amountOf = (result: Removal["result"]): number => removals.filter((one) => one.result === result).length;
  const [removed, left, failed] = [amountOf("removed"), amountOf("left"), amountOf("failed")];
  const parts = [
    removed === 0 ? "nothing to remove" : `${verb} ${count(removed, "entry", "entries")}, ${count(bytes, "byte")}`,
    ...(left === 0 ? [] : [`${left} left`]),
    ...(failed === 0 ? [] : [`${failed} could not be removed`]),
  ];
  return `clean: ${parts.join("; ")}`;
}

/** The whole output; what could not be removed is only counted, standard error names it. */
export function renderRemovals(removals: readonly Removal[], dryRun: boolean): string {
  const verb = dryRun ? "would remove" : "removed";
  const lines = removals.flatMap((removal) => describeRemoval(removal, verb));
  return `${[...lines, conclude(removals, verb)].join("\n")}\n`;
}
