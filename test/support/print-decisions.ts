/** Decisions about guarantees, whole, as text that a person can compare. */
import type { GuaranteeDecision } from "../../src/model/guarantee.ts";

function printDecision(decision: GuaranteeDecision): string {
  if (decision.kept) {
    const stand = decision.capabilities.length === 0 ? "" : ` [${decision.capabilities.join(" ")}]`;
    return `${decision.id}: ${decision.mechanism}${stand}`;
  }
  return `${decision.id} NOT: ${decision.reason}${decision.missing === undefined ? "" : ` [${decision.missing}]`}`;
}

/** One line for each. */
export function printDecisions(decisions: readonly GuaranteeDecision[]): string {
  return `\n${decisions.map(printDecision).join("\n")}\n`;
}

/** Only those that another circumstance changes. */
export function printChanges(from: readonly GuaranteeDecision[], to: readonly GuaranteeDecision[]): string {
  return printDecisions(to.filter((decision, index) => !Bun.deepEquals(decision, from[index])));
}
