/** The problems of a report: capabilities that something needs and that are not whole, with cause, cost and remedy. */
import type { Capability } from "../model/capability.ts";
import type { Remedy, Report } from "../model/report.ts";
import { describeBlocker } from "./blocker-words.ts";
import { describeCarried, describeCosts, usesOf } from "./capability-uses.ts";
import type { CapabilityUses } from "./capability-uses.ts";
import { describeBeforeCauses, markOf } from "./capability-words.ts";
import { joinWords, sentence } from "./phrase.ts";
import { remediesOfCapability } from "./remedy-blocks.ts";
import { field, heading, item } from "./text-block.ts";
import type { Block } from "./text-block.ts";

/**
 * Capabilities that a strategy or a guarantee needs and that do not work in whole; those of the chosen strategy first.
 * What another strategy would not keep is no problem where the chosen one keeps it.
 */
export function findProblems(report: Report): Capability[] {
  const chosenFirst = report.strategies.toSorted((left, right) => urgency(right.id, report) - urgency(left.id, report));
  const chosen = report.strategies.find(({ id }) => id === report.selection.chosen);
  const kept = (chosen?.guarantees ?? []).filter((decision) => decision.kept).map(({ id }) => id);
  // Where nothing was chosen, what keeps a strategy from being there at all matters most.
  const stopping = chosen === undefined ? chosenFirst.flatMap(({ missing }) => missing) : [];
  const needed = chosenFirst.flatMap((strategy) => {
    const open = strategy === chosen ? strategy.guarantees : strategy.guarantees.filter(({ id }) => !kept.includes(id));
    return [
      ...strategy.missing,
      ...open.flatMap((decision) => (decision.kept ? decision.capabilities : (decision.missing ?? []))),
    ];
  });
  const order = [...stopping, ...needed];
  const problems = report.capabilities.filter((capability) => isFaulty(capability) && order.includes(capability.id));
  return problems.toSorted((left, right) => order.indexOf(left.id) - order.indexOf(right.id));
}

/** The section; nothing where there is no problem. */
export function problemBlocks(report: Report): Block[] {
  const groups = groupByCause(findProblems(report));
  if (groups.length === 0) return [];
  const seen = new Map<string, string>();
  return [...heading("Problems"), ...groups.flatMap((group) => groupBlocks(group, report, seen))];
}

/** What was found about one capability below its own line: causes, costs, remedies. */
export function detailBlocks(
  capability: Capability,
  uses: CapabilityUses,
  remedies: readonly Remedy[],
  seen: Map<string, string>,
): Block[] {
  const costs = describeCosts(uses);
  const carried = describeCarried(uses);
  return [
    ...causeBlocks(capability),
    ...(costs === "" ? [] : [field("Costs", sentence(costs))]),
    ...(carried === "" ? [] : [field("Used for", sentence(carried))]),
    ...(isFaulty(capability) ? remediesOfCapability(capability.id, remedies, seen) : []),
  ];
}

/** Whether a capability is less than whole. */
export function isFaulty({ state }: Capability): boolean {
  return state !== "works" && state !== "not-applicable";
}

function urgency(strategy: string, { selection }: Report): number {
  if (strategy === selection.chosen) return 2;
  return strategy === selection.closest ? 1 : 0;
}

/** Capabilities with the very same blockers are one problem. */
export function groupByCause(problems: readonly Capability[]): Capability[][] {
  const groups = Map.groupBy(problems, ({ id, blockers }) => (blockers.length === 0 ? id : JSON.stringify(blockers)));
  return [...groups.values()];
}

/** One problem: the first of a group that shares a cause, in every detail, and the names of the others. */
export function groupBlocks(group: readonly Capability[], report: Report, seen: Map<string, string>): Block[] {
  const [first, ...others] = group;
  if (first === undefined) return [];
  const uses = mergeUses(group.map((capability) => usesOf(capability.id, report.strategies)));
  const also = others.map((capability) => capability.id);
  return [
    item(markOf(first), sentence(describeBeforeCauses(first))),
    ...(also.length === 0 ? [] : [field("Also", sentence(`${joinWords(also)}, by the same cause`))]),
    ...detailBlocks(first, uses, report.remedies, seen),
  ];
}

function causeBlocks(capability: Capability): Block[] {
  const { blockers, ruledOut } = capability;
  const causes = blockers.map((blocker) => field("Cause", sentence(describeBlocker(blocker))));
  if (causes.length === 0 && isFaulty(capability)) causes.push(field("Cause", "not established."));
  return ruledOut.length === 0 ? causes : [...causes, field("Ruled out", sentence(joinWords(ruledOut)))];
}

/** What several capabilities cost and carry together. */
export function mergeUses(all: readonly CapabilityUses[]): CapabilityUses {
  return {
    stops: [...new Set(all.flatMap((uses) => uses.stops))],
    costs: mergeByStrategy(all.flatMap((uses) => uses.costs)),
    carries: mergeByStrategy(all.flatMap((uses) => uses.carries)),
  };
}

function mergeByStrategy(uses: CapabilityUses["costs"]): CapabilityUses["costs"] {
  const strategies = [...new Set(uses.map(({ strategy }) => strategy))];
  return strategies.map((strategy) => ({
    strategy,
    guarantees: [...new Set(uses.filter((use) => use.strategy === strategy).flatMap(({ guarantees }) => guarantees))],
  }));
}
