/** What a job stands on that is no guarantee: caps that have none. Pure. */
import type { CapabilityId } from "../matrix/build-matrix.ts";
import type { Standings } from "../model/capability.ts";
import type { GuaranteeId } from "../model/guarantee.ts";
import type { Job } from "../model/job.ts";
import { overlayCapabilities } from "../strategies/_workspace-rules.ts";

/**
 * Capabilities without which a cap that this job states would do nothing, whatever the strategy. What is written to a
 * copy of the workspace does not count as the job's: see src/run/job-disks.ts.
 */
export function needsOfJob(
  { limits: { ioReadBytes, ioWriteBytes }, workspace }: Job,
  matrix: Standings,
): CapabilityId[] {
  const needsOverlay = ioWriteBytes !== undefined && workspace.mode === "cow" && workspace.isStated;
  return [
    ...(ioReadBytes === undefined ? [] : (["cgroup.io"] as const)),
    ...(ioWriteBytes === undefined ? [] : (["cgroup.io-write"] as const)),
    ...(needsOverlay ? overlayCapabilities(matrix) : []),
  ];
}

/** Guarantees that cannot be given up beside such a cap: a job that writes everywhere writes past it. */
export function isNeededBy({ limits: { ioWriteBytes } }: Job, id: GuaranteeId): boolean {
  return ioWriteBytes !== undefined && id === "fs.write";
}
