/** Problems as CI is told of them: each with how grave it is, by what was demanded. Pure. */
import type { Capability } from "../model/capability.ts";
import type { DemandVerdict } from "../model/demand.ts";
import type { Remedy, Report } from "../model/report.ts";
import { describeBlocker } from "./blocker-words.ts";
import { describeCosts, usesOf } from "./capability-uses.ts";
import { describeBeforeCauses } from "./capability-words.ts";
import { describeDemand, describeDemandResult } from "./demand-words.ts";
import { defaultDemands } from "./default-demands.ts";
import { clause, joinWords, sentence } from "./phrase.ts";
import { findProblems, mergeUses } from "./problem-blocks.ts";
import { describeWho } from "./remedy-blocks.ts";
import { nothingHelps } from "./remedy-case.ts";

/** An error is a demand that does not hold, a warning costs what a job might want, a note is good to know. */
export type Severity = "error" | "warning" | "note";

/** One problem. */
export interface ReportedProblem {
  /** Stable: the capability's id, or the demand's where no capability of this host is behind it. */
  readonly id: string;
  readonly severity: Severity;
  /** One line, without a full stop. */
  readonly title: string;
  readonly capability?: Capability | undefined;
  /** Other capabilities that are not whole by the very same cause. */
  readonly also: readonly string[];
  /** Demands that do not hold, or not in whole, because of it. */
  readonly demands: readonly DemandVerdict[];
  readonly causes: readonly string[];
  /** What its lack costs, empty where it costs nothing. */
  readonly costs: string;
  readonly remedies: readonly Remedy[];
}

/** The demands that a report is judged by. */
export function demandsOf(report: Report, demands: readonly DemandVerdict[] | undefined): readonly DemandVerdict[] {
  return demands ?? defaultDemands(report);
}

/**
 * All problems, gravest first; a capability that several demands need is one problem. Where demands were stated, what they
 * do not need is good to know and no more.
 */
export function findReportedProblems(report: Report, stated: readonly DemandVerdict[] | undefined): ReportedProblem[] {
  const broken = demandsOf(report, stated).filter(({ result }) => result !== "holds");
  const behind = report.capabilities.filter(({ id }) => broken.some((demand) => capabilityOf(demand) === id));
  const others = findProblems(report).filter((problem) => !behind.includes(problem));
  const nameless = broken.filter((demand) => !behind.some(({ id }) => id === capabilityOf(demand)));
  const severityOf = (id: string): Severity => (stated === undefined ? severityOfCosts(id, report) : "note");
  const problems = [
    ...nameless.map(problemOfDemand),
    ...behind.map((capability) => {
      const demands = broken.filter((demand) => capabilityOf(demand) === capability.id);
      return problemOfCapability(capability, severityOfDemands(demands), demands, report);
    }),
    ...others.map((capability) => problemOfCapability(capability, severityOf(capability.id), [], report)),
  ];
  return problems.toSorted((left, right) => severities.indexOf(left.severity) - severities.indexOf(right.severity));
}

/** Problems by cause, so that one cause is told once: the gravest of each group stands for it, with what all of them cost. */
export function mergeByCause(problems: readonly ReportedProblem[], { strategies }: Report): ReportedProblem[] {
  const groups = Map.groupBy(problems, causeOf);
  return [...groups.values()].flatMap(([first, ...others]) => {
    if (first === undefined || others.length === 0) return first ?? [];
    const group = [first, ...others];
    const demands = group.flatMap((problem) => problem.demands);
    const costs = describeCosts(mergeUses(group.map(({ id }) => usesOf(id, strategies))));
    const also = others.flatMap(({ capability }) => capability?.id ?? []);
    return { ...first, costs, also, demands };
  });
}

/** What the problem is about, in a few words: `userns.capable is blocked`. */
export function nameProblem({ id, capability, demands }: ReportedProblem): string {
  if (capability !== undefined) return `${capability.id} is ${capability.state}`;
  return demands[0] === undefined ? id : describeDemandResult(demands[0]);
}

function causeOf({ id, capability, demands }: ReportedProblem): string {
  if (capability === undefined) return `demand ${demands[0]?.result} ${demands[0]?.because}`;
  return capability.blockers.length === 0 ? id : JSON.stringify(capability.blockers);
}

/** What stands on it and what helps, in sentences: the title's continuation. */
export function describeProblem({ capability, also, causes, demands, costs, remedies }: ReportedProblem): string {
  // A demand without a capability stands in the title.
  const isTold = demands.length === 0 || (capability === undefined && demands.length === 1);
  return [
    ...(also.length === 0 ? [] : [`Also, by the same cause: ${joinWords(also)}.`]),
    ...causes.map((cause) => `Cause: ${sentence(cause)}`),
    ...(isTold ? [] : [`Demanded: ${sentence(joinWords(demands.map(describeDemand)))}`]),
    ...(costs === "" ? [] : [`Costs: ${sentence(costs)}`]),
    ...remedies.map(describeRemedy),
  ].join("\n");
}

/** A remedy in sentences, its commands on lines of their own. */
export function describeRemedy(remedy: Remedy): string {
  if (remedy.summary === nothingHelps) return `Remedy: ${sentence(nothingHelps)}`;
  const risk = remedy.risk === "" ? "" : ` Risk: ${sentence(remedy.risk)}`;
  const text = `Remedy: ${clause(remedy.summary)} (${describeWho(remedy)}).${risk}`;
  return [text, ...remedy.commands.map((command) => `    ${command}`)].join("\n");
}

/** Id of the capability that a demand hangs on, where there is one. */
export function capabilityOf({ demand, capability }: DemandVerdict): string | undefined {
  return capability ?? (demand.kind === "capability" ? demand.id : undefined);
}

const severities: readonly Severity[] = ["error", "warning", "note"];
function severityOfDemands(demands: readonly DemandVerdict[]): Severity {
  return demands.some(({ result }) => result === "fails" || result === "unknown") ? "error" : "warning";
}

function problemOfDemand(verdict: DemandVerdict): ReportedProblem {
  return {
    id: `${verdict.demand.kind}:${verdict.demand.id}`,
    severity: severityOfDemands([verdict]),
    title: `Demanded ${describeDemandResult(verdict)}: ${clause(verdict.because)}`,
    also: [],
    demands: [verdict],
    causes: [],
    costs: "",
    remedies: [],
  };
}

function problemOfCapability(
  capability: Capability,
  severity: Severity,
  demands: readonly DemandVerdict[],
  report: Report,
): ReportedProblem {
  return {
    id: capability.id,
    severity,
    title: clause(describeBeforeCauses(capability)),
    capability,
    also: [],
    demands,
    causes: capability.blockers.map(describeBlocker),
    costs: describeCosts(usesOf(capability.id, report.strategies)),
    remedies: report.remedies.filter((remedy) => remedy.capability === capability.id),
  };
}

/** What the strategy taken loses by it counts; where none was taken, what keeps any from being there. */
function severityOfCosts(id: string, { selection, strategies }: Report): Severity {
  const { stops, costs } = usesOf(id, strategies);
  const isCostly =
    selection.chosen === undefined ? stops.length > 0 : costs.some(({ strategy }) => strategy === selection.chosen);
  return isCostly ? "warning" : "note";
}
