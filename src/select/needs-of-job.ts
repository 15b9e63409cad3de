/** What a job stands on that is no guarantee: caps that have none. Pure. */
import type { CapabilityId } from "../matrix/build-matrix.ts";
import type { Job } from "../model/job.ts";

/** Capabilities without which a cap that this job states would do nothing, whatever the strategy. */
export function needsOfJob({ limits: { ioReadBytes, ioWriteBytes } }: Job): CapabilityId[] {
  return [
    ...(ioReadBytes === undefined ? [] : (["cgroup.io"] as const)),
    ...(ioWriteBytes === undefined ? [] : (["cgroup.io-write"] as const)),
  ];
}
