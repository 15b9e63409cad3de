/** The sandbox of `namespaces`, made by bubblewrap: for hosts that allow that to /usr/bin/bwrap, and not to cupel's launcher. */
import type { CapabilityId } from "../matrix/build-matrix.ts";
import { isUsable, type Standings } from "../model/capability.ts";
import type { GuaranteeDecision } from "../model/guarantee.ts";
import type { Job } from "../model/job.ts";
import type { LauncherPlan } from "../model/plan.ts";
import {
  decisionsWith,
  lackingWords,
  layers,
  standingsWith,
  wholeSandbox,
  withoutLacking,
  type StandIns,
} from "./_stand-ins.ts";
import { defineStrategy } from "./_strategy.ts";
import namespaces from "./namespaces.ts";

const standIns: StandIns = {
  program: "program.bwrap",
  made: wholeSandbox,
  // They came with 0.11.
  lacking: layers,
};

function guarantees(job: Job, matrix: Standings): GuaranteeDecision[] {
  const lacking = lackingWords("bubblewrap", job);
  return decisionsWith(standIns, namespaces.guarantees(job, standingsWith(standIns, matrix))).map((decision) => {
    const reason = lacking[decision.id];
    return reason === undefined ? decision : { id: decision.id, kept: false, reason };
  });
}

function plan(job: Job, matrix: Standings): LauncherPlan {
  const made = namespaces.plan(withoutLacking(job), standingsWith(standIns, matrix));
  const path = matrix["program.bwrap"]?.value;
  return { ...made, maker: { program: "bubblewrap", path: typeof path === "string" ? path : "/usr/bin/bwrap" } };
}

/** Strategy `bubblewrap`. */
export default defineStrategy({
  id: "bubblewrap",
  rank: 20,
  isolation: "namespace",
  summary: "namespaces and a root of its own, made by bubblewrap; seccomp through cupel's launcher inside",
  explanation:
    "The sandbox of namespaces, with the namespaces and the root made by bubblewrap (0.8 or later), which starts cupel's launcher inside as their first process. For hosts whose rules let /usr/bin/bwrap make user namespaces, and cupel's launcher none. Overlays it lays none, so that the workspace is read-only unless told otherwise.",
  requires: (matrix): CapabilityId[] => [
    "program.bwrap",
    "privilege.no-new-privs",
    "seccomp.filter",
    ...(isUsable(matrix["privilege.drop-identity"]) ? (["privilege.drop-identity"] as const) : []),
  ],
  guarantees,
  plan,
});
