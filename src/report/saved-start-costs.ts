/** What starts were measured to cost on this host, kept beside the report. */
import { startCostsSchema, type SavedStartCosts, type StartCost } from "../model/start-cost.ts";
import { integer, listOf, mappingTo, oneOf, strictObject, text } from "../model/strict-shape.ts";
import type { FingerprintParts } from "./fingerprint.ts";
import { loadSaved, saveFindings, type Parser } from "./saved-report.ts";

const checkSaved = strictObject({
  schema: oneOf([startCostsSchema]),
  fingerprintParts: mappingTo(text),
  costs: listOf(strictObject({ strategy: text, runs: integer, medianUs: integer, minUs: integer })),
});

/** What was saved, from parsed JSON, or one line on why it is none. Unknown fields are errors. */
export const parseSavedStartCosts: Parser<SavedStartCosts> = (input) => {
  const problem = checkSaved(input, "");
  return problem === undefined ? { ok: true, value: input as SavedStartCosts } : { ok: false, problem };
};

/** Those that were measured under this fingerprint; none where nothing was. `reason`: why a file is not used. */
export function loadStartCosts(
  directories: readonly string[],
  uid: number,
  parts: FingerprintParts,
): { readonly costs: readonly StartCost[]; readonly reason?: string | undefined } {
  const loaded = loadSaved(directories, uid, { kind: "startCosts", parse: parseSavedStartCosts, parts });
  return loaded.ok ? { costs: loaded.value.costs } : { costs: [], reason: loaded.reason };
}

/** Saves them; gives why they could not be. */
export function saveStartCosts(
  costs: readonly StartCost[],
  directories: readonly string[],
  uid: number,
  fingerprintParts: FingerprintParts,
): string | undefined {
  const saved: SavedStartCosts = { schema: startCostsSchema, fingerprintParts, costs };
  return saveFindings("startCosts", JSON.stringify(saved), directories, uid);
}
