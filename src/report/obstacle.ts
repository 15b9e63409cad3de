/** What stands in the way of a choice: the capability to speak about, and the smallest remedy. */
import { isUsable } from "../model/capability.ts";
import type { Capability, Matrix } from "../model/capability.ts";
import type { Rejection, Remedy, Selection, StrategySummary } from "../model/report.ts";
import { nothingHelps } from "./remedy-case.ts";
import { capabilityOfRejection } from "./rejection-words.ts";

/** The strategy to get working, and the capability of this host that it lacks first. */
export interface Obstacle {
  readonly strategy: string;
  readonly capability: Capability;
}

/**
 * The first capability that is in the way of any strategy: of the closest one if the host is what it lacks, of the next
 * in line otherwise (a strategy that by nature does not keep a guarantee has nothing to be remedied). None where the
 * closest only was not attacked yet: then nothing of the host's is in the way.
 */
export function findObstacle(selection: Selection, matrix: Matrix): Obstacle | undefined {
  const closest = selection.rejected.filter(({ strategy }) => strategy === selection.closest);
  if (closest.some(({ reason }) => reason.kind === "not-verified")) return undefined;
  const closestFirst = [...closest, ...selection.rejected.filter(({ strategy }) => strategy !== selection.closest)];
  for (const rejection of closestFirst) {
    const capability = matrix[capabilityOfRejection(rejection) ?? ""];
    if (capability !== undefined) return { strategy: rejection.strategy, capability };
  }
  return undefined;
}

/** The rejection that explains best why nothing is left, where no capability does: a trial, or the closest strategy's. */
export function explainingRejection(selection: Selection): Rejection | undefined {
  return (
    selection.rejected.find((rejection) => rejection.reason.kind === "trial") ??
    selection.rejected.find((rejection) => rejection.strategy === selection.closest)
  );
}

/** Capabilities that the obstacle's strategy lacks for other causes: removing the obstacle alone would not do. */
export function furtherObstacles(obstacle: Obstacle, strategies: readonly StrategySummary[], matrix: Matrix): string[] {
  const strategy = strategies.find((candidate) => candidate.id === obstacle.strategy);
  const causes = JSON.stringify(obstacle.capability.blockers);
  return (strategy?.missing ?? []).filter((id) => {
    const other = matrix[id];
    return id !== obstacle.capability.id && !isUsable(other) && JSON.stringify(other?.blockers) !== causes;
  });
}

const ease: Readonly<Record<Remedy["appliedBy"], number>> = {
  you: 0,
  administrator: 1,
  "image author": 2,
  "host operator": 3,
};

/** The remedy of a capability that asks least: one with commands before one without, then by who must act. */
export function smallestRemedy(capability: string, remedies: readonly Remedy[]): Remedy | undefined {
  const own = remedies.filter((remedy) => remedy.capability === capability && remedy.summary !== nothingHelps);
  return own.toSorted((left, right) => effort(left) - effort(right))[0];
}

function effort(remedy: Remedy): number {
  return (remedy.commands.length === 0 ? 10 : 0) + ease[remedy.appliedBy];
}
