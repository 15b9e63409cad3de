/** What a report says about a node, as labels of Kubernetes. Pure. */
import { createHash } from "node:crypto";
import { isUsable, type Capability } from "../model/capability.ts";
import { guaranteeIds } from "../model/guarantee.ts";
import type { Report } from "../model/report.ts";

/** One thing to say. Without a value it is to be taken away: what does not hold is not labelled. */
export interface NodeLabel {
  readonly key: string;
  readonly value?: string | undefined;
}

/** Sub-namespaces of feature.node.kubernetes.io are Node Feature Discovery's for vendors; every one of its versions since 0.9 takes them. */
const labelNamespace = "cupel.feature.node.kubernetes.io";

/** Longest name and value (Kubernetes, "Labels and Selectors"). */
const longest = 63;

/**
 * Usable capabilities with how far they were tried, available strategies, and guarantees that an available strategy keeps for a job
 * without flags. All others without a value.
 */
export function nodeLabels({ capabilities, strategies, selection }: Report): NodeLabel[] {
  const available = strategies.filter((strategy) => strategy.available);
  const keeps = (id: string): boolean =>
    available.some(({ guarantees }) => guarantees.some((decision) => decision.kept && decision.id === id));
  return [
    { key: labelKey("chosen"), value: selection.chosen === undefined ? undefined : labelValue(selection.chosen) },
    ...strategies.map(({ id, available: isThere }) => truth(`strategy.${id}`, isThere)),
    ...guaranteeIds.map((id) => truth(`guarantee.${id}`, keeps(id))),
    ...capabilities.map((capability) => ({
      key: labelKey(`capability.${capability.id}`),
      value: isUsable(capability) ? measuredState(capability) : undefined,
    })),
  ];
}

/** Name of a label: its characters alone, at most 63, and no two names become one. */
export function labelKey(name: string): string {
  return `${labelNamespace}/${fitting(name)}`;
}

/** Value of a label, by the same rules. */
export function labelValue(text: string): string {
  return fitting(text);
}

/** Whether the text can be a value as it stands. */
export function isLabelValue(text: string): boolean {
  return fitting(text) === text;
}

/** `works` is only what was done: what was read somewhere is `present`, what was opened `opened`. */
function measuredState({ state, level }: Capability): string {
  if (state !== "works" || level === "enforced" || level === "exercised") return state;
  return level === "opened" ? "opened" : "present";
}

function truth(name: string, holds: boolean): NodeLabel {
  return { key: labelKey(name), value: holds ? "true" : undefined };
}

/** Letters, digits, `-`, `_` and `.`, a letter or digit at both ends. What had to be changed carries a piece of its hash. */
function fitting(text: string): string {
  const clean = text.replace(/[^A-Za-z0-9._-]+/gu, "_");
  const trimmed = trimEnds(clean);
  if (trimmed === text && text.length > 0 && text.length <= longest) return text;
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 8);
  const kept = trimEnds(trimmed.slice(0, longest - hash.length - 1));
  return kept === "" ? hash : `${kept}-${hash}`;
}

function trimEnds(text: string): string {
  return text.replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/gu, "");
}
