/** Which strategies and guarantees depend on a capability: what its lack costs the user. */
import type { GuaranteeDecision, GuaranteeId } from "../model/guarantee.ts";
import type { StrategySummary } from "../model/report.ts";
import { joinWords } from "./phrase.ts";

/** Who depends on one capability. */
export interface CapabilityUses {
  /** Strategies that cannot be taken without it. */
  readonly stops: readonly string[];
  /** Guarantees that are not kept for its lack, by strategy. */
  readonly costs: readonly { readonly strategy: string; readonly guarantees: readonly GuaranteeId[] }[];
  /** Guarantees that are kept by a mechanism that stands on it, by strategy. */
  readonly carries: readonly { readonly strategy: string; readonly guarantees: readonly GuaranteeId[] }[];
}

/** Looks up one capability in what all strategies say. */
export function usesOf(id: string, strategies: readonly StrategySummary[]): CapabilityUses {
  return {
    stops: strategies.filter((strategy) => strategy.missing.includes(id)).map((strategy) => strategy.id),
    costs: guaranteesWhere(strategies, (decision) => !decision.kept && decision.missing === id),
    carries: guaranteesWhere(strategies, (decision) => decision.kept && decision.capabilities.includes(id)),
  };
}

/** What its lack costs, as it reads after `Costs:`; empty where it costs nothing. */
export function describeCosts({ stops, costs }: CapabilityUses): string {
  const stopped = `${stops.length === 1 ? "strategy" : "strategies"} ${joinWords(stops)} cannot be taken`;
  // What a strategy that cannot be taken would not keep either is no further loss.
  const parts = describeByGuarantees(costs.filter(({ strategy }) => !stops.includes(strategy)));
  return (stops.length === 0 ? parts : [stopped, ...parts]).join("; ");
}

/** What stands on it, as it reads after `Used for:`. */
export function describeCarried({ carries }: CapabilityUses): string {
  return describeByGuarantees(carries).join("; ");
}

/** `limit.cpu (namespaces and process)`: strategies with the same guarantees are named together. */
function describeByGuarantees(uses: CapabilityUses["costs"]): string[] {
  const groups = Map.groupBy(uses, ({ guarantees }) => joinWords(guarantees));
  return [...groups].map(
    ([guarantees, group]) => `${guarantees} (${joinWords(group.map(({ strategy }) => strategy))})`,
  );
}

function guaranteesWhere(
  strategies: readonly StrategySummary[],
  holds: (decision: GuaranteeDecision) => boolean,
): CapabilityUses["costs"] {
  return strategies
    .map((strategy) => ({ strategy: strategy.id, guarantees: strategy.guarantees.filter(holds).map(({ id }) => id) }))
    .filter(({ guarantees }) => guarantees.length > 0);
}
