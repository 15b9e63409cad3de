/** What was denied to a job, as far as somebody counted it. Pure. */
import type { DeniedActs, NetworkOutcome } from "../model/denial.ts";
import type { Ending } from "../model/ending.ts";
import type { ControlGroupEvidence } from "./control-group-counts.ts";

/** What is known of a job that has ended. */
export interface Counted {
  readonly ending: Pick<Ending, "cause">;
  readonly controlGroups: ControlGroupEvidence | undefined;
  readonly network?: NetworkOutcome | undefined;
}

/** Each kind once, and none that was not seen. */
export function deniedActs({ ending, controlGroups, network }: Counted): DeniedActs[] {
  const counts: DeniedActs[] = [
    { kind: "connection", by: "the list of destinations", count: network?.denied ?? 0 },
    { kind: "process", by: "the cap on processes", count: controlGroups?.refusedForks ?? 0 },
    { kind: "memory", by: "the cap on memory", count: controlGroups?.outOfMemoryKills ?? 0 },
    // The kernel says only that it ended the job for one, and neither which nor how many others failed (seccomp(2)).
    { kind: "system-call", by: "the filter on system calls", count: ending.cause.code === "system-call" ? 1 : 0 },
  ];
  return counts.filter(({ count }) => count > 0);
}
