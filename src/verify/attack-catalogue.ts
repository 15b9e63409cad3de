/** Every attack that is made, with how it is judged. Pure. */
import { guaranteeIds, type GuaranteeId } from "../model/guarantee.ts";
import { attackRules, unjudgedAttacks } from "./attack-rules.ts";
import type { AttackControl, AttackRule, AttackScope, AttackSpec } from "./attack-spec.ts";
import type { Attack } from "./attack.ts";
import { attacks } from "./attacks.ts";
import { hostAttacks } from "./host-attacks.ts";
import { leftOutAttacks, type LeftOutAttack } from "./left-out-attacks.ts";

/** What the attacker's table says of a control, where there is no rule. */
function controlOf({ control, note = "" }: Attack): AttackControl {
  switch (control) {
    case "any":
      return { by: "everyone" };
    case "root":
      return { by: "root" };
    case "ordinary":
      return { by: "some", reason: `only an ordinary user has something to gain${note === "" ? "" : `: ${note}`}` };
    case "none":
      return { by: "none", reason: note };
  }
}

/** One attack with its rule. */
export function specOf(attack: Attack): AttackSpec {
  const rule: AttackRule = attackRules[attack.id] ?? { control: controlOf(attack) };
  return { ...attack, ...rule, guarantees: rule.guarantees ?? attack.guarantees };
}

function isMade({ id }: { readonly id: string }): boolean {
  return !Object.hasOwn(unjudgedAttacks, id);
}

/** Some of the attacker's are worth something only with what the host's side does besides. */
function isByHost({ id }: { readonly id: string }): boolean {
  return hostAttacks.some((made) => made.id === id);
}

function byId(one: { readonly id: string }, other: { readonly id: string }): number {
  return one.id < other.id ? -1 : 1;
}

/** Those of the attacker, in the order of the catalogue. */
export const attackSpecs: readonly AttackSpec[] = attacks
  .filter((attack) => isMade(attack) && !isByHost(attack))
  .map(specOf);

/** All that are made, by the attacker or by the host's side. */
export const allAttacks: readonly AttackScope[] = [...attackSpecs, ...hostAttacks].toSorted(byId);

/** Those that are not, with the reason. */
export const attacksLeftOut: readonly LeftOutAttack[] = [
  ...leftOutAttacks.filter((attack) => !isByHost(attack)),
  ...attacks
    .filter((attack) => !isMade(attack))
    .map(({ id, title }) => ({ id, title, reason: unjudgedAttacks[id] ?? "" })),
].toSorted(byId);

/** The attacks that tell of these guarantees: all of them, or the one of each that says most. */
export function chooseAttacks<Scope extends AttackScope>(
  specs: readonly Scope[],
  wanted: readonly GuaranteeId[],
  isQuick: boolean,
): Scope[] {
  return specs.filter(({ guarantees, quickFor = [] }) =>
    (isQuick ? quickFor : guarantees).some((id) => wanted.includes(id)),
  );
}

/** How many attacks there are on each guarantee, in report order. */
export function countAttacks(
  specs: readonly { readonly guarantees: readonly GuaranteeId[] }[],
): { readonly id: GuaranteeId; readonly attacks: number }[] {
  return guaranteeIds.map((id) => ({
    id,
    attacks: specs.filter(({ guarantees }) => guarantees.includes(id)).length,
  }));
}
