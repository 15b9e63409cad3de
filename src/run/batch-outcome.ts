/** What a batch says of each job: one line of JSON. Pure. */
import type { ResidentResult } from "../launch/resident-launcher.ts";
import type { GuaranteeId } from "../model/guarantee.ts";
import type { Cause, Ending } from "../model/ending.ts";
import type { Degradation, LimitOutcome, Outcome } from "../model/outcome.ts";
import type { Usage } from "../model/usage.ts";

/** Version of the line's shape. */
export const batchOutcomeSchema = 2;

/** One of a job's outputs: text where it is UTF-8, otherwise base64. */
export type CapturedOutput = {
  /** How much the job wrote; what is passed on may be less. */
  readonly bytes: number;
  readonly isTruncated: boolean;
} & ({ readonly text: string } | { readonly base64: string });

/** One line. The decision is the same for all jobs of a batch, so the ids of what is kept stand for it. */
export interface BatchOutcome extends Omit<Ending, "cause"> {
  readonly schema: typeof batchOutcomeSchema;
  /** Of the batch, counted from 1. */
  readonly line: number;
  readonly id?: string | undefined;
  readonly cause: Omit<Cause, "evidence">;
  readonly exitCode: number;
  readonly strategy?: string | undefined;
  readonly report?: string | undefined;
  readonly kept: readonly GuaranteeId[];
  readonly accepted: readonly GuaranteeId[];
  readonly degraded: readonly Degradation[];
  readonly limits: readonly LimitOutcome[];
  readonly usage?: Usage | undefined;
  readonly stdout?: CapturedOutput | undefined;
  readonly stderr?: CapturedOutput | undefined;
}

const strictDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Undefined for what is not UTF-8. */
function decode(bytes: Uint8Array): string | undefined {
  try {
    return strictDecoder.decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return undefined;
  }
}

/** The cap may have cut a character of up to four bytes. */
const cutBytesMax = 3;

function textOf(bytes: Uint8Array, isTruncated: boolean): { text: string } | { base64: string } {
  for (let cut = 0; cut <= (isTruncated ? cutBytesMax : 0); cut++) {
    const text = decode(bytes.subarray(0, bytes.length - cut));
    if (text !== undefined) return { text };
  }
  return { base64: Buffer.from(bytes).toString("base64") };
}

function captured(passed: Uint8Array, bytes: number): CapturedOutput {
  const isTruncated = bytes > passed.length;
  return { bytes, isTruncated, ...textOf(passed, isTruncated) };
}

/** What the job wrote; nothing where the launcher was lost, and with it the rest of the output. */
export function capturedOutputs({ events, output, errors }: ResidentResult): Pick<BatchOutcome, "stdout" | "stderr"> {
  const finished = events.find((event) => event.event === "finished");
  if (finished?.event !== "finished") return {};
  return { stdout: captured(output, finished.outputBytes), stderr: captured(errors, finished.errorBytes) };
}

/** The line for an outcome. */
export function batchOutcome(
  { line, id }: { readonly line: number; readonly id?: string | undefined },
  outcome: Outcome,
  outputs: Pick<BatchOutcome, "stdout" | "stderr"> = {},
): BatchOutcome {
  const { status, cause, code, signal, exitCode, strategy, report, guarantees, accepted, degraded, limits, usage } =
    outcome;
  return {
    schema: batchOutcomeSchema,
    line,
    id,
    status,
    cause: { code: cause.code, summary: cause.summary },
    code,
    signal,
    exitCode,
    strategy,
    report,
    kept: guarantees.filter(({ kept }) => kept).map((decision) => decision.id),
    accepted,
    degraded,
    limits,
    usage,
    ...outputs,
  };
}
