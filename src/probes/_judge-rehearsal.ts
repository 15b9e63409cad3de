/** From a rehearsal to a finding: what was ready works, what was denied has its cause told. */
import type { RehearsalResult } from "../launch/helper-port.ts";
import type { Blocker, Evidence, Finding } from "../model/capability.ts";
import type { LauncherPlan } from "../model/plan.ts";
import { attributeUserNamespaces } from "./_attribute-user-namespaces.ts";
import { attributionEvidence, gatherNamespaceFacts } from "./_namespace-facts.ts";
import { finding, type ProbeContext } from "./_probe.ts";
import {
  isRootInNameOnly,
  rehearsalEvidence,
  rehearsalNotEstablished,
  smallPlan,
  type RehearsalParts,
} from "./_rehearsal.ts";

/** After this a launch that does next to nothing hangs. */
const rehearsalDeadlineMs = 2000;

/** A rehearsal and what it was of. */
export interface Rehearsed {
  /** What was tried, in words: `a user namespace`. */
  readonly what: string;
  readonly result: RehearsalResult;
}

/** Has the launcher rehearse a plan. */
export async function rehearsePlan({ helpers }: ProbeContext, what: string, plan: LauncherPlan): Promise<Rehearsed> {
  return { what, result: await helpers.rehearse(plan, rehearsalDeadlineMs) };
}

/** Has the launcher rehearse it as a job here would have it: root gives jobs ids of their own, others keep theirs. */
export async function rehearse(context: ProbeContext, what: string, parts: RehearsalParts): Promise<Rehearsed> {
  const { host } = context;
  if (host.identity.uid !== 0) return rehearsePlan(context, what, smallPlan(parts, "caller"));
  const fresh = await rehearsePlan(context, what, smallPlan(parts, "fresh"));
  const isRefused = fresh.result.status === "failed" && identitySteps.includes(fresh.result.step);
  if (!isRefused || !isRootInNameOnly(host)) return fresh;
  return rehearsePlan(context, `${what}, as the caller`, smallPlan(parts, "caller"));
}

/** Where ids are missed that are not mapped: taking them, and mounting what is to belong to them. */
const identitySteps: readonly string[] = ["drop-identity", "mount-tmpfs"];

/** The finding for what stopped the prober: it stops the launcher too, and is told the same way. */
export async function judgeStep(
  context: ProbeContext,
  failure: { readonly step: string; readonly errno: string },
  evidence: readonly Evidence[],
): Promise<Finding> {
  const result = { status: "failed", ...failure, subject: "" } as const;
  const judged = await judgeRehearsal(context, { what: "", result }, "");
  return { ...judged, evidence: [...evidence, ...judged.evidence.slice(1)] };
}

/** The finding; `summary` says in one line what works. */
export async function judgeRehearsal(
  context: ProbeContext,
  { what, result }: Rehearsed,
  summary: string,
): Promise<Finding> {
  const evidence = rehearsalEvidence(what, result);
  if (result.status === "ready") return finding({ state: "works", level: "exercised", summary, evidence: [evidence] });
  if (result.status !== "failed") return rehearsalNotEstablished(what, result);
  const facts = await gatherNamespaceFacts(context, result);
  const { state, blockers, ruledOut } = attributeUserNamespaces(facts);
  return finding({
    state,
    level: "exercised",
    summary: summarize(evidence.result, blockers),
    evidence: [evidence, ...attributionEvidence(facts)],
    blockers,
    ruledOut,
  });
}

/** What cannot be explained names its errno itself. */
function summarize(result: string, blockers: readonly Blocker[]): string {
  const causes = blockers.map(({ detail }) => detail).join("; ");
  return blockers.every(({ code }) => code === "unknown") ? causes : `${result}: ${causes}`;
}
