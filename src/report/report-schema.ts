/** The shape of a report, for reading one that was saved and for publishing. Unknown fields are errors. */
import * as v from "valibot";
import { areas, blockerCodes, capabilityStates, evidenceLevels, layerKinds } from "../model/capability.ts";
import { guaranteeIds, isolationClasses } from "../model/guarantee.ts";
import { owners, reportSchema, type Report } from "../model/report.ts";
import { verificationDepths } from "../model/verification.ts";

const evidence = v.strictObject({ action: v.string(), result: v.string() });
const blocker = v.strictObject({
  code: v.picklist(blockerCodes),
  detail: v.string(),
  layer: v.optional(v.picklist(layerKinds)),
});

const capability = v.strictObject({
  id: v.string(),
  title: v.string(),
  area: v.picklist(areas),
  probe: v.string(),
  durationMs: v.number(),
  state: v.picklist(capabilityStates),
  level: v.picklist(evidenceLevels),
  summary: v.string(),
  evidence: v.array(evidence),
  blockers: v.array(blocker),
  ruledOut: v.array(v.picklist(blockerCodes)),
  value: v.optional(v.union([v.string(), v.number()])),
});

const decision = v.variant("kept", [
  v.strictObject({
    id: v.picklist(guaranteeIds),
    kept: v.literal(true),
    mechanism: v.string(),
    capabilities: v.array(v.string()),
  }),
  v.strictObject({
    id: v.picklist(guaranteeIds),
    kept: v.literal(false),
    reason: v.string(),
    missing: v.optional(v.string()),
  }),
]);

const trial = v.strictObject({
  strategy: v.string(),
  result: v.picklist(["passed", "failed", "unknown"]),
  summary: v.string(),
  evidence: v.array(evidence),
  durationMs: v.number(),
});

const strategy = v.strictObject({
  id: v.string(),
  isolation: v.picklist(isolationClasses),
  rank: v.number(),
  summary: v.string(),
  available: v.boolean(),
  missing: v.array(v.string()),
  guarantees: v.array(decision),
});

const reason = v.variant("kind", [
  v.strictObject({ kind: v.literal("capability"), capability: v.string() }),
  v.strictObject({ kind: v.literal("trial"), summary: v.string() }),
  v.strictObject({
    kind: v.literal("guarantee"),
    guarantee: v.picklist(guaranteeIds),
    because: v.string(),
    missing: v.optional(v.string()),
  }),
  v.strictObject({ kind: v.literal("isolation"), minimum: v.picklist(isolationClasses) }),
  v.strictObject({ kind: v.literal("not-verified"), guarantee: v.picklist(guaranteeIds) }),
  v.strictObject({ kind: v.literal("not-named") }),
  v.strictObject({ kind: v.literal("not-preferred") }),
]);

const selection = v.strictObject({
  chosen: v.optional(v.string()),
  accepted: v.array(v.picklist(guaranteeIds)),
  rejected: v.array(v.strictObject({ strategy: v.string(), reason })),
  closest: v.optional(v.string()),
});

const layer = v.strictObject({
  kind: v.picklist(layerKinds),
  name: v.string(),
  evidence: v.array(evidence),
  changedBy: v.picklist(owners),
});

const remedy = v.strictObject({
  id: v.string(),
  blocker: v.picklist(blockerCodes),
  capability: v.string(),
  summary: v.string(),
  scope: v.string(),
  commands: v.array(v.string()),
  engineFlags: v.array(v.string()),
  undo: v.array(v.string()),
  appliedBy: v.picklist(owners),
  reversible: v.boolean(),
  risk: v.string(),
});

const startCost = v.strictObject({
  strategy: v.string(),
  runs: v.number(),
  medianUs: v.number(),
  minUs: v.number(),
});

const verifiedSet = v.strictObject({
  strategy: v.string(),
  mechanisms: v.string(),
  guarantees: v.array(
    v.strictObject({
      id: v.picklist(guaranteeIds),
      state: v.picklist(["held", "broken"]),
      depth: v.picklist(verificationDepths),
      attack: v.string(),
    }),
  ),
});

/** The whole shape. */
export const reportShape = v.strictObject({
  schema: v.literal(reportSchema),
  id: v.string(),
  createdAt: v.string(),
  cupel: v.strictObject({ version: v.string(), build: v.string() }),
  user: v.strictObject({ uid: v.number(), gid: v.number(), groups: v.array(v.number()) }),
  fingerprint: v.string(),
  fingerprintParts: v.record(v.string(), v.string()),
  isWhole: v.boolean(),
  skipped: v.array(v.string()),
  layers: v.array(layer),
  capabilities: v.array(capability),
  trials: v.array(trial),
  strategies: v.array(strategy),
  selection,
  remedies: v.array(remedy),
  verified: v.optional(v.array(verifiedSet)),
  startCosts: v.optional(v.array(startCost)),
  durationMs: v.number(),
  quickProbes: v.strictObject({ durationMs: v.number(), budgetMs: v.number() }),
});

/** A report from parsed JSON, or one line on why it is none. */
export function parseReport(input: unknown): { ok: true; value: Report } | { ok: false; problem: string } {
  const result = v.safeParse(reportShape, input, { abortEarly: true });
  if (result.success) return { ok: true, value: result.output };
  const issue = result.issues[0];
  return { ok: false, problem: `${v.getDotPath(issue) ?? "it"}: ${issue.message}` };
}
