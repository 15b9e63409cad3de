/** Why a strategy was not taken, in words. */
import type { Matrix } from "../model/capability.ts";
import type { IsolationClass } from "../model/guarantee.ts";
import type { Rejection } from "../model/report.ts";
import { blockerCodesOf } from "./blocker-words.ts";
import { stateWord } from "./capability-words.ts";
import { clause } from "./phrase.ts";

/** Where a job of this class runs, as it reads after "jobs will run". */
export const placeOfClass: Readonly<Record<IsolationClass, string>> = {
  vm: "in a virtual machine",
  "user-kernel": "on a kernel in user space",
  container: "in a container",
  namespace: "in namespaces",
  lsm: "under a security module's rules",
  process: "as plain processes",
};

/** Where jobs run by this strategy run; its id is named unless the words do already. */
export function placeOfStrategy(strategy: { readonly id: string; readonly isolation: IsolationClass }): string {
  const place = placeOfClass[strategy.isolation];
  return place.split(" ").includes(strategy.id) ? place : `${place} (strategy ${strategy.id})`;
}

/** The reason, as it reads after "it" or the strategy's name. */
export function describeRejection({ reason }: Rejection, matrix: Matrix): string {
  switch (reason.kind) {
    case "capability":
      return `needs ${nameCapability(reason.capability, matrix)}`;
    case "trial":
      return `has not passed its trial: ${clause(reason.summary)}`;
    case "guarantee":
      return `does not keep ${reason.guarantee}: ${describeLack(reason.because, reason.missing, matrix)}`;
    case "isolation":
      return `is weaker than the class demanded, ${reason.minimum}`;
    case "not-verified":
      return `was not seen to hold ${reason.guarantee} when such a sandbox was attacked (cupel verify)`;
    case "not-named":
      return "was not named";
    case "not-preferred":
      return "would do, but another one was preferred";
  }
}

/** Id of the capability that a rejection is about, where there is one. */
export function capabilityOfRejection({ reason }: Rejection): string | undefined {
  if (reason.kind === "capability") return reason.capability;
  return reason.kind === "guarantee" ? reason.missing : undefined;
}

/** Why a guarantee is not kept: the capability that is missing and why it is; the strategy's own reason where none is. */
export function describeLack(reason: string, missing: string | undefined, matrix: Matrix): string {
  return missing === undefined || matrix[missing] === undefined
    ? clause(reason)
    : `needs ${nameCapability(missing, matrix)}`;
}

/** `kvm.run, which is blocked (device-mode)`. */
function nameCapability(id: string, matrix: Matrix): string {
  const capability = matrix[id];
  if (capability === undefined) return `${id}, which was not probed`;
  const codes = capability.blockers.length === 0 ? "" : ` (${blockerCodesOf(capability)})`;
  return `${id}, which is ${stateWord(capability)}${codes}`;
}
