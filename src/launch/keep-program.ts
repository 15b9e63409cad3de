/** Programs of others, run by the prober so that nothing of them is left. */
import { errnoName } from "../host/errno-name.ts";
import type { ProgramOptions, ProgramResult } from "../host/host.ts";
import * as v from "valibot";
import type { KeptProgram } from "./helper-port.ts";

/** Runs the prober; a text is why it could not be started. */
type RunProber = (
  proberArguments: readonly string[],
  options: ProgramOptions,
) => Promise<Exclude<ProgramResult, { status: "not-started" }> | string>;

/** What the prober itself may take to bury what a program left. */
const burialMs = 3000;

const endSchema = v.object({ step: v.string(), errno: v.number(), value: v.number() });

type OwnStep = v.InferOutput<typeof endSchema>;

/** The prober's two last lines are its own: how the program ended, and that it told all. What comes before is the program's. */
function parseEnd(stdout: string): { readonly output: string; readonly end: OwnStep | undefined } {
  const lines = stdout.trimEnd().split("\n");
  const [end, last] = lines.slice(-2).map((line) => v.safeParse(v.pipe(v.string(), v.parseJson(), endSchema), line));
  if (end?.success !== true || last?.success !== true || last.output.step !== "end") {
    return { output: stdout, end: undefined };
  }
  return { output: lines.slice(0, -2).join("\n"), end: end.output };
}

/** In the prober's words (keep.c). */
const manners = { open: "as-it-is", covered: "cover-control-groups", hidden: "hide-control-groups" } as const;

/** Runs a program under the prober's eyes. Only what the prober says of its end counts. */
export async function keepProgram(
  run: RunProber,
  words: readonly string[],
  { deadlineMs, environment, controlGroups }: KeptProgram,
): Promise<ProgramResult> {
  const options = { deadlineMs: deadlineMs + burialMs, environment };
  const result = await run(["keep", String(deadlineMs), manners[controlGroups ?? "open"], ...words], options);
  if (typeof result === "string") return { status: "not-started", errno: result };
  const { stderr, durationMs } = result;
  const { output, end } = parseEnd(result.stdout);
  if (end === undefined || end.step === "timeout") return { status: "timeout", stdout: output, stderr, durationMs };
  if (end.errno !== 0) return { status: "not-started", errno: `${errnoName(end.errno)} at ${end.step}` };
  const isKilled = end.step === "killed";
  return {
    status: "exited",
    code: isKilled ? null : end.value,
    signal: isKilled ? `signal ${end.value}` : null,
    stdout: output,
    stderr,
    durationMs,
  };
}
