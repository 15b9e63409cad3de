/** Reading what the prober wrote: steps by name, as evidence in words, and what an unfinished run amounts to. */
import type { ProberResult, ProberStep } from "../launch/helper-port.ts";
import type { Evidence, Finding } from "../model/capability.ts";
import { finding } from "./_probe.ts";

/** One run of the prober, by step. */
export interface Reading {
  /** The prober's probe. */
  readonly name: string;
  /** Present where the run did not come to its end. */
  readonly trouble: Evidence | undefined;
  readonly steps: ReadonlyMap<string, ProberStep>;
}

/** Steps by name; the first of each name counts. */
export function readSteps(name: string, result: ProberResult): Reading {
  const steps = new Map<string, ProberStep>();
  for (const step of result.steps) if (!steps.has(step.step)) steps.set(step.step, step);
  return { name, trouble: describeTrouble(name, result), steps };
}

function describeTrouble(name: string, result: ProberResult): Evidence | undefined {
  const action = `prober ${name}`;
  if (result.status === "timeout")
    return { action, result: `no end after ${Math.round(result.durationMs)} ms; killed` };
  return result.status === "crashed" ? { action, result: result.detail } : undefined;
}

/** The errno's name of a step, `ok`, or undefined where it was not reached. */
export function errnoAt(reading: Reading, step: string): string | undefined {
  return reading.steps.get(step)?.errno;
}

/** The value of a step that succeeded. */
export function valueAt(reading: Reading, step: string): number | undefined {
  const found = reading.steps.get(step);
  return found?.errno === "ok" ? found.value : undefined;
}

/** Whether every one of these steps gave the errno that goes with it. */
export function allGave(reading: Reading, expected: Readonly<Record<string, string>>): boolean {
  return Object.entries(expected).every(([step, errno]) => errnoAt(reading, step) === errno);
}

/** Evidence for the steps that were reached, in the order and the words of `words`. */
export function evidenceOf(reading: Reading, words: Readonly<Record<string, string>>): Evidence[] {
  const evidence = Object.entries(words).flatMap(([name, action]) => {
    const step = reading.steps.get(name);
    return step === undefined ? [] : [{ action, result: describeResult(step) }];
  });
  if (reading.trouble !== undefined) return [...evidence, reading.trouble];
  return evidence.length > 0 ? evidence : [{ action: `prober ${reading.name}`, result: "did not come to it" }];
}

function describeResult(step: ProberStep): string {
  if (step.errno !== "ok") return step.errno;
  return step.value === 0 ? "ok" : `ok, ${step.value}`;
}

/** A finding for a run that says too little: a timeout is never a denial. */
export function notEstablished(reading: Reading, what: string): Finding {
  const evidence = reading.trouble ?? { action: what, result: "not reached" };
  return finding({
    state: "unknown",
    level: "inferred",
    summary: `could not be established: ${evidence.action}: ${evidence.result}`,
    evidence: [evidence],
  });
}
