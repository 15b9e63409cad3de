/** Holds what a host's cupel said against what is true there. Pure. */
import type { GuaranteeId } from "../../src/model/guarantee.ts";
import type { Report } from "../../src/model/report.ts";
import type { SubjectResult, Verification } from "../../src/model/verification.ts";
import type { BootResult, StepResult } from "./boot.ts";
import type { GuestStep } from "./guest.ts";
import type { CallerTruth, Expectation, LabHost } from "./lab-host.ts";

/** Callers, in the order in which they are asked. */
export const callers = ["root", "user"] as const;

/** One of {@link callers}. */
export type Caller = (typeof callers)[number];

/** The command lines that a host's truth needs run; attacks, which take most of the time, only where they are asked for. */
export function stepsOf(host: LabHost, isAttacked: boolean): GuestStep[] {
  const truths = callers.flatMap((caller) => {
    const truth = host.truth[caller];
    if (truth === undefined) return [];
    const further = Object.keys(truth.commands ?? {}).map((command, index) => ({
      name: `${caller}-command-${index}`,
      caller,
      command,
    }));
    return [
      { name: `${caller}-doctor`, caller, command: "cupel doctor --json" },
      { name: `${caller}-run`, caller, command: "cupel run -- /bin/echo ran" },
      ...further,
      ...(isAttacked ? [{ name: `${caller}-verify`, caller, command: verifyCommand(truth) }] : []),
    ];
  });
  const trials = (host.remedies ?? []).flatMap(({ caller, commands, undo }, index) => [
    ...applied(`remedy-${index}`, caller, commands),
    ...(undo === undefined ? [] : applied(`undo-${index}`, caller, undo)),
  ]);
  return [...truths, ...trials];
}

function applied(name: string, caller: Caller, commands: readonly string[]): GuestStep[] {
  return [
    { name, caller: "root", command: commands.join("\n") },
    { name: `${name}-doctor`, caller, command: "cupel doctor --json" },
  ];
}

function verifyCommand({ chosen }: CallerTruth): string {
  return chosen === null ? "cupel verify --quick --json --strategy process" : "cupel verify --quick --json";
}

function parseOutput(step: StepResult | undefined): unknown {
  return step?.output.startsWith("{") === true ? JSON.parse(step.output) : undefined;
}

/** What the doctor said to this caller, where it said anything. */
export function reportTo(caller: Caller, { steps }: BootResult): Report | undefined {
  return parseOutput(steps[`${caller}-doctor`]) as Report | undefined;
}

/** What attacks on this caller's sandbox came to, where any were made. */
export function attacksOf(caller: Caller, { steps }: BootResult): SubjectResult | undefined {
  const verification = parseOutput(steps[`${caller}-verify`]) as Verification | undefined;
  return verification?.subjects[0];
}

/** A capability in the words of an expectation. */
function describe(report: Report, id: string): string {
  const found = report.capabilities.find((capability) => capability.id === id);
  if (found === undefined) return "not in the report";
  const codes = [...new Set(found.blockers.map(({ code }) => code))].toSorted().join(", ");
  return codes === "" ? found.state : `${found.state}: ${codes}`;
}

function matches(seen: string, expected: Expectation): boolean {
  return seen === expected || (!expected.includes(":") && seen.split(":")[0] === expected);
}

function compareCapabilities(report: Report, expected: Readonly<Record<string, Expectation>>, where: string): string[] {
  return Object.entries(expected).flatMap(([id, expectation]) => {
    const seen = describe(report, id);
    const summary = report.capabilities.find((capability) => capability.id === id)?.summary ?? "";
    return matches(seen, expectation) ? [] : [`${where}: ${id} is "${seen}", not "${expectation}" (${summary})`];
  });
}

function expectCode(step: StepResult | undefined, code: number, what: string): string[] {
  if (step?.code === code) return [];
  return [`${what} ended with ${step?.code ?? "nothing"}, not ${code}: ${step?.errors ?? "it was not run"}`];
}

function judgeAttacks(caller: Caller, { verdicts }: CallerTruth, boot: BootResult): string[] {
  const step = boot.steps[`${caller}-verify`];
  if (step === undefined) return [];
  const found = attacksOf(caller, boot);
  if (verdicts === null) return found === undefined ? [] : [`${caller}: cupel verify could make its attacks`];
  if (found === undefined) return [`${caller}: cupel verify told nothing: ${step.errors}`];
  return (Object.keys(verdicts) as GuaranteeId[]).flatMap((id) => {
    const seen = found.guarantees.find((one) => one.id === id);
    if (seen?.state === verdicts[id]) return [];
    return [`${caller}: ${id} is ${seen?.state ?? "not told of"}, not ${verdicts[id]} (${seen?.because ?? ""})`];
  });
}

function judgeCaller(caller: Caller, truth: CallerTruth, boot: BootResult): string[] {
  const { steps } = boot;
  const doctor = steps[`${caller}-doctor`];
  const report = reportTo(caller, boot);
  if (report === undefined) return [`${caller}: the doctor gave no report: ${doctor?.errors ?? "it was never asked"}`];
  const chosen = report.selection.chosen ?? null;
  const choice =
    chosen === truth.chosen ? [] : [`${caller}: ${chosen ?? "nothing"} is chosen, not ${truth.chosen ?? "nothing"}`];
  const further = Object.entries(truth.commands ?? {}).flatMap(([command, code], index) =>
    expectCode(steps[`${caller}-command-${index}`], code, `${caller}: ${command}`),
  );
  return [
    ...compareCapabilities(report, truth.capabilities, caller),
    ...choice,
    ...expectCode(doctor, truth.doctor, `${caller}: cupel doctor`),
    ...expectCode(steps[`${caller}-run`], truth.chosen === null ? 125 : 0, `${caller}: cupel run`),
    ...further,
    ...judgeAttacks(caller, truth, boot),
  ];
}

/** Without sudo, which a host of the lab does not have: its first process is root. */
function asRoot(lines: readonly string[] | undefined): string {
  return JSON.stringify(lines?.map((line) => line.replaceAll("sudo ", "")));
}

function judgeRemedies(host: LabHost, boot: BootResult): string[] {
  return (host.remedies ?? []).flatMap((trial, index) => {
    const { caller, capability, remedy, commands, undo, after } = trial;
    const before = reportTo(caller, boot);
    if (before === undefined) return [`remedy ${remedy}: a report is missing`];
    const proposed = before.remedies.find((one) => one.capability === capability && one.id === remedy);
    const pairs = [
      [asRoot(proposed?.commands), JSON.stringify(commands)],
      ...(undo === undefined ? [] : [[asRoot(proposed?.undo), JSON.stringify(undo)]]),
    ];
    const [other] = pairs.filter(([seen, expected]) => seen !== expected);
    if (other !== undefined) return [`remedy ${remedy}: the doctor proposes ${other[0]}, not ${other[1]}`];
    const again = { [capability]: describe(before, capability) as Expectation };
    return [
      ...judgeApplied(`remedy-${index}`, remedy, after, boot),
      ...(undo === undefined ? [] : judgeApplied(`undo-${index}`, `undo of ${remedy}`, again, boot)),
    ];
  });
}

function judgeApplied(
  name: string,
  what: string,
  expected: Readonly<Record<string, Expectation>>,
  { steps }: BootResult,
): string[] {
  const report = parseOutput(steps[`${name}-doctor`]) as Report | undefined;
  if (report === undefined) return [`remedy ${what}: a report is missing`];
  return [...expectCode(steps[name], 0, `remedy ${what}`), ...compareCapabilities(report, expected, `after ${what}`)];
}

/** What is not as it should be; nothing where all is. */
export function judgeHost(host: LabHost, boot: BootResult): string[] {
  if (!boot.isOver)
    return [
      `it did not come to its end in ${Math.round(boot.durationMs / 1000)} s: ${boot.console.trim().slice(-2000)}`,
    ];
  const found = callers.flatMap((caller) => {
    const truth = host.truth[caller];
    return truth === undefined ? [] : judgeCaller(caller, truth, boot);
  });
  return [...found, ...judgeRemedies(host, boot)];
}
