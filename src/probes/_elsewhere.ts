/** Platforms on which a family of capabilities has no meaning. */
import type { Finding } from "../model/capability.ts";
import { finding, type Probe, type ProbeContext } from "./_probe.ts";

/** One finding for each capability of a family. */
export type Findings<Id extends string> = Readonly<Record<Id, Finding>>;

/** `run` on Linux, and `not-applicable` for every capability anywhere else. */
export function onLinux<Id extends string>(
  ids: readonly Id[],
  run: (context: ProbeContext) => Promise<Findings<Id>>,
): Probe<Id>["run"] {
  return async (context) => {
    if (context.host.platform === "linux") return run(context);
    const elsewhere = finding({
      state: "not-applicable",
      level: "declared",
      summary: `a Linux mechanism; this is ${context.host.platform}`,
      evidence: [{ action: "platform", result: context.host.platform }],
    });
    return findingsFor(ids, () => elsewhere);
  };
}

/** A finding for each id. */
export function findingsFor<Id extends string>(ids: readonly Id[], find: (id: Id) => Finding): Findings<Id> {
  return Object.fromEntries(ids.map((id) => [id, find(id)])) as Record<Id, Finding>;
}
