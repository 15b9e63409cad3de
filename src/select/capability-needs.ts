/** What hangs on a capability, whatever this host is like: found by taking it away and asking the strategies again. Pure. */
import type { Standings } from "../model/capability.ts";
import type { GuaranteeId } from "../model/guarantee.ts";
import type { Job } from "../model/job.ts";
import type { Strategy } from "../strategies/_strategy.ts";

/** What one strategy needs a capability for. */
export interface CapabilityNeed {
  readonly strategy: string;
  /** Without it the strategy is not there at all. */
  readonly isRequired: boolean;
  /** Guarantees that it does not keep without it. */
  readonly guarantees: readonly GuaranteeId[];
}

/** Every capability usable, but for those that have no meaning for this caller. */
function everythingBut(standings: Standings, lost: string | undefined): Standings {
  const entries = Object.entries(standings).map(([id, { state, ...rest }]) => [
    id,
    { ...rest, state: state === "not-applicable" ? state : "works" },
  ]);
  const all = Object.fromEntries(entries) as Standings;
  return lost === undefined ? all : { ...all, [lost]: { state: "absent" } };
}

function keptBy(strategy: Strategy, job: Job, standings: Standings): GuaranteeId[] {
  return strategy
    .guarantees(job, standings)
    .filter(({ kept }) => kept)
    .map(({ id }) => id);
}

/** What the strategies need `id` for, on a host where everything else that this caller can have works. */
export function needsOf(id: string, strategies: readonly Strategy[], job: Job, standings: Standings): CapabilityNeed[] {
  const [whole, without] = [everythingBut(standings, undefined), everythingBut(standings, id)];
  return strategies.flatMap((strategy): CapabilityNeed[] => {
    const isRequired = strategy.requires(whole).some((required) => required === id);
    const kept = keptBy(strategy, job, without);
    const guarantees = keptBy(strategy, job, whole).filter((guarantee) => !kept.includes(guarantee));
    return isRequired || guarantees.length > 0 ? [{ strategy: strategy.id, isRequired, guarantees }] : [];
  });
}
