/** What a verification comes to as demands: every guarantee that a subject claims, or that was asked for. Pure. */
import type { DemandVerdict } from "../model/demand.ts";
import type { GuaranteeId } from "../model/guarantee.ts";
import type { GuaranteeResult, SubjectResult, Verification } from "../model/verification.ts";

const results: Readonly<Record<GuaranteeResult["state"], DemandVerdict["result"]>> = {
  held: "holds",
  broken: "fails",
  "not-provided": "fails",
  unknown: "unknown",
};

/** What a strategy says itself that it does not keep is no demand, unless it was asked for. */
function isDemanded({ id, state }: GuaranteeResult, asked: readonly GuaranteeId[]): boolean {
  return state !== "not-provided" || asked.includes(id);
}

function demandsOfSubject({ name, guarantees }: SubjectResult, asked: readonly GuaranteeId[]): DemandVerdict[] {
  return guarantees
    .filter((guarantee) => isDemanded(guarantee, asked))
    .map(({ id, state, because }) => ({
      demand: { kind: "guarantee", id },
      result: results[state],
      because: `${name}: ${because}`,
    }));
}

/** `asked`: guarantees that were named. */
export function demandsOfVerification({ subjects }: Verification, asked: readonly GuaranteeId[]): DemandVerdict[] {
  return subjects.flatMap((subject) => demandsOfSubject(subject, asked));
}
