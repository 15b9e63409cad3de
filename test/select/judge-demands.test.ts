import { describe, expect, test } from "bun:test";
import type { CapabilityId } from "../../src/matrix/build-matrix.ts";
import type { CapabilityState, Matrix } from "../../src/model/capability.ts";
import type { DemandVerdict } from "../../src/model/demand.ts";
import { guaranteeIds, type GuaranteeId, type IsolationClass } from "../../src/model/guarantee.ts";
import type { Demands } from "../../src/model/job.ts";
import type { Trial, TrialVerdict } from "../../src/model/trial.ts";
import { judgeDemands } from "../../src/select/judge-demands.ts";
import { select } from "../../src/select/select.ts";
import type { Strategy } from "../../src/strategies/_strategy.ts";
import { strategies } from "../../src/strategies/registry.gen.ts";
import { demands, jobOf } from "../fixtures/jobs/jobs.ts";
import { barePlan } from "../fixtures/jobs/plans.ts";
import { allMatrices, matrixOf } from "../fixtures/matrices/matrix.ts";
import { allStandings, except, rootEverything } from "../fixtures/matrices/standings.ts";

/** A strategy that keeps each guarantee where a capability is usable; `""` needs none. */
function strategyOf(
  id: string,
  rank: number,
  isolation: IsolationClass,
  kept: Partial<Record<GuaranteeId, string>>,
  requires: readonly CapabilityId[] = [],
): Strategy {
  return {
    id,
    rank,
    isolation,
    summary: id,
    explanation: "A strategy that a test made, and that no host has.",
    requires: () => requires,
    guarantees: (_job, matrix) =>
      guaranteeIds.map((one) => {
        const needed = kept[one];
        if (needed === undefined) return { id: one, kept: false, reason: `${id} has no ${one}` };
        const state = matrix[needed]?.state;
        if (needed === "" || state === "works" || state === "degraded")
          return { id: one, kept: true, mechanism: `${id}'s way`, capabilities: needed === "" ? [] : [needed] };
        return { id: one, kept: false, reason: `needs ${needed}`, missing: needed };
      }),
    plan: (job) => barePlan(job.command),
  };
}

const weak = strategyOf("weak", 90, "process", { "env.clean": "" });
const good = strategyOf(
  "good",
  20,
  "namespace",
  { "env.clean": "", "net.none": "ns.network", "limit.memory": "cgroup.memory" },
  ["ns.mount"],
);
const strong = strategyOf("strong", 50, "vm", { "kernel.boundary": "" }, ["kvm.run"]);

interface Given {
  readonly states?: Partial<Record<CapabilityId, CapabilityState>>;
  readonly trials?: Readonly<Record<string, Trial["result"]>>;
  readonly strategies?: readonly Strategy[];
  readonly capabilities?: readonly string[];
}

function matrixWith(states: Given["states"] = {}): Matrix {
  const standings = { ...rootEverything };
  for (const [id, state] of Object.entries(states)) Object.assign(standings, { [id]: { state } });
  return matrixOf(standings);
}

function judge(parts: Partial<Demands>, given: Given = {}): DemandVerdict[] {
  const all = given.strategies ?? [weak, good, strong];
  return judgeDemands({
    job: jobOf({ demands: demands({ required: [], ...parts }) }),
    capabilities: given.capabilities ?? [],
    strategies: all,
    matrix: matrixWith(given.states),
    trials: all.map(({ id }) => ({
      strategy: id,
      result: given.trials?.[id] ?? "passed",
      summary: `${id} was tried.`,
    })),
  });
}

function print(verdicts: readonly DemandVerdict[]): string {
  const lines = verdicts.map(
    ({ demand, result, because, capability }) =>
      `${demand.kind} ${demand.id}: ${result}: ${because}${capability === undefined ? "" : ` [${capability}]`}`,
  );
  return `\n${lines.join("\n")}\n`;
}

describe("judgeDemands", () => {
  test("of what holds says by which strategy and mechanism", () => {
    const verdicts = judge({ required: ["net.none", "limit.memory"], minimum: "process", strategy: "good" });
    expect(print(verdicts)).toMatchInlineSnapshot(`
      "
      isolation process: holds: strategy good, of class namespace
      strategy good: holds: its trial passed: good was tried
      guarantee net.none: holds: good: good's way
      guarantee limit.memory: holds: good: good's way
      "
    `);
  });

  test("of a capability says what was measured, and never that it was tried where it was read", () => {
    const matrix = matrixWith({
      "kvm.run": "degraded",
      "kvm.boot": "blocked",
      "kvm.open": "unknown",
      "userns.create": "not-applicable",
    });
    const declared = { ...matrix, "host.kernel": { ...matrix["host.kernel"], level: "declared" } } as Matrix;
    const capabilities = ["host.kernel", "ns.mount", "kvm.run", "kvm.boot", "kvm.open", "userns.create", "no.such"];
    const verdicts = judgeDemands({ capabilities, strategies: [], matrix: declared, trials: [] });
    expect(print(verdicts)).toMatchInlineSnapshot(`
      "
      capability host.kernel: holds: present (declared, not tried): Kernel: works [host.kernel]
      capability ns.mount: holds: works (exercised): Mount namespaces: works [ns.mount]
      capability kvm.run: degraded: degraded (exercised): KVM guest, 16 bits: degraded [kvm.run]
      capability kvm.boot: fails: blocked (exercised): KVM guest kernel: blocked [kvm.boot]
      capability kvm.open: unknown: unknown (exercised): KVM device: unknown [kvm.open]
      capability userns.create: fails: not-applicable (exercised): User namespaces: not-applicable [userns.create]
      capability no.such: unknown: it was not probed [no.such]
      "
    `);
  });

  test("says that a mechanism stands on what is degraded", () => {
    expect(print(judge({ required: ["net.none"] }, { states: { "ns.network": "degraded" } }))).toMatchInlineSnapshot(`
      "
      guarantee net.none: degraded: good: good's way; ns.network, which is degraded [ns.network]
      "
    `);
  });

  test.each([
    ["what a mechanism needs is blocked", { required: ["net.none"] }, { states: { "ns.network": "blocked" } }],
    ["the strategy is not there", { required: ["net.none", "env.clean"] }, { states: { "ns.mount": "absent" } }],
    ["its trial failed", { required: ["net.none"] }, { trials: { good: "failed" } }],
    ["none is of the class", { minimum: "user-kernel" }, { strategies: [weak, good] }],
    ["those of the class are not there", { minimum: "vm" }, { states: { "kvm.run": "blocked" } }],
    ["the strategy is too weak", { minimum: "vm", strategy: "weak" }, {}],
    ["the named strategy is not there", { strategy: "good" }, { states: { "ns.mount": "blocked" } }],
    ["the named strategy does not keep it", { strategy: "weak", required: ["net.none"] }, {}],
    ["two strategies keep one each", { required: ["net.none", "kernel.boundary"] }, {}],
    ["no strategy ever keeps it", { required: ["limit.disk"] }, {}],
  ] satisfies [string, Partial<Demands>, Given][])("fails where %s", (_, parts, given) => {
    const verdicts = judge(parts, given);
    expect(print(verdicts)).toMatchSnapshot();
    expect(verdicts.some(({ result }) => result === "fails")).toBe(true);
  });

  test.each([
    ["a mechanism", { required: ["net.none"] }, { states: { "ns.network": "unknown" } }],
    ["a strategy", { required: ["net.none", "env.clean"] }, { states: { "ns.mount": "unknown" } }],
    ["a trial", { required: ["net.none"] }, { trials: { good: "unknown" } }],
    ["a class", { minimum: "vm" }, { states: { "kvm.run": "unknown" } }],
    ["a named strategy", { strategy: "good" }, { states: { "ns.mount": "unknown" } }],
  ] satisfies [string, Partial<Demands>, Given][])("cannot tell where only %s is unknown", (_, parts, given) => {
    const verdicts = judge(parts, given);
    expect(print(verdicts)).toMatchSnapshot();
    expect(new Set(verdicts.map(({ result }) => result).filter((result) => result !== "holds"))).toEqual(
      new Set(["unknown"]),
    );
  });

  test("fails where what is unknown would not help: no strategy might keep all together", () => {
    const given: Given = {
      states: { "ns.network": "unknown" },
      strategies: [good, strong],
      trials: { strong: "unknown" },
    };
    expect(print(judge({ required: ["net.none", "kernel.boundary"] }, given))).toMatchInlineSnapshot(`
      "
      guarantee net.none: fails: good needs ns.network, which is unknown; whatever comes of that, no strategy keeps all demands together [ns.network]
      guarantee kernel.boundary: fails: strong has not passed its trial: strong was tried; whatever comes of that, no strategy keeps all demands together
      "
    `);
  });

  test("does not ask for what was given up by name", () => {
    expect(
      judge({ required: ["net.none", "limit.disk"], accepted: ["limit.disk"] }).map(({ demand }) => demand.id),
    ).toEqual(["net.none"]);
  });
});

describe("the verdicts agree with selection", () => {
  const passed: readonly TrialVerdict[] = strategies.map(({ id }) => ({ strategy: id, result: "passed", summary: "" }));
  const jobs = [
    demands(),
    demands({ required: ["net.none", "limit.memory"] }),
    demands({ required: ["env.clean"], strategy: "process" }),
    demands({ required: ["env.clean"], minimum: "namespace" }),
    demands({ required: ["kernel.boundary"] }),
    demands({ minimum: "vm" }),
    demands({ required: ["limit.pids"], accepted: ["limit.pids"] }),
  ];

  test.each(Object.keys(allMatrices) as (keyof typeof allMatrices)[])(
    "on %s: chosen where all hold, and only there",
    (name) => {
      for (const wanted of jobs) {
        const job = jobOf({ demands: wanted });
        const matrix = allMatrices[name];
        const verdicts = judgeDemands({ job, capabilities: [], strategies, matrix, trials: passed });
        const chosen = select({ strategies, job, matrix: allStandings[name], trials: passed }).chosen;
        expect([wanted, verdicts.every(({ result }) => result === "holds")]).toEqual([wanted, chosen !== undefined]);
      }
    },
  );

  test("nothing holds of what hangs on something unknown", () => {
    for (const id of Object.keys(rootEverything)) {
      const results = (["unknown", "absent"] as const).map((state) => {
        const matrix = matrixOf(except(rootEverything, state, id));
        const verdicts = judgeDemands({ job: jobOf(), capabilities: [], strategies, matrix, trials: passed });
        return verdicts.every(({ result }) => result === "holds");
      });
      expect([id, results[0]]).toEqual([id, results[1]]);
    }
  });
});
