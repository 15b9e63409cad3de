/** Capabilities in words: never more than was measured. */
import type { Area, Capability, CapabilityState } from "../model/capability.ts";
import type { Mark } from "./text-block.ts";

/** Areas as headings. */
export const areaTitles: Readonly<Record<Area, string>> = {
  host: "Host",
  namespaces: "Namespaces",
  mounts: "Mounts",
  privilege: "Privilege",
  cgroups: "Control groups",
  virtualization: "Virtualization",
  programs: "Programs",
  network: "Network",
  devices: "Devices",
};

const marks: Readonly<Record<CapabilityState, Mark>> = {
  works: "works",
  degraded: "degraded",
  blocked: "blocked",
  absent: "absent",
  broken: "blocked",
  unknown: "unknown",
  "not-applicable": "absent",
};

/** The mark in front of a capability. */
export function markOf(capability: Capability): Mark {
  return marks[capability.state];
}

/** The state in a word or two. What `works` on paper only is called present: nothing was done with it. */
export function stateWord({ state, level }: Capability): string {
  if (state === "not-applicable") return "not applicable";
  if (state !== "works") return state;
  if (level === "opened") return "opened (not used)";
  return level === "enforced" || level === "exercised" ? "works" : "present (not tried)";
}

/** State and evidence level: `works (enforced)`, `present (declared, not tried)`. */
export function stateAndLevel(capability: Capability): string {
  const { state, level } = capability;
  if (state === "unknown" || state === "not-applicable") return stateWord(capability);
  if (state !== "works") return `${state} (${level})`;
  if (level === "opened") return "opened (not used)";
  return level === "enforced" || level === "exercised" ? `works (${level})` : `present (${level}, not tried)`;
}

/** One capability in one line: title, id, state, evidence level, summary. */
export function describeCapability(capability: Capability): string {
  return `${capability.title} [${capability.id}]: ${stateAndLevel(capability)}; ${capability.summary}`;
}

/** The same without what its causes, which are told next, say in the same words. */
export function describeBeforeCauses(capability: Capability): string {
  const { blockers, summary } = capability;
  const cause = blockers.map(({ detail }) => detail).find((detail) => summary.endsWith(detail));
  const rest = summary.slice(0, summary.length - (cause ?? "").length).replace(/[\s:;,]+$/u, "");
  return `${capability.title} [${capability.id}]: ${stateAndLevel(capability)}${rest === "" ? "" : `; ${rest}`}`;
}
