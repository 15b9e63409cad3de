/** What holds for every choice, whatever the strategies, the host and the demands. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { capabilityStates, isUsable, type Standings } from "../../src/model/capability.ts";
import { guaranteeIds, isolationClasses, isolationStrength, type GuaranteeId } from "../../src/model/guarantee.ts";
import type { Demands } from "../../src/model/job.ts";
import { select, type SelectionInput } from "../../src/select/select.ts";
import type { Strategy } from "../../src/strategies/_strategy.ts";
import { jobOf } from "../fixtures/jobs/jobs.ts";
import { barePlan } from "../fixtures/jobs/plans.ts";

const capabilities = ["ns.pid", "ns.mount", "kvm.run", "seccomp.filter"] as const;
const fewIds = guaranteeIds.slice(0, 5);
const someGuarantees = fc.uniqueArray(fc.constantFrom(...fewIds), { maxLength: 3 });
const mostGuarantees = fc.uniqueArray(fc.constantFrom(...fewIds), { minLength: 2, maxLength: 5 });
const someCapabilities = fc.uniqueArray(fc.constantFrom(...capabilities), { maxLength: 2 });

const usually = capabilityStates.map(() => "works" as const);

const anyStandings: fc.Arbitrary<Standings> = fc
  .record(
    Object.fromEntries(capabilities.map((id) => [id, fc.option(fc.constantFrom(...usually, ...capabilityStates))])),
  )
  .map((states) =>
    Object.fromEntries(Object.entries(states).flatMap(([id, state]) => (state === null ? [] : [[id, { state }]]))),
  );

/** A strategy that keeps some guarantees, each by one capability. */
const anyStrategy = fc
  .record({
    kept: mostGuarantees,
    by: fc.constantFrom(...capabilities),
    requires: someCapabilities,
    isolation: fc.constantFrom(...isolationClasses),
    trial: fc.constantFrom("passed" as const, "passed" as const, "failed" as const, "unknown" as const),
  })
  .map(({ kept, by, requires, isolation, trial }) => ({
    trial,
    strategyAt: (rank: number): Strategy => ({
      id: `strategy-${rank}`,
      rank,
      isolation,
      summary: "",
      explanation: "A strategy that a test made, and that no host has.",
      requires: () => requires,
      guarantees: (_, matrix) =>
        guaranteeIds.map((id) =>
          kept.includes(id) && isUsable(matrix[by])
            ? { id, kept: true, mechanism: "it", capabilities: [by] }
            : { id, kept: false, reason: "not", missing: by },
        ),
      plan: (job) => barePlan(job.command),
    }),
  }));

const anyDemands: fc.Arbitrary<Demands> = fc.record({
  required: someGuarantees,
  accepted: someGuarantees,
  prefer: fc.constantFrom("fastest" as const, "strongest" as const),
  minimum: fc.constantFrom(undefined, undefined, undefined, ...isolationClasses),
  strategy: fc.constantFrom(undefined, undefined, undefined, undefined, "strategy-0", "strategy-1", "strategy-9"),
});

const anyInput: fc.Arbitrary<SelectionInput> = fc
  .record({ parts: fc.array(anyStrategy, { maxLength: 4 }), matrix: anyStandings, demands: anyDemands })
  .map(({ parts, matrix, demands }) => ({
    strategies: parts.map(({ strategyAt }, rank) => strategyAt(rank)),
    trials: parts.map(({ trial }, rank) => ({ strategy: `strategy-${rank}`, result: trial, summary: trial })),
    matrix,
    job: jobOf({ demands }),
  }));

function withDemands(input: SelectionInput, parts: Partial<Demands>): SelectionInput {
  return { ...input, job: { ...input.job, demands: { ...input.job.demands, ...parts } } };
}

/** What the strategy does not keep of what is demanded. */
function unkept({ job, matrix }: SelectionInput, strategy: Strategy): GuaranteeId[] {
  const kept = new Set(strategy.guarantees(job, matrix).flatMap((one) => (one.kept ? [one.id] : [])));
  return guaranteeIds.filter((id) => job.demands.required.includes(id) && !kept.has(id));
}

function check(property: (input: SelectionInput) => void): void {
  fc.assert(fc.property(anyInput, property), { numRuns: 1000 });
}

describe("select", () => {
  test("chooses at all, and refuses at all, in these properties", () => {
    const inputs = fc.sample(anyInput, { numRuns: 500, seed: 7 });
    const chosen = inputs.filter((input) => select(input).chosen !== undefined).length;
    expect(chosen).toBeGreaterThan(40);
    expect(chosen).toBeLessThan(460);
    expect(inputs.filter((input) => select(input).accepted.length > 0).length).toBeGreaterThan(5);
  });

  test("never takes a strategy with an unmet demand that was not given up", () =>
    check((input) => {
      const { chosen, accepted } = select(input);
      const strategy = input.strategies.find(({ id }) => id === chosen);
      if (strategy === undefined) return;
      const lacking = unkept(input, strategy);
      expect(lacking.filter((id) => !input.job.demands.accepted.includes(id))).toEqual([]);
      expect([...accepted]).toEqual(lacking);
    }));

  test("never takes one that is not there, not tried, not strong enough or not the one named", () =>
    check((input) => {
      const { chosen } = select(input);
      const strategy = input.strategies.find(({ id }) => id === chosen);
      if (strategy === undefined) return;
      const { minimum = "process", strategy: named = strategy.id } = input.job.demands;
      expect(strategy.requires(input.matrix).filter((id) => !isUsable(input.matrix[id]))).toEqual([]);
      expect(input.trials.find((trial) => trial.strategy === strategy.id)?.result).toBe("passed");
      expect(isolationStrength(strategy.isolation)).toBeGreaterThanOrEqual(isolationStrength(minimum));
      expect(strategy.id).toBe(named);
    }));

  test("takes no notice whether a capability is unknown, absent or was never measured", () =>
    check((input) => {
      const replace = (state: "absent" | undefined): SelectionInput => ({
        ...input,
        matrix: Object.fromEntries(
          Object.entries(input.matrix).flatMap(([id, standing]) => {
            if (standing.state !== "unknown") return [[id, standing]];
            return state === undefined ? [] : [[id, { state }]];
          }),
        ),
      });
      expect(select(replace("absent"))).toEqual(select(input));
      expect(select(replace(undefined))).toEqual(select(input));
    }));

  test("makes no refusal out of a choice when more is given up", () =>
    check((input) => {
      const before = select(input).chosen;
      for (const id of fewIds) {
        const accepted = [...input.job.demands.accepted, id];
        if (before !== undefined) expect(select(withDemands(input, { accepted })).chosen).toBeDefined();
      }
    }));

  test("makes no choice out of a refusal when more is demanded", () =>
    check((input) => {
      if (select(input).chosen !== undefined) return;
      for (const id of fewIds) {
        const required = [...input.job.demands.required, id];
        expect(select(withDemands(input, { required })).chosen).toBeUndefined();
      }
    }));

  test("speaks of each strategy once: as chosen, or as rejected with a reason", () =>
    check((input) => {
      const { chosen, rejected, closest } = select(input);
      const spoken = [...rejected.map(({ strategy }) => strategy), ...(chosen === undefined ? [] : [chosen])];
      expect(spoken.toSorted()).toEqual(input.strategies.map(({ id }) => id).toSorted());
      expect(chosen === undefined || closest === undefined).toBeTrue();
      const preferred = rejected.filter(({ reason }) => reason.kind === "not-preferred");
      if (chosen === undefined) expect(preferred).toEqual([]);
    }));

  test("takes none that keeps less than another that would do", () =>
    check((input) => {
      const { chosen, rejected } = select(input);
      const strategyOf = (id: string | undefined): Strategy | undefined =>
        input.strategies.find((one) => one.id === id);
      const [taken, others] = [strategyOf(chosen), rejected.filter(({ reason }) => reason.kind === "not-preferred")];
      if (taken === undefined) return;
      for (const { strategy } of others) {
        const other = strategyOf(strategy);
        if (other !== undefined)
          expect(unkept(input, other).length).toBeGreaterThanOrEqual(unkept(input, taken).length);
      }
    }));

  test("names the closest of those that there are, and none where there is none", () =>
    check((input) => {
      const { chosen, closest } = select(input);
      const { strategy: named } = input.job.demands;
      const there = input.strategies.map(({ id }) => id).filter((id) => named === undefined || id === named);
      if (chosen === undefined)
        expect(closest === undefined ? [] : [closest]).toEqual(there.length === 0 ? [] : [closest ?? ""]);
      if (closest !== undefined) expect(there).toContain(closest);
    }));

  test("is pure", () =>
    check((input) => {
      const demands = structuredClone(input.job.demands);
      expect(select(input)).toEqual(select(input));
      expect(input.job.demands).toEqual(demands);
    }));
});
