/** What a program does in the launcher's place stands on that program, and not on what the launcher could do itself. */
import type { CapabilityId } from "../matrix/build-matrix.ts";
import type { Standings } from "../model/capability.ts";
import type { GuaranteeDecision } from "../model/guarantee.ts";

/** What a program makes, and what nobody makes where it does. */
export interface StandIns {
  readonly program: CapabilityId;
  readonly made: readonly CapabilityId[];
  readonly lacking: readonly CapabilityId[];
}

const absent = { state: "absent" } as const;

/** The same standings, as they are where the program makes the sandbox. Lazy, so that what is looked at can be noted. */
export function standingsWith({ program, made, lacking }: StandIns, matrix: Standings): Standings {
  const nothing: Standings = {};
  return new Proxy(nothing, {
    get: (_, id) => {
      if (lacking.some((one) => one === id)) return absent;
      return matrix[made.some((one) => one === id) ? program : String(id)];
    },
  });
}

function named({ program, made }: StandIns, id: string): string {
  return made.some((one) => one === id) ? program : id;
}

/** Decisions that were made with {@link standingsWith}, in the names of what they really stand on. */
export function decisionsWith(standIns: StandIns, decisions: readonly GuaranteeDecision[]): GuaranteeDecision[] {
  return decisions.map((decision) => {
    if (decision.kept) {
      const capabilities = [...new Set(decision.capabilities.map((id) => named(standIns, id)))];
      return { ...decision, capabilities };
    }
    const { missing } = decision;
    return missing === undefined ? decision : { ...decision, missing: named(standIns, missing) };
  });
}
