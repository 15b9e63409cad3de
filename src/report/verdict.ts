/** The verdict: as much of a report as `run` needs. */
import * as v from "valibot";
import { capabilityStates } from "../model/capability.ts";
import { reportSchema, type Report, type Verdict } from "../model/report.ts";

const verdictSchema = v.strictObject({
  schema: v.literal(reportSchema),
  id: v.string(),
  fingerprintParts: v.record(v.string(), v.string()),
  standings: v.record(
    v.string(),
    v.strictObject({ state: v.picklist(capabilityStates), value: v.optional(v.union([v.string(), v.number()])) }),
  ),
  skipped: v.array(v.string()),
  trials: v.array(
    v.strictObject({
      strategy: v.string(),
      result: v.picklist(["passed", "failed", "unknown"]),
      summary: v.string(),
    }),
  ),
});

/** A verdict from parsed JSON, or one line on why it is none. Unknown fields are errors. */
export function parseVerdict(input: unknown): { ok: true; value: Verdict } | { ok: false; problem: string } {
  const result = v.safeParse(verdictSchema, input, { abortEarly: true });
  if (result.success) return { ok: true, value: result.output };
  return { ok: false, problem: `${v.getDotPath(result.issues[0]) ?? "it"}: ${result.issues[0].message}` };
}

/** What decides of a report. Pure. */
export function verdictOf(report: Report): Verdict {
  return {
    schema: report.schema,
    id: report.id,
    fingerprintParts: report.fingerprintParts,
    standings: Object.fromEntries(
      report.capabilities.map(({ id, state, value }) => [id, value === undefined ? { state } : { state, value }]),
    ),
    skipped: report.skipped,
    trials: report.trials.map(({ strategy, result, summary }) => ({ strategy, result, summary })),
  };
}
