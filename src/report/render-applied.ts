/** What came of applying changes. */
import type { Change } from "../model/layer.ts";
import { countChanges, type LayerRecord } from "../model/layer.ts";
import { printableText } from "./printable-text.ts";
import { summarizeChanges } from "./render-changes.ts";

/** See `Applied` of apply-changes.ts. */
export interface AppliedView {
  readonly done: readonly Change[];
  readonly refusals: readonly { readonly path: string; readonly reason: string }[];
  readonly failure?: string | undefined;
}

/** What is said on standard error, a line each: refusals, and what they come to. */
export function describeRefusals({ refusals, done, failure }: AppliedView, { id }: Pick<LayerRecord, "id">): string[] {
  const lines = refusals.map(({ path, reason }) => printableText(`refused ${JSON.stringify(path)}: ${reason}`, true));
  if (failure !== undefined) {
    const broken = `applying ${id} stopped at ${failure}; what was done before stays, and cupel apply ${id} goes on from there`;
    return [...lines, printableText(broken, true)];
  }
  if (refusals.length === 0 || done.length > 0) return lines;
  return [...lines, `nothing of ${id} was applied; --skip-refused applies the rest`];
}

/** `applied k3f9x2 to /home/me/project: 3 paths added`. */
export function describeApplied({ done }: AppliedView, { id, workspace }: LayerRecord): string {
  return printableText(`applied ${id} to ${workspace}: ${summarizeChanges(countChanges(done))}`, true);
}
