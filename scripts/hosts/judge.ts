/** Holds what a host's cupel said against what is true there. Pure. */
import type { Report } from "../../src/model/report.ts";
import type { BootResult, StepResult } from "./boot.ts";
import type { GuestStep } from "./guest.ts";
import type { CallerTruth, Expectation, LabHost } from "./lab-host.ts";

/** Callers, in the order in which they are asked. */
const callers = ["root", "user"] as const;

/** The command lines that a host's truth needs run. */
export function stepsOf(host: LabHost): GuestStep[] {
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
    ];
  });
  const trials = (host.remedies ?? []).flatMap(({ caller, commands }, index) => [
    { name: `remedy-${index}`, caller: "root" as const, command: commands.join("\n") },
    { name: `remedy-${index}-doctor`, caller, command: "cupel doctor --json" },
  ]);
  return [...truths, ...trials];
}

function parseReport(step: StepResult | undefined): Report | undefined {
  if (step === undefined || !step.output.startsWith("{")) return undefined;
  return JSON.parse(step.output) as Report;
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

function judgeCaller(caller: "root" | "user", truth: CallerTruth, { steps }: BootResult): string[] {
  const doctor = steps[`${caller}-doctor`];
  const report = parseReport(doctor);
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
  ];
}

function judgeRemedies(host: LabHost, { steps }: BootResult): string[] {
  return (host.remedies ?? []).flatMap(({ caller, capability, remedy, commands, after: expected }, index) => {
    const before = parseReport(steps[`${caller}-doctor`]);
    const after = parseReport(steps[`remedy-${index}-doctor`]);
    if (before === undefined || after === undefined) return [`remedy ${remedy}: a report is missing`];
    const proposed = before.remedies.find((one) => one.capability === capability && one.id === remedy);
    const plain = proposed?.commands.map((line) => line.replaceAll("sudo ", ""));
    if (JSON.stringify(plain) !== JSON.stringify(commands))
      return [`remedy ${remedy}: the doctor proposes ${JSON.stringify(plain)}, not ${JSON.stringify(commands)}`];
    const applied = steps[`remedy-${index}`];
    const failed = applied?.code === 0 ? [] : [`remedy ${remedy} ended with ${applied?.code}: ${applied?.errors}`];
    return [...failed, ...compareCapabilities(after, expected, `after ${remedy}`)];
  });
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
