/** Flags by which several commands are told what is demanded. */
import { isolationClasses } from "../model/guarantee.ts";
import type { FlagDescription } from "../report/command-description.ts";
import { limitEntries, type LimitField, type QuantityKind } from "../run/limit-fields.ts";
import { strategies } from "../strategies/registry.gen.ts";
import { choice, text } from "./description-parts.ts";

const placeholders: Readonly<Record<QuantityKind, string>> = {
  duration: "TIME",
  size: "SIZE",
  rate: "RATE",
  cpus: "N",
  count: "N",
  files: "N",
};

function limitFlag({ flag, quantity, description }: LimitField): FlagDescription {
  return { name: flag, description, value: text(placeholders[quantity]) };
}

/** Caps on the whole tree, and what goes with them. */
export const limitFlags: readonly FlagDescription[] = limitEntries.map(([, limit]) => limitFlag(limit));
/** The same as demands on a host, without what is no cap. */
export const capFlags: readonly FlagDescription[] = limitEntries.flatMap(([, limit]) =>
  limit.guarantee === undefined
    ? []
    : [{ ...limitFlag(limit), description: `this cap has to hold (${limit.guarantee})` }],
);
/** By name. */
export const strategyFlag: FlagDescription = {
  name: "strategy",
  description: "only this strategy",
  value: choice(
    "ID",
    strategies.map(({ id }) => id),
  ),
};
/** A floor. */
export const minimumFlag: FlagDescription = {
  name: "min",
  description: "no weaker isolation than this class",
  value: choice("CLASS", isolationClasses),
};
/** What takes seconds. */
export const deepFlag: FlagDescription = {
  name: "deep",
  description: "also do what takes seconds, such as booting a kernel",
};
