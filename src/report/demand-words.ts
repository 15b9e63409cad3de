/** Demands in words. */
import type { DemandVerdict } from "../model/demand.ts";
import { count } from "./phrase.ts";

const kindWords = { isolation: "isolation class", strategy: "strategy" } as const;

const resultWords: Readonly<Record<DemandVerdict["result"], string>> = {
  holds: "holds",
  degraded: "holds only in part",
  fails: "does not hold",
  unknown: "could not be told",
};

/** `net.none`, `strategy namespaces`, `isolation class vm`: as it reads in a sentence. */
export function describeDemand({ demand }: DemandVerdict): string {
  const { kind, id } = demand;
  return kind === "guarantee" || kind === "capability" ? id : `${kindWords[kind]} ${id}`;
}

/** `net.none does not hold`. */
export function describeDemandResult(verdict: DemandVerdict): string {
  return `${describeDemand(verdict)} ${resultWords[verdict.result]}`;
}

/** The gravest result of all demands: it decides. */
export function worstResult(demands: readonly DemandVerdict[]): DemandVerdict["result"] {
  const gravestFirst = ["fails", "unknown", "degraded"] as const;
  if (demands.length === 0) return "unknown";
  return gravestFirst.find((wanted) => demands.some(({ result }) => result === wanted)) ?? "holds";
}

/** What the demands come to, one clause: `2 of 5 demands do not hold`. */
export function describeDemands(demands: readonly DemandVerdict[]): string {
  const worst = worstResult(demands);
  const amount = demands.filter(({ result }) => result === worst).length;
  if (demands.length === 0) return "no demand could be judged";
  if (worst === "holds") return "all demands hold";
  if (worst === "degraded") return `all demands hold, ${amount} only in part`;
  const subject = `${amount} of ${count(demands.length, "demand")}`;
  if (worst === "unknown") return `${subject} could not be told`;
  return `${subject} ${amount === 1 ? "does" : "do"} not hold`;
}
