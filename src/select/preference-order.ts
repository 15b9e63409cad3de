/** All strategies in the order in which they would be taken. Pure. */
import type { Strategy } from "../strategies/_strategy.ts";
import { select, type SelectionInput } from "./select.ts";

/** The one that is taken, the one that would be taken without it, and so on; where none would be, what lacks least. */
export function preferenceOrder(input: SelectionInput): Strategy[] {
  const { chosen, closest } = select(input);
  const first = input.strategies.find(({ id }) => id === (chosen ?? closest));
  if (first === undefined) return [];
  const others = input.strategies.filter((strategy) => strategy !== first);
  return [first, ...preferenceOrder({ ...input, strategies: others })];
}
