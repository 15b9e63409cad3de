/** Findings of real probes as a report has them: with layers, and with what would be proposed. */
import type { Capability, Finding } from "../../src/model/capability.ts";
import type { Remedy } from "../../src/model/report.ts";
import { layersOf, withLayers } from "../../src/report/layers.ts";
import { remediesFor } from "../../src/report/remedies.ts";

/** Findings by capability, as {@link real-probes.ts} prints them. */
export type Findings = Readonly<Record<string, Finding>>;

/** What a report would say of these findings to this user of a Debian system. */
export function reportFindings(
  findings: Findings,
  uid: number,
): { readonly capabilities: readonly Capability[]; readonly remedies: readonly Remedy[] } {
  const found = Object.entries(findings).map(([id, finding]): Capability => ({
    ...finding,
    id,
    title: id,
    area: "host",
    probe: "any",
    durationMs: 0,
  }));
  const capabilities = withLayers(found, layersOf(found));
  return { capabilities, remedies: remediesFor(capabilities, { uid, packageManager: "apt-get" }) };
}
