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

/** The prober's last line is its own; what comes before it is the program's. */
function parseEnd(stdout: string): {
  readonly output: string;
  readonly steps: readonly v.InferOutput<typeof endSchema>[];
} {
  const lines = stdout.trimEnd().split("\n");
  const steps: v.InferOutput<typeof endSchema>[] = [];
  for (let line = lines.pop(); line !== undefined; line = lines.pop()) {
    const step = v.safeParse(v.pipe(v.string(), v.parseJson(), endSchema), line);
    if (!step.success || !ownSteps.includes(step.output.step)) {
      lines.push(line);
      break;
    }
    steps.unshift(step.output);
  }
  return { output: lines.join("\n"), steps };
}

const ownSteps = ["exec", "fork", "cover-control-groups", "exited", "killed", "timeout", "end"];

/** Runs a program under the prober's eyes. Only what the prober says of its end counts. */
export async function keepProgram(
  run: RunProber,
  words: readonly string[],
  { deadlineMs, environment, coverControlGroups = false }: KeptProgram,
): Promise<ProgramResult> {
  const manner = coverControlGroups ? "cover-control-groups" : "as-it-is";
  const options = { deadlineMs: deadlineMs + burialMs, environment };
  const result = await run(["keep", String(deadlineMs), manner, ...words], options);
  if (typeof result === "string") return { status: "not-started", errno: result };
  const { stderr, durationMs } = result;
  const { output, steps } = parseEnd(result.stdout);
  const failure = steps.find(({ errno }) => errno !== 0);
  if (failure !== undefined) return { status: "not-started", errno: `${errnoName(failure.errno)} at ${failure.step}` };
  const end = steps.find(({ step }) => ["exited", "killed", "timeout"].includes(step));
  if (end === undefined || end.step === "timeout") return { status: "timeout", stdout: output, stderr, durationMs };
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
