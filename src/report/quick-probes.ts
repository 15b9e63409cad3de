/** What the probes that every run waits for cost, against what they may cost. */
import type { Capability } from "../model/capability.ts";
import type { Report } from "../model/report.ts";
import type { Probe } from "../probes/_probe.ts";
import { probes } from "../probes/registry.gen.ts";

/** All quick probes together, on two cores. */
const budgetMs = 500;

const slowProbes = new Set(probes.filter((probe: Probe) => probe.pace === "slow").map((probe: Probe) => probe.id));

/** Quick probes with their times, the longest first. */
export function longestQuickProbes(capabilities: readonly Capability[]): [probe: string, durationMs: number][] {
  const times = new Map(capabilities.map(({ probe, durationMs }) => [probe, durationMs]));
  return [...times].filter(([probe]) => !slowProbes.has(probe)).toSorted(([, one], [, other]) => other - one);
}

/** Probes start together, so the longest is what they took together. */
export function measureQuickProbes(capabilities: readonly Capability[]): Report["quickProbes"] {
  return { durationMs: longestQuickProbes(capabilities)[0]?.[1] ?? 0, budgetMs };
}
