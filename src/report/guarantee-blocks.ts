/** The guarantees of a plan, each with its mechanism or the reason why it is not kept. */
import { guaranteeIds, guaranteePromises } from "../model/guarantee.ts";
import type { GuaranteeDecision, GuaranteeId } from "../model/guarantee.ts";
import type { Demands } from "../model/job.ts";
import type { Matrix } from "../model/capability.ts";
import { clause, sentence } from "./phrase.ts";
import { describeLack } from "./rejection-words.ts";
import { heading, item } from "./text-block.ts";
import type { Block, Mark } from "./text-block.ts";

/** Every guarantee but the caps, demanded or not, with its mechanism or the reason why it is not kept. */
export function guaranteeBlocks(decisions: readonly GuaranteeDecision[], demands: Demands, matrix: Matrix): Block[] {
  const isolation = guaranteeIds.filter((id) => !id.startsWith("limit."));
  const items = isolation.flatMap((id) => {
    const decision = decisions.find((candidate) => candidate.id === id);
    return decision === undefined ? [] : [guaranteeItem(decision, demands, matrix)];
  });
  return [...heading("Guarantees"), ...items];
}

function guaranteeItem(decision: GuaranteeDecision, demands: Demands, matrix: Matrix): Block {
  const demand = demandOn(decision.id, demands);
  const text = `${decision.id} (${guaranteePromises[decision.id]}${demandWords[demand]}): ${describeDecision(decision, matrix)}`;
  return item(decision.kept ? "works" : unkeptMarks[demand], sentence(text));
}

/** What the job says about a guarantee. */
type Demand = "demanded" | "given up" | "not demanded";

function demandOn(id: GuaranteeId, { required, accepted }: Demands): Demand {
  if (!required.includes(id)) return "not demanded";
  return accepted.includes(id) ? "given up" : "demanded";
}

const demandWords: Readonly<Record<Demand, string>> = {
  demanded: "",
  "given up": ", given up by name",
  "not demanded": ", not demanded",
};

const unkeptMarks: Readonly<Record<Demand, Mark>> = {
  demanded: "blocked",
  "given up": "degraded",
  "not demanded": "absent",
};

/** That it is kept and by what, or why it is not. */
export function describeDecision(decision: GuaranteeDecision, matrix: Matrix): string {
  return decision.kept
    ? `kept: ${clause(decision.mechanism)}`
    : `not kept: ${describeLack(decision.reason, decision.missing, matrix)}`;
}
