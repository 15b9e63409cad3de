/** Which attacks share a sandbox. Pure. */
import type { AttackSpec, SandboxWishes } from "./attack-spec.ts";

/** Attacks that are made in one sandbox, one after the other; or one alone, in as many as it has legs. */
export interface Sitting {
  readonly attacks: readonly AttackSpec[];
  readonly wishes: SandboxWishes;
}

function isAlone({ legs, isEndHeld }: AttackSpec): boolean {
  return legs !== undefined || isEndHeld === true;
}

/** In the order of the first attack of each. */
export function planSittings(attacks: readonly AttackSpec[]): Sitting[] {
  const keyOf = (spec: AttackSpec): string => (isAlone(spec) ? spec.id : JSON.stringify(spec.wishes ?? {}));
  return [...Map.groupBy(attacks, keyOf).values()].map((members) => ({
    attacks: members,
    wishes: members[0]?.wishes ?? {},
  }));
}
