/** Why a demand does not hold: what is in the way, in one line, and the capability behind it. Pure. */
import type { Matrix } from "../model/capability.ts";
import type { DemandVerdict } from "../model/demand.ts";
import type { GuaranteeDecision, GuaranteeId } from "../model/guarantee.ts";
import type { Job } from "../model/job.ts";
import type { StartCost } from "../model/start-cost.ts";
import type { TrialVerdict } from "../model/trial.ts";
import type { VerifiedSet } from "../model/verification.ts";
import type { Strategy } from "../strategies/_strategy.ts";
import { isAvailable, type Candidate } from "./select.ts";

/** What is demanded, and what was measured. */
export interface DemandInput {
  /** Its guarantees, floor and strategy are demanded: one strategy has to keep them all together. Absent: none are. */
  readonly job?: Job | undefined;
  /** Ids of capabilities that have to work. */
  readonly capabilities: readonly string[];
  readonly strategies: readonly Strategy[];
  readonly matrix: Matrix;
  readonly trials: readonly TrialVerdict[];
  /** What attacks showed on this host. */
  readonly verified?: readonly VerifiedSet[] | undefined;
  /** What starts were measured to cost on this host. */
  readonly startCosts?: readonly StartCost[] | undefined;
}

/** A verdict without its demand. */
export type Answer = Pick<DemandVerdict, "result" | "because" | "capability">;

/** What a job demands, with what was measured. */
export type JobInput = DemandInput & { readonly job: Job };

/** Strategies that the demanded class and strategy leave, and the one to speak of. */
export interface Bench {
  readonly input: JobInput;
  readonly candidates: readonly Candidate[];
  readonly judge: Candidate | undefined;
}

/** Why none of these is there: the one of which nothing is known against it, otherwise the last to be preferred. */
export function explainAbsence(candidates: readonly Candidate[], matrix: Matrix): Answer {
  const unknown = candidates.find((candidate) => mightBeThere(candidate, matrix));
  const candidate = unknown ?? candidates.find(({ missing }) => missing.length === 0) ?? candidates[0];
  const result = unknown === undefined ? "fails" : "unknown";
  return { result, ...(candidate === undefined ? { because: "there is no strategy" } : lackOf(candidate, matrix)) };
}

/** Whether nothing that was measured keeps a strategy from being there. */
export function mightBeThere({ trial, missing }: Candidate, matrix: Matrix): boolean {
  return trial?.result !== "failed" && missing.every((id) => isUnknown(id, matrix));
}

/** Whether a capability's state could not be told. */
export function isUnknown(id: string | undefined, matrix: Matrix): boolean {
  return id !== undefined && (matrix[id]?.state ?? "unknown") === "unknown";
}

/** What keeps a strategy from being there. */
function lackOf({ strategy, missing, trial }: Candidate, matrix: Matrix): Omit<Answer, "result"> {
  const [id] = missing;
  if (id !== undefined) return { because: `${strategy.id} needs ${nameCapability(id, matrix)}`, capability: id };
  const summary = trial === undefined ? "it was not tried" : withoutStop(trial.summary);
  return { because: `${strategy.id} has not passed its trial: ${summary}` };
}

/** What a candidate says of one guarantee. */
export function decisionOf(id: GuaranteeId, candidate: Candidate): GuaranteeDecision | undefined {
  return candidate.decisions.find((decision) => decision.id === id);
}

/** What is in the way of a guarantee: of this host first, since that can be changed; by a strategy's nature last. */
export function explainLoss(id: GuaranteeId, { candidates, judge, input }: Bench): Omit<Answer, "result"> {
  const { matrix } = input;
  const ordered = [judge, ...candidates].filter((candidate) => candidate !== undefined);
  const byHost = [
    ...ordered.filter((candidate) => candidate === judge && hostLack(candidate, id) !== undefined),
    ...ordered.filter((candidate) => mightKeep(candidate, id, matrix)),
    ...ordered.filter((candidate) => decisionOf(id, candidate)?.kept === true && !isAvailable(candidate)),
    ...ordered.filter((candidate) => hostLack(candidate, id) !== undefined),
  ][0];
  if (byHost !== undefined) {
    const missing = hostLack(byHost, id);
    if (missing === undefined) return lackOf(byHost, matrix);
    return { because: `${byHost.strategy.id} needs ${nameCapability(missing, matrix)}`, capability: missing };
  }
  const keeper = candidates.find((candidate) => isAvailable(candidate) && decisionOf(id, candidate)?.kept === true);
  if (keeper !== undefined) {
    const lost = keeper.unmet.map((decision) => decision.id).join(", ");
    return { because: `only ${keeper.strategy.id} keeps it, which does not keep ${lost}` };
  }
  const decision = judge && decisionOf(id, judge);
  const reason = decision === undefined || decision.kept ? "not kept" : withoutStop(decision.reason);
  return { because: `${judge?.strategy.id ?? "no strategy"}: ${reason}` };
}

/** Id of the capability for whose lack a strategy does not keep a guarantee, where there is one. */
function hostLack(candidate: Candidate, id: GuaranteeId): string | undefined {
  const decision = decisionOf(id, candidate);
  return decision === undefined || decision.kept ? undefined : decision.missing;
}

/** `userns.create, which is blocked (ns-limit)`. */
export function nameCapability(id: string, matrix: Matrix): string {
  const capability = matrix[id];
  if (capability === undefined) return `${id}, which was not probed`;
  const codes = [...new Set(capability.blockers.map(({ code }) => code))]
    .filter((code) => code !== "unknown")
    .join(", ");
  return `${id}, which is ${capability.state}${codes === "" ? "" : ` (${codes})`}`;
}

/** Text to be continued. */
export function withoutStop(text: string): string {
  return text.trim().replace(/\.+$/u, "");
}

/** Nothing that was measured speaks against it. */
export function mightKeep(candidate: Candidate, id: GuaranteeId, matrix: Matrix): boolean {
  const decision = decisionOf(id, candidate);
  if (decision === undefined || !mightBeThere(candidate, matrix)) return false;
  return decision.kept ? !isAvailable(candidate) : isUnknown(decision.missing, matrix);
}
