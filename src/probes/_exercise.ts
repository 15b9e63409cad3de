/** From a run of the prober to a finding, where each step that decides has one errno that it should give. */
import type { Blocker, CapabilityState, EvidenceLevel, Finding } from "../model/capability.ts";
import { judgeStep } from "./_judge-rehearsal.ts";
import { finding, type ProbeContext } from "./_probe.ts";
import { errnoAt, evidenceOf, notEstablished, type Reading } from "./_steps.ts";

/** One exercise: what was done, and what it should have given. */
export interface Exercise {
  /** Steps in the order in which they are shown, with what they did in words. */
  readonly words: Readonly<Record<string, string>>;
  /** The steps that decide, in the order in which they are looked at, with the errno that each should give. */
  readonly expected: Readonly<Record<string, string>>;
  readonly level: EvidenceLevel;
  /** One line for where everything is as expected. */
  readonly summary: string;
  /** The cause of another errno, where the exercise knows more about it than that namespaces are denied. */
  readonly explain?: ((step: string, errno: string) => Explanation | undefined) | undefined;
}

/** Why a step failed. */
export interface Explanation {
  readonly state: CapabilityState;
  readonly blocker: Blocker;
}

/** Steps that get a place to try things in, as the launcher calls them: whoever denies these is found in the same way. */
export const placeSteps: Readonly<Record<string, string>> = {
  namespaces: "clone",
  "private-root": "mount-private",
  tmpfs: "mount-tmpfs",
};

/** The finding: works where every deciding step gave what it should, and otherwise why the first other one did not. */
export async function judgeExercise(context: ProbeContext, reading: Reading, exercise: Exercise): Promise<Finding> {
  const { words, expected, level, summary } = exercise;
  const evidence = evidenceOf(reading, words);
  const step = Object.keys(expected).find((name) => errnoAt(reading, name) !== expected[name]);
  if (step === undefined) return finding({ state: "works", level, summary, evidence });
  const errno = errnoAt(reading, step);
  const stopped = findStop(reading);
  if (stopped !== undefined) return judgeStep(context, stopped, evidence);
  if (errno === undefined) return { ...notEstablished(reading, words[step] ?? step), evidence };
  return judgeUnlike(exercise, step, errno, evidence);
}

/** Root that could not take other ids is denied the namespaces of these, and so for want of the same privilege. */
function findStop(reading: Reading): { readonly step: string; readonly errno: string } | undefined {
  const stopped = Object.keys(placeSteps).find((name) => (errnoAt(reading, name) ?? "ok") !== "ok");
  if (stopped === undefined) return undefined;
  const isForIds = stopped === "namespaces" && errnoAt(reading, "drop-identity") === "EPERM";
  return isForIds
    ? { step: "drop-identity", errno: "EPERM" }
    : { step: placeSteps[stopped] ?? "", errno: errnoAt(reading, stopped) ?? "" };
}

/** A control that failed proves nothing about the denial beside it. */
function judgeUnlike(exercise: Exercise, step: string, errno: string, evidence: Finding["evidence"]): Finding {
  const explained = exercise.explain?.(step, errno);
  if (explained !== undefined) {
    const { state, blocker } = explained;
    return finding({ state, level: "exercised", summary: blocker.detail, evidence, blockers: [blocker] });
  }
  const seen = `${exercise.words[step] ?? step}: ${errno}`;
  return step.endsWith("-control")
    ? finding({ state: "unknown", level: "inferred", summary: `could not be established: ${seen}`, evidence })
    : finding({ state: "broken", level: "exercised", summary: `does not do what it should: ${seen}`, evidence });
}
