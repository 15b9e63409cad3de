/** Capabilities: what this host was just seen to do, and what stands in the way of the rest. */

/** States of a capability, best first. Never a boolean: see DESIGN, "Capability states". */
export const capabilityStates = [
  "works",
  "degraded",
  "blocked",
  "absent",
  "broken",
  "unknown",
  "not-applicable",
] as const;

/** One of {@link capabilityStates}. */
export type CapabilityState = (typeof capabilityStates)[number];

/** How a state was established, strongest first. */
export const evidenceLevels = ["enforced", "exercised", "opened", "declared", "inferred"] as const;

/** One of {@link evidenceLevels}. */
export type EvidenceLevel = (typeof evidenceLevels)[number];

/** The closed list of causes. A new cause is a new code here and a row in the remedy table. */
export const blockerCodes = [
  "sysctl",
  "lsm:apparmor",
  "lsm:selinux",
  "lsm:landlock",
  "seccomp",
  "no-new-privs",
  "capability",
  "chroot",
  "ns-limit",
  "idmap",
  "proc-masked",
  "mount-propagation",
  "noexec",
  "nosuid",
  "nodev",
  "device-missing",
  "device-mode",
  "device-cgroup",
  "cgroup-delegation",
  "cgroup-version",
  "outer-container",
  "kernel-config",
  "kernel-version",
  "boot-param",
  "module-missing",
  "package-missing",
  "package-version",
  "hypervisor-nested-off",
  "firmware",
  "rlimit",
  "policy",
  "unknown",
] as const;

/** One of {@link blockerCodes}. */
export type BlockerCode = (typeof blockerCodes)[number];

/** What lies around a job, outermost first. `system` is the kernel with what its administrator set and installed. */
export const layerKinds = ["hardware", "hypervisor", "system", "container", "session"] as const;

/** One of {@link layerKinds}. */
export type LayerKind = (typeof layerKinds)[number];

/** One measured cause. `detail` is what was seen, in words that a person can check. */
export interface Blocker {
  readonly code: BlockerCode;
  readonly detail: string;
  /** Where it lies. A report says it of every blocker; a probe only where the code alone does not tell. */
  readonly layer?: LayerKind | undefined;
}

/** One thing that was done and what came back: `{ action: "unshare(0)", result: "EPERM" }`. */
export interface Evidence {
  readonly action: string;
  readonly result: string;
}

/** What a probe says about one capability. */
export interface Finding {
  readonly state: CapabilityState;
  readonly level: EvidenceLevel;
  /** One line for people, without the capability's name in front. */
  readonly summary: string;
  readonly evidence: readonly Evidence[];
  readonly blockers: readonly Blocker[];
  /** Causes that were looked for and are not it. */
  readonly ruledOut: readonly BlockerCode[];
  /** A measured value that others use, such as Landlock's ABI or the cgroup mode. */
  readonly value?: string | number | undefined;
}

/** As much of a capability as decides: what selection and plans are made from. */
export interface Standing {
  readonly state: CapabilityState;
  readonly value?: string | number | undefined;
  /** How it was established; decides nothing, and is told with each outcome. */
  readonly level?: EvidenceLevel | undefined;
}

/** Whether a place for control groups is below the systemd manager of a user (systemd's user@UID.service). Pure. */
export function isBelowUserManager(place: Standing["value"]): boolean {
  return typeof place === "string" && /\/user@\d+\.service(?:\/|$)/.test(place);
}

/** Standings by capability id. A {@link Matrix} is one, with the reasons. */
export type Standings = Readonly<Record<string, Standing>>;

/** A finding in the matrix: with its id, its area and the time that its probe took. */
export interface Capability extends Finding {
  readonly id: string;
  readonly title: string;
  readonly area: Area;
  /** Id of the probe that found it. */
  readonly probe: string;
  /** Wall time of the probe that found it, in milliseconds; one probe may find several capabilities. */
  readonly durationMs: number;
}

/** Areas in the order in which the report shows them. */
export const areas = [
  "host",
  "namespaces",
  "mounts",
  "privilege",
  "cgroups",
  "virtualization",
  "programs",
  "network",
  "devices",
] as const;

/** One of {@link areas}. */
export type Area = (typeof areas)[number];

/** All capabilities of one host in one context, by id. */
export type Matrix = Readonly<Record<string, Capability>>;

/** Whether selection may build on this capability: it works, in whole or in its named part. */
export function isUsable(standing: Standing | undefined): boolean {
  return standing?.state === "works" || standing?.state === "degraded";
}
