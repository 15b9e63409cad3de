import { describe, expect, test } from "bun:test";
import type { Capability, Matrix } from "../../src/model/capability.ts";
import type { GuaranteeDecision } from "../../src/model/guarantee.ts";
import type { Report } from "../../src/model/report.ts";
import { describeVerdict } from "../../src/report/verdict-words.ts";
import { perfectHost } from "../fixtures/reports/perfect-host.ts";
import { capability } from "../fixtures/reports/report-parts.ts";

function lost(id: "limit.cpu" | "limit.memory" | "limit.disk", missing?: string): GuaranteeDecision {
  return { id, kept: false, reason: "it has no way to", ...(missing === undefined ? {} : { missing }) };
}

function control(name: string, parts: Partial<Capability>): Capability {
  return capability("cgroups", { id: `cgroup.${name}`, title: "", summary: "a summary.", state: "blocked", ...parts });
}

function verdictWith(guarantees: readonly GuaranteeDecision[], ...found: readonly Capability[]): string {
  const [namespaces, ...others] = perfectHost.strategies;
  if (namespaces === undefined) throw new Error("the fixture has no strategy");
  const report: Report = { ...perfectHost, strategies: [{ ...namespaces, guarantees }, ...others] };
  const matrix: Matrix = Object.fromEntries(found.map((one) => [one.id, one]));
  return describeVerdict(report, matrix);
}

const held = "Jobs will run in namespaces; all demanded guarantees hold.";

describe("describeVerdict", () => {
  test("says no more where nothing that a job can ask for is missing", () => {
    expect(verdictWith([lost("limit.disk")])).toBe(held);
  });

  test("says of one cap what was measured, and who is behind it", () => {
    const blockers = [{ code: "cgroup-delegation", detail: "memory is not delegated." }] as const;
    expect(verdictWith([lost("limit.memory", "cgroup.memory")], control("memory", { blockers }))).toBe(
      `${held} A cap on memory cannot be enforced here: memory is not delegated (cgroup-delegation).`,
    );
  });

  test("says the state where no cause was found, and the strategy's reason where the host is not to blame", () => {
    expect(verdictWith([lost("limit.cpu", "cgroup.cpu")], control("cpu", { state: "unknown" }))).toBe(
      `${held} A cap on CPU cannot be enforced here: a summary (unknown).`,
    );
    expect(verdictWith([lost("limit.cpu")])).toBe(
      `${held} A cap on CPU cannot be enforced here: it has no way to (not offered by this strategy).`,
    );
  });

  test("leaves several reasons to the problems, and names their codes", () => {
    const delegation = { code: "cgroup-delegation", detail: "cpu is not delegated" } as const;
    const version = { code: "cgroup-version", detail: "version 1" } as const;
    const decisions = [lost("limit.cpu", "cgroup.cpu"), lost("limit.memory", "cgroup.memory")];
    expect(
      verdictWith(decisions, control("cpu", { blockers: [delegation] }), control("memory", { blockers: [version] })),
    ).toBe(`${held} Caps on CPU and memory cannot be enforced here (cgroup-delegation; cgroup-version).`);
  });

  test("names what was given up, and the strategy where the place does not", () => {
    const selection = { ...perfectHost.selection, chosen: "process", accepted: ["fs.read", "net.none"] as const };
    expect(describeVerdict({ ...perfectHost, selection }, {})).toStartWith(
      "Jobs will run as plain processes (strategy process); the demanded guarantees hold but for fs.read and net.none, given up by name.",
    );
  });

  test("on another platform says how to reach Linux, and nothing else", () => {
    const way = "a Linux mechanism, and this is macOS: run cupel in a Linux virtual machine";
    const elsewhere = control("cpu", { state: "not-applicable", summary: way });
    const selection = { accepted: [], rejected: [], closest: "process" };
    expect(describeVerdict({ ...perfectHost, selection, capabilities: [elsewhere] }, {})).toBe(
      `Nothing can be measured or run here: every capability is ${way}.`,
    );
  });

  test("names no closest strategy where there is none", () => {
    const selection = { accepted: [], rejected: [] };
    expect(describeVerdict({ ...perfectHost, selection, strategies: [] }, {})).toBe(
      "No strategy here keeps the default demands.",
    );
  });
});
