/** The one question to every engine: was the prober, run as its job, really somewhere else? */
import type { ProgramResult } from "../host/host.ts";
import type { Evidence, Finding } from "../model/capability.ts";
import { insideEvidence, isWhole, parseInside, sharedNamespaces, type NamespaceKindInside } from "./_inside.ts";
import { finding, type ProbeContext } from "./_probe.ts";
import { complaint, describeEnd } from "./_program.ts";
import { errnoAt, readSteps, valueAt, type Reading } from "./_steps.ts";

/** One run of an engine, and what it was to isolate. */
export interface EngineRun {
  /** The engine's name in sentences: `runc`. */
  readonly name: string;
  /** What was run, for the evidence: `podman run --net=none …`. */
  readonly action: string;
  readonly result: ProgramResult;
  /** Namespaces that must be others than ours. */
  readonly namespaces: readonly NamespaceKindInside[];
  /** Further things that must hold inside; text says which does not. */
  readonly lacks?: ((inside: Reading, outside: Reading) => string | undefined) | undefined;
  readonly evidence: readonly Evidence[];
  /** What worked, in a few words; the engine's name comes before. */
  readonly summary: (inside: Reading) => string;
}

/** The prober's view from here: what must be different inside. */
export async function lookOutside(context: ProbeContext, canaries: readonly string[] = []): Promise<Reading> {
  return readSteps("outside", await context.helpers.probe("outside", canaries, 2000));
}

/**
 * `works` only where the prober ran to its end and every promise held; `broken` where the engine said that all was well
 * and it was not; undefined where the engine itself failed, which its probe then judges.
 */
export function judgeIsolation(run: EngineRun, outside: Reading): Finding | undefined {
  const inside = parseInside(run.result.status === "not-started" ? "" : run.result.stdout);
  const evidence = [...run.evidence, { action: run.action, result: describeRun(run.result, inside) }];
  if (run.result.status === "timeout") {
    const summary = `could not be established: ${describeEnd(run.result)}`;
    return finding({ state: "unknown", level: "inferred", summary, evidence });
  }
  if (run.result.status === "not-started" || run.result.code !== 0) return undefined;
  if (outside.trouble !== undefined || !outside.steps.has("pid")) {
    const summary = "could not be established: the prober could not say what is outside";
    return finding({ state: "unknown", level: "inferred", summary, evidence });
  }
  if (!isWhole(inside)) {
    const summary = `${run.name} ends well, but what it was to run did not run`;
    return finding({ state: "broken", level: "exercised", summary, evidence });
  }
  const seen = [...evidence, ...insideEvidence(inside, outside)];
  const lacking = findLack(run, inside, outside);
  if (lacking !== undefined) {
    const summary = `${run.name} ends well and isolates too little: ${lacking}`;
    return finding({ state: "broken", level: "exercised", summary, evidence: seen });
  }
  const summary = `${run.name}: ${run.summary(inside)}`;
  return finding({ state: "works", level: "enforced", summary, evidence: seen });
}

function findLack(run: EngineRun, inside: Reading, outside: Reading): string | undefined {
  const shared = sharedNamespaces(inside, outside, run.namespaces);
  if (shared.length > 0) return `the ${shared.join(", ")} namespace inside is the one outside`;
  if (run.namespaces.includes("mount") && errnoAt(inside, "root-write") === "ok") return "its root can be written to";
  return run.lacks?.(inside, outside);
}

/** An end without what the prober said, which comes next. */
function describeRun(result: ProgramResult, inside: Reading): string {
  if (result.status !== "exited" || !isWhole(inside)) return describeEnd(result);
  return `exit ${result.code ?? "unknown"}, pid ${valueAt(inside, "pid") ?? "unknown"} inside`;
}

/** The finding for an engine that failed by itself, where nothing better can be told: what it said last. */
export function engineFailed(run: EngineRun, found: Partial<Finding> = {}): Finding {
  const said = complaint(run.result);
  const detail = `${run.name} could not run it: ${said}`;
  return finding({
    state: "blocked",
    level: "exercised",
    summary: detail,
    evidence: [...run.evidence, { action: run.action, result: said }],
    blockers: [{ code: "unknown", detail }],
    ...found,
  });
}
