/** Platforms on which a family of capabilities has no meaning. */
import type { Finding } from "../model/capability.ts";
import { finding, type Probe, type ProbeContext } from "./_probe.ts";

/** One finding for each capability of a family. */
export type Findings<Id extends string> = Readonly<Record<Id, Finding>>;

/** How to reach Linux from where cupel can be started, but can measure nothing. */
const waysToLinux: Readonly<Partial<Record<NodeJS.Platform, readonly [name: string, way: string]>>> = {
  darwin: [
    "macOS",
    "run cupel in a Linux virtual machine, such as one of Lima (limactl shell) or podman machine (ssh)",
  ],
  win32: ["Windows", "run cupel in WSL 2 (wsl --install)"],
};

function describeElsewhere(platform: NodeJS.Platform): string {
  const [name, way] = waysToLinux[platform] ?? [platform, "run cupel on Linux"];
  return `a Linux mechanism, and this is ${name}: ${way}`;
}

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
      summary: describeElsewhere(context.host.platform),
      evidence: [{ action: "platform", result: context.host.platform }],
    });
    return findingsFor(ids, () => elsewhere);
  };
}

/** A finding for each id. */
export function findingsFor<Id extends string>(ids: readonly Id[], find: (id: Id) => Finding): Findings<Id> {
  return Object.fromEntries(ids.map((id) => [id, find(id)])) as Record<Id, Finding>;
}
