/** The sandbox of `namespaces`, made by another program: what is the same whichever that is. */
import type { CapabilityId } from "../matrix/build-matrix.ts";
import type { Standings } from "../model/capability.ts";
import type { GuaranteeDecision, GuaranteeId } from "../model/guarantee.ts";
import type { Job } from "../model/job.ts";
import type { LauncherPlan } from "../model/plan.ts";
import type { MakerPlan } from "../model/program-plan.ts";
import { decisionsWith, lackingWords, standingsWith, withoutLacking, type StandIns } from "./_stand-ins.ts";
import namespaces from "./namespaces.ts";

/** One program. */
export interface Making {
  /** As a sentence names it. */
  readonly title: string;
  readonly standIns: (matrix: Standings) => StandIns;
  readonly maker: (matrix: Standings) => MakerPlan;
  /** Mechanisms that are others than the launcher's own. */
  readonly words?: Readonly<Partial<Record<GuaranteeId, (mechanism: string, matrix: Standings) => string>>>;
  /** Why it keeps nothing on such a host. */
  readonly keepsNothing?: (matrix: Standings) => string | undefined;
}

/** The end of a summary. */
export const ownRootInside = "with a root of the job's own; seccomp through cupel's launcher inside";

/** The end of an explanation. */
export const laysNoOverlay = "Overlays it lays none, so that the workspace is read-only unless told otherwise.";

/** What a capability was found with that is a text, the path of a program say. */
export function textOf(matrix: Standings, id: CapabilityId, otherwise: string): string {
  const value = matrix[id]?.value;
  return typeof value === "string" ? value : otherwise;
}

/** What such a strategy decides, and plans. */
export function madeElsewhere({ title, standIns, maker, words = {}, keepsNothing }: Making): {
  guarantees(job: Job, matrix: Standings): GuaranteeDecision[];
  plan(job: Job, matrix: Standings): LauncherPlan;
} {
  const guarantees = (job: Job, matrix: Standings): GuaranteeDecision[] => {
    const lacking = lackingWords(title, job);
    const nothing = keepsNothing?.(matrix);
    const own = standIns(matrix);
    return decisionsWith(own, namespaces.guarantees(job, standingsWith(own, matrix))).map((decision) => {
      const reason = nothing ?? lacking[decision.id];
      if (reason !== undefined) return { id: decision.id, kept: false, reason };
      const say = words[decision.id];
      return decision.kept && say !== undefined
        ? { ...decision, mechanism: say(decision.mechanism, matrix) }
        : decision;
    });
  };
  const plan = (job: Job, matrix: Standings): LauncherPlan => ({
    ...namespaces.plan(withoutLacking(job), standingsWith(standIns(matrix), matrix)),
    maker: maker(matrix),
  });
  return { guarantees, plan };
}

/** The job's own files: what it does to them it does to itself. */
export function writableSecrets(mechanism: string): string {
  return mechanism.replace(" read-only,", "");
}
