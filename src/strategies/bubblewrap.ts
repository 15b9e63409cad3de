/** The sandbox of `namespaces`, made by bubblewrap: for hosts that allow that to /usr/bin/bwrap, and not to cupel's launcher. */
import type { CapabilityId } from "../matrix/build-matrix.ts";
import { isUsable, type Standings } from "../model/capability.ts";
import type { GuaranteeDecision, GuaranteeId } from "../model/guarantee.ts";
import type { Job } from "../model/job.ts";
import type { LauncherPlan } from "../model/plan.ts";
import { rootCapabilities } from "./_own-root.ts";
import { decisionsWith, standingsWith, type StandIns } from "./_stand-ins.ts";
import { defineStrategy } from "./_strategy.ts";
import namespaces from "./namespaces.ts";

const standIns: StandIns = {
  program: "program.bwrap",
  made: [
    ...rootCapabilities,
    "mount.proc",
    "ns.pid",
    "ns.ipc",
    "ns.uts",
    "ns.cgroup",
    "ns.network",
    "userns.create",
    "userns.capable",
  ],
  // They came with 0.11.
  lacking: ["mount.overlay", "mount.overlay-user", "mount.overlay-fuse"],
};

/** It has no word for it. */
const noFileCount = "bubblewrap caps the bytes of a file system, not its files (--tmp-files)";

const noRoutes =
  "bubblewrap leaves nobody the privilege to lead every address to the job's loopback (--transparent-network)";

/** What this job asks for and cannot be had of it. */
function lackingOf({ limits, directPorts }: Job): Partial<Record<GuaranteeId, string>> {
  return {
    ...(limits.diskFiles === undefined ? {} : { "limit.disk": noFileCount }),
    ...(directPorts === undefined ? {} : { "net.allowlist": noRoutes }),
  };
}

function guarantees(job: Job, matrix: Standings): GuaranteeDecision[] {
  const lacking = lackingOf(job);
  return decisionsWith(standIns, namespaces.guarantees(job, standingsWith(standIns, matrix))).map((decision) => {
    const reason = lacking[decision.id];
    return reason === undefined ? decision : { id: decision.id, kept: false, reason };
  });
}

function plan(job: Job, matrix: Standings): LauncherPlan {
  // Not kept, so not asked for either: whoever gave the cap up by name has a job without it.
  const limits = { ...job.limits, diskFiles: undefined };
  const made = namespaces.plan({ ...job, limits, directPorts: undefined }, standingsWith(standIns, matrix));
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
