/** The verdict: as much of a report as `run` needs. */
import { capabilityStates, evidenceLevels } from "../model/capability.ts";
import { reportSchema, type Report, type Verdict } from "../model/report.ts";
import { ifAny, listOf, mappingTo, oneOf, strictObject, text, textOrNumberIfAny } from "../model/strict-shape.ts";

const checkVerdict = strictObject({
  schema: oneOf([reportSchema]),
  id: text,
  fingerprintParts: mappingTo(text),
  standings: mappingTo(
    strictObject({ state: oneOf(capabilityStates), value: textOrNumberIfAny, level: ifAny(oneOf(evidenceLevels)) }),
  ),
  skipped: listOf(text),
  trials: listOf(strictObject({ strategy: text, result: oneOf(["passed", "failed", "unknown"]), summary: text })),
});

/** A verdict from parsed JSON, or one line on why it is none. Unknown fields are errors. */
export function parseVerdict(input: unknown): { ok: true; value: Verdict } | { ok: false; problem: string } {
  const problem = checkVerdict(input, "");
  return problem === undefined ? { ok: true, value: input as Verdict } : { ok: false, problem };
}

/** What decides of a report. Pure. */
export function verdictOf(report: Report): Verdict {
  return {
    schema: report.schema,
    id: report.id,
    fingerprintParts: report.fingerprintParts,
    standings: Object.fromEntries(
      report.capabilities.map(({ id, state, value, level }) => [
        id,
        value === undefined ? { state, level } : { state, value, level },
      ]),
    ),
    skipped: report.skipped,
    trials: report.trials.map(({ strategy, result, summary }) => ({ strategy, result, summary })),
  };
}
