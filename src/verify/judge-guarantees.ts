/** What the attacks on each guarantee come to. Pure. */
import { guaranteeIds, type GuaranteeDecision, type GuaranteeId } from "../model/guarantee.ts";
import type { AttackResult, GuaranteeResult } from "../model/verification.ts";

/** An attack's guarantees and what it came to. */
export interface JudgedAttack {
  readonly guarantees: readonly GuaranteeId[];
  readonly result: AttackResult;
}

/** What the subject says of itself; undefined for one that says nothing. */
export type Declarations = readonly GuaranteeDecision[] | undefined;

type Rest = Omit<GuaranteeResult, "id" | "attacks" | "brokenBy">;

function describeBreach(broke: readonly AttackResult[]): string {
  const [first] = broke;
  return first === undefined ? "" : `${first.attack}: ${first.because}`;
}

function judgeProvided(results: readonly AttackResult[], broke: readonly AttackResult[], told: number): Rest {
  const unknown = results.find(({ verdict }) => verdict === "unknown");
  if (broke.length > 0) return { state: "broken", because: describeBreach(broke) };
  if (unknown !== undefined) return { state: "unknown", because: `${unknown.attack}: ${unknown.because}` };
  if (told > 0) return { state: "held", because: `${told} ${told === 1 ? "attack" : "attacks"} failed` };
  const reason = results[0]?.because;
  return { state: "unknown", because: reason === undefined ? "no attack on it was made" : `no attack told: ${reason}` };
}

/** An attack that broke something else is no attack on this one: nobody knows what it would have been without that. */
function tellsOf(id: GuaranteeId, { guarantees, result }: JudgedAttack): boolean {
  return (result.broke ?? guarantees).includes(id);
}

function judgeGuarantee(id: GuaranteeId, attacks: readonly JudgedAttack[], declared: Declarations): GuaranteeResult {
  const results = attacks.filter((attack) => tellsOf(id, attack)).map(({ result }) => result);
  const broke = results.filter(({ verdict }) => verdict === "broke");
  const told = results.filter(({ verdict }) => verdict === "held" || verdict === "broke").length;
  const decision = declared?.find((candidate) => candidate.id === id);
  const rest: Rest =
    decision?.kept === false
      ? { state: "not-provided", because: broke.length > 0 ? describeBreach(broke) : decision.reason }
      : judgeProvided(results, broke, told);
  return { id, attacks: told, brokenBy: broke.map(({ attack }) => attack), ...rest };
}

/** One result for each of `wanted`, in report order. */
export function judgeGuarantees(
  attacks: readonly JudgedAttack[],
  declared: Declarations,
  wanted: readonly GuaranteeId[],
): GuaranteeResult[] {
  return guaranteeIds.filter((id) => wanted.includes(id)).map((id) => judgeGuarantee(id, attacks, declared));
}
