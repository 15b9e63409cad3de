/** Endings as a test judges them: of a job with the usual filter, in control groups that counted nothing. */
import type { LaunchEvent } from "../../src/launch/launch-event.ts";
import type { Ending } from "../../src/model/ending.ts";
import type { ControlGroupEvidence } from "../../src/run/control-group-counts.ts";
import type { Seen } from "../../src/run/ending-verdict.ts";
import { judgeEnding } from "../../src/run/ending.ts";
import { exitCodeOf } from "../../src/run/exit-code-of.ts";
import { endOf } from "./end-of.ts";

/** What the launcher says when a job is started. */
export const started: LaunchEvent = { event: "started", pid: 7 };

/** Control groups that counted so much. */
export function groups(outOfMemoryKills: number, refusedForks = 0): ControlGroupEvidence {
  return { outOfMemoryKills, refusedForks, evidence: [{ action: "kills", result: `${outOfMemoryKills}` }] };
}

/** The ending of a job of which so much was seen. */
export function judge(events: readonly LaunchEvent[], parts: Partial<Seen> = {}): Ending {
  return judgeEnding({
    events,
    controlGroups: groups(0),
    launch: { seccomp: "default", resourceLimits: {} },
    ...parts,
  });
}

/** Its end in a word, and the exit code for it. */
export function judged(events: readonly LaunchEvent[], parts: Partial<Seen> = {}): [string, number] {
  const ending = judge(events, parts);
  return [endOf(ending), exitCodeOf(ending)];
}
