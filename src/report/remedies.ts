/** The one table from blocker and layer to remedy. Nothing in it was tried on this host, and it never says so. */
import { blockerCodes } from "../model/capability.ts";
import type { Blocker, BlockerCode, Capability } from "../model/capability.ts";
import type { Remedy } from "../model/report.ts";
import { controlGroupRemedies } from "./remedies-control-groups.ts";
import { deviceRemedies } from "./remedies-devices.ts";
import { kernelRemedies } from "./remedies-kernel.ts";
import { layerRemedies } from "./remedies-layers.ts";
import { securityModuleRemedies } from "./remedies-security-modules.ts";
import { softwareRemedies } from "./remedies-software.ts";
import type { RemedyCase, RemedyFacts, RemedyRow } from "./remedy-case.ts";

/** All rows; for each blocker the narrower ones stand first. */
export const remedyTable: readonly RemedyRow[] = [
  ...kernelRemedies,
  ...securityModuleRemedies,
  ...layerRemedies,
  ...controlGroupRemedies,
  ...deviceRemedies,
  ...softwareRemedies,
];

/** Rows by blocker code. */
const rowsByCode: ReadonlyMap<BlockerCode, readonly RemedyRow[]> = new Map(
  blockerCodes.map((code) => [code, remedyTable.filter((row) => row.code === code)]),
);

/**
 * One remedy for each blocker of each capability that is less than whole, in the order of the capabilities. What `stated`
 * does not say is read from the capabilities, as far as they do.
 */
export function remediesFor(capabilities: readonly Capability[], stated: RemedyFacts = {}): Remedy[] {
  const facts = { container: containerAround(capabilities), ...stated };
  const faulty = capabilities.filter(
    ({ id, state }) => state !== "works" && state !== "not-applicable" && !isBetterDenied(id),
  );
  return faulty.flatMap((capability) => capability.blockers.flatMap((blocker) => remedyOf(capability, blocker, facts)));
}

/** No job needs these, and their denial protects jobs: nobody should open them for cupel's sake. */
function isBetterDenied(id: string): boolean {
  return id.startsWith("interface.") || id === "trace.sibling";
}

function remedyOf(capability: Capability, blocker: Blocker, facts: RemedyFacts): Remedy[] {
  const sudo = facts.uid === 0 ? "" : "sudo ";
  const remedyCase: RemedyCase = { capability, blocker, facts, sudo };
  const row = rowsByCode.get(blocker.code)?.find(({ when }) => when === undefined || when(remedyCase));
  return row === undefined
    ? []
    : [
        {
          id: row.id,
          blocker: blocker.code,
          capability: capability.id,
          scope: row.scope,
          ...row.remedy(remedyCase),
        },
      ];
}

/** The innermost container around cupel, if there is one (`vm:firecracker > container:docker`). */
export function containerAround(capabilities: readonly Capability[]): string | undefined {
  const layers = capabilities.find(({ id }) => id === "host.layers")?.value;
  const container = String(layers ?? "")
    .split(" > ")
    .findLast((layer) => layer.startsWith("container:"));
  return container?.slice("container:".length);
}
