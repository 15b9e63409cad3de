/** What an attack is, and the short way to write one down. */
import type { GuaranteeId } from "../model/guarantee.ts";
import type { AttackKey } from "./attack-keys.ts";

/**
 * What shows that an attack got through: a `token` in a `saw` line; a `change` seen from outside; an effect that the
 * attack saw (`gained`); or a `fact` that is not what was promised.
 */
export type AttackEvidence = "token" | "change" | "gained" | "fact";

/**
 * Who can carry the attack out where nothing holds it back: `any` user; an `ordinary` one alone, who has something to
 * gain; `root` alone; or `none`, and then a pass proves less.
 */
export type AttackControl = "any" | "ordinary" | "root" | "none";

/** One attack. */
export interface Attack {
  readonly id: string;
  readonly title: string;
  /** Without these it is `impossible`. */
  readonly keys: readonly AttackKey[];
  readonly optionalKeys: readonly AttackKey[];
  /** Guarantees that are broken where it gets through. */
  readonly guarantees: readonly GuaranteeId[];
  readonly evidence: readonly AttackEvidence[];
  readonly control: AttackControl;
  /** What a control needs besides the keys, or why there is none. */
  readonly note?: string;
}

/**
 * One row of the table. `keys`, `guarantees` and `evidence` are names with blanks between; a key that ends in `?` is an
 * optional one, and `-` is none.
 */
export function attack(
  id: string,
  title: string,
  keys: string,
  guarantees: string,
  evidence: string,
  control: AttackControl,
  note: { readonly note?: string } = {},
): Attack {
  const names = keys === "-" ? [] : keys.split(" ");
  return {
    id,
    title,
    keys: names.filter((name) => !name.endsWith("?")) as AttackKey[],
    optionalKeys: names.filter((name) => name.endsWith("?")).map((name) => name.slice(0, -1) as AttackKey),
    guarantees: guarantees.split(" ") as GuaranteeId[],
    evidence: evidence.split(" ") as AttackEvidence[],
    control,
    ...note,
  };
}
