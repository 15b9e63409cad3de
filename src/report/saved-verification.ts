/** What was verified on this host, kept beside the report: for the mechanisms that it was measured with and no other. */
import type { GuaranteeId } from "../model/guarantee.ts";
import { guaranteeIds } from "../model/guarantee.ts";
import { listOf, mappingTo, oneOf, strictObject, text } from "../model/strict-shape.ts";
import {
  verificationDepths,
  verificationSchema,
  type SavedVerification,
  type SubjectResult,
  type VerificationDepth,
  type VerifiedGuarantee,
  type VerifiedSet,
} from "../model/verification.ts";
import type { FingerprintParts } from "./fingerprint.ts";
import { loadSaved, saveFindings } from "./saved-report.ts";

const checkSaved = strictObject({
  schema: oneOf([verificationSchema]),
  fingerprintParts: mappingTo(text),
  sets: listOf(
    strictObject({
      strategy: text,
      mechanisms: text,
      guarantees: listOf(
        strictObject({
          id: oneOf(guaranteeIds),
          state: oneOf(["held", "broken"]),
          depth: oneOf(verificationDepths),
          attack: text,
        }),
      ),
    }),
  ),
});

/** What was saved, from parsed JSON, or one line on why it is none. Unknown fields are errors. */
export function parseSavedVerification(
  input: unknown,
): { ok: true; value: SavedVerification } | { ok: false; problem: string } {
  const problem = checkSaved(input, "");
  return problem === undefined ? { ok: true, value: input as SavedVerification } : { ok: false, problem };
}

/** The sets that were verified under this fingerprint; none where nothing was. `reason`: why a file is not used. */
export function loadVerifiedSets(
  directories: readonly string[],
  uid: number,
  parts: FingerprintParts,
): { readonly sets: readonly VerifiedSet[]; readonly reason?: string | undefined } {
  const loaded = loadSaved(directories, uid, { kind: "verification", parse: parseSavedVerification, parts });
  return loaded.ok ? { sets: loaded.value.sets } : { sets: [], reason: loaded.reason };
}

/** What a subject's result says for later: what could not be told says nothing. Pure. */
export function verifiedSetOf({ name, mechanisms, guarantees }: SubjectResult, depth: VerificationDepth): VerifiedSet {
  const told = guarantees.flatMap(({ id, state, brokenBy }): VerifiedGuarantee[] =>
    state === "held" || state === "broken" ? [{ id, state, depth, attack: brokenBy[0] ?? "" }] : [],
  );
  return { strategy: name, mechanisms, guarantees: told };
}

/** A quick look does not take back what a thorough one broke, nor add to what it showed. */
function isOutweighed(now: VerifiedGuarantee, before: VerifiedGuarantee | undefined): boolean {
  return before?.depth === "full" && now.depth === "quick" && now.state === "held";
}

function mergeGuarantees(
  before: readonly VerifiedGuarantee[],
  now: readonly VerifiedGuarantee[],
  forgotten: readonly GuaranteeId[],
): VerifiedGuarantee[] {
  const merged = new Map(before.filter(({ id }) => !forgotten.includes(id)).map((one) => [one.id, one]));
  for (const one of now) if (!isOutweighed(one, merged.get(one.id))) merged.set(one.id, one);
  return guaranteeIds.flatMap((id) => merged.get(id) ?? []);
}

/** `forgotten`: what was to be told this time and could not be. Pure. */
export function mergeSets(
  before: readonly VerifiedSet[],
  now: VerifiedSet,
  forgotten: readonly GuaranteeId[],
): VerifiedSet[] {
  const isSame = (set: VerifiedSet): boolean => set.strategy === now.strategy && set.mechanisms === now.mechanisms;
  const known = before.find(isSame)?.guarantees ?? [];
  const merged = { ...now, guarantees: mergeGuarantees(known, now.guarantees, forgotten) };
  return [...before.filter((set) => !isSame(set)), merged];
}

/** Saves them; gives why they could not be. */
export function saveVerifiedSets(
  sets: readonly VerifiedSet[],
  directories: readonly string[],
  uid: number,
  fingerprintParts: FingerprintParts,
): string | undefined {
  const saved: SavedVerification = { schema: verificationSchema, fingerprintParts, sets };
  return saveFindings("verification", JSON.stringify(saved), directories, uid);
}
