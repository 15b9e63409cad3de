/** Exit codes of `run`. Pure. */
import type { CauseCode, Ending, OutcomeStatus } from "../model/ending.ts";
import { killSignal } from "./ending-verdict.ts";

/** Ends that cupel put to the job, or before it, have a code whatever the job's own was. */
const codesOfStatuses: Readonly<Partial<Record<OutcomeStatus, number>>> = {
  "timeout-wall": 124,
  "timeout-cpu": 124,
  "timeout-idle": 124,
  "limit-output": 128 + killSignal,
  "setup-failed": 125,
  refused: 125,
};

const codesOfCauses: Readonly<Partial<Record<CauseCode, number>>> = {
  "program-not-found": 127,
  "program-not-executable": 126,
};

/** Exit code of `run`: API. */
export function exitCodeOf({ status, cause, code, signal }: Ending): number {
  const fixed = codesOfCauses[cause.code] ?? codesOfStatuses[status];
  if (fixed !== undefined) return fixed;
  if (code !== undefined) return code;
  if (signal !== undefined) return 128 + signal.number;
  return status === "out-of-memory" ? 128 + killSignal : 125;
}
