/** `podman info`, as far as it decides anything. */
import * as v from "valibot";
import type { Host, ProgramResult } from "../host/host.ts";
import type { Evidence, Finding } from "../model/capability.ts";
import { oneLine } from "./_host-text.ts";
import { finding } from "./_probe.ts";
import { complaint, describeEnd, endedWell } from "./_program.ts";

const text = v.pipe(v.string(), v.maxLength(1000));

/** Podman 3 to 5 say all of this; what else they say is not looked at. */
const infoSchema = v.object({
  host: v.object({
    cgroupManager: v.optional(text, "unknown"),
    cgroupVersion: v.optional(text, "unknown"),
    ociRuntime: v.optional(v.object({ name: v.optional(text, "unknown") }), { name: "unknown" }),
    security: v.object({
      rootless: v.boolean(),
      seccompEnabled: v.optional(v.boolean(), false),
      apparmorEnabled: v.optional(v.boolean(), false),
      selinuxEnabled: v.optional(v.boolean(), false),
    }),
    serviceIsRemote: v.optional(v.boolean(), false),
    idMappings: v.optional(
      v.object({ uidmap: v.optional(v.nullable(v.array(v.object({ size: v.number() }))), null) }),
      { uidmap: null },
    ),
  }),
});

/** What Podman says of itself. */
export type PodmanInfo = v.InferOutput<typeof infoSchema>["host"];

/** The account, and the finding for it. What is said is said: nothing in it was done. */
export function judgePodmanInfo(
  host: Host,
  result: ProgramResult,
): { readonly info: PodmanInfo | undefined; readonly finding: Finding } {
  const action = "podman info --format json (with a store of cupel's)";
  if (!endedWell(result)) return { info: undefined, finding: notSaid(result, action) };
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), infoSchema), result.stdout);
  if (!parsed.success) {
    const summary = "podman info does not say what Podman's does";
    const evidence = [{ action, result: oneLine(result.stdout) || "nothing" }];
    return { info: undefined, finding: finding({ state: "broken", level: "exercised", summary, evidence }) };
  }
  const info = parsed.output.host;
  const evidence = [{ action, result: describeInfo(info) }, ...remoteEvidence(host)];
  const summary = oneLine(describeInfo(info), 300);
  const value = info.security.rootless ? "rootless" : "root";
  return { info, finding: finding({ state: "works", level: "declared", summary, evidence, value }) };
}

function notSaid(result: ProgramResult, action: string): Finding {
  const said = complaint(result);
  const evidence: Evidence[] = [{ action, result: said }];
  if (result.status !== "exited") {
    const summary = `podman info said nothing: ${describeEnd(result)}`;
    return finding({ state: "unknown", level: "inferred", summary, evidence });
  }
  const summary = `podman info failed: ${said}`;
  return finding({ state: "broken", level: "exercised", summary, evidence });
}

function describeInfo({ security, cgroupVersion, cgroupManager, ociRuntime, idMappings }: PodmanInfo): string {
  const modules = Object.entries({
    seccomp: security.seccompEnabled,
    AppArmor: security.apparmorEnabled,
    SELinux: security.selinuxEnabled,
  });
  const ids = (idMappings.uidmap ?? []).reduce((sum, { size }) => sum + size, 0);
  return [
    security.rootless ? `rootless${ids > 0 ? `, ${ids} user ids` : ""}` : "as root",
    `control groups ${cgroupVersion} by ${cgroupManager}`,
    `runtime ${ociRuntime.name}`,
    `with ${modules.flatMap(([name, on]) => (on ? [name] : [])).join(", ") || "no security module"}`,
  ].join("; ");
}

/** A Podman that is told of another machine's service would speak for that one; here it is not told. */
function remoteEvidence({ environment }: Host): Evidence[] {
  const names = ["CONTAINER_HOST", "CONTAINER_CONNECTION"].filter((name) => environment[name] !== undefined);
  return names.map((name) => ({ action: name, result: "set, and left aside: it may name another machine" }));
}
