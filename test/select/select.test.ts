import { describe, expect, test } from "bun:test";
import type { CapabilityId } from "../../src/matrix/build-matrix.ts";
import type { Standings } from "../../src/model/capability.ts";
import { guaranteeIds, type GuaranteeId, type IsolationClass } from "../../src/model/guarantee.ts";
import type { Demands } from "../../src/model/job.ts";
import type { Rejection } from "../../src/model/report.ts";
import type { StartCost } from "../../src/model/start-cost.ts";
import type { TrialVerdict } from "../../src/model/trial.ts";
import { isAvailable, judgeAll, select } from "../../src/select/select.ts";
import type { Strategy } from "../../src/strategies/_strategy.ts";
import { demands, jobOf } from "../fixtures/jobs/jobs.ts";
import { barePlan } from "../fixtures/jobs/plans.ts";
import { rootEverything } from "../fixtures/matrices/standings.ts";

/** A strategy that keeps what it is told to keep. */
function strategyOf(
  id: string,
  rank: number,
  isolation: IsolationClass,
  kept: readonly GuaranteeId[],
  requires: readonly CapabilityId[] = [],
): Strategy {
  return {
    id,
    rank,
    isolation,
    summary: id,
    explanation: "A strategy that a test made, and that no host has.",
    requires: () => requires,
    guarantees: () =>
      guaranteeIds.map((one) =>
        kept.includes(one)
          ? { id: one, kept: true, mechanism: id, capabilities: [] }
          : { id: one, kept: false, reason: `${id} has no ${one}`, missing: "kvm.run" },
      ),
    plan: (job) => barePlan(job.command),
  };
}

const required: readonly GuaranteeId[] = ["fs.read", "net.none", "env.clean"];
const weak = strategyOf("weak", 90, "process", ["env.clean"]);
const good = strategyOf("good", 20, "namespace", required, ["ns.mount", "ns.pid"]);
const slow = strategyOf("slow", 50, "vm", [...required, "kernel.boundary"], ["kvm.run"]);
const all = [weak, good, slow];

interface Given {
  readonly strategies?: readonly Strategy[];
  readonly matrix?: Standings;
  readonly trials?: readonly TrialVerdict[];
  readonly startCosts?: readonly StartCost[];
}

function passed(...ids: readonly string[]): TrialVerdict[] {
  return ids.map((strategy) => ({ strategy, result: "passed", summary: "" }));
}

function choose(parts: Partial<Demands> = {}, given: Given = {}): ReturnType<typeof select> {
  const job = jobOf({ demands: demands({ required, ...parts }) });
  return select({ strategies: all, matrix: rootEverything, trials: passed("weak", "good", "slow"), job, ...given });
}

function without(state: "blocked" | "unknown", ...ids: readonly CapabilityId[]): Standings {
  return { ...rootEverything, ...Object.fromEntries(ids.map((id) => [id, { state }])) };
}

const lacksRead = {
  strategy: "weak",
  reason: { kind: "guarantee", guarantee: "fs.read", because: "weak has no fs.read", missing: "kvm.run" },
} as const;

function unpreferred(strategy: string): Rejection {
  return { strategy, reason: { kind: "not-preferred" } };
}

describe("select", () => {
  test("takes the lowest rank of those that keep all, and says why not each other", () =>
    expect(choose()).toEqual({ chosen: "good", accepted: [], rejected: [lacksRead, unpreferred("slow")] }));

  test("takes the strongest where that is preferred", () =>
    expect(choose({ prefer: "strongest" })).toEqual({
      chosen: "slow",
      accepted: [],
      rejected: [lacksRead, unpreferred("good")],
    }));

  test("takes the lower rank of two that are as strong", () => {
    const container = strategyOf("container", 30, "container", required);
    const given = { strategies: [container, good], trials: passed("container", "good") };
    expect(choose({ prefer: "strongest" }, given).chosen).toBe("good");
  });

  test("takes the fastest of equals, where what all of them cost was measured", () => {
    const quick = strategyOf("quick", 30, "container", required);
    const careless = strategyOf("careless", 1, "namespace", ["env.clean"]);
    const costs = (...times: readonly (readonly [string, number])[]) =>
      times.map(([strategy, medianUs]) => ({ strategy, medianUs, minUs: 1, runs: 10 }));
    const strategies = [good, quick, careless];
    const given = { strategies, trials: passed("good", "quick", "careless") };
    const measured = { ...given, startCosts: costs(["good", 900], ["quick", 800], ["careless", 1]) };
    expect(choose({}, measured).chosen).toBe("quick");
    expect(choose({}, { ...given, startCosts: costs(["good", 900], ["quick", 900]) }).chosen).toBe("good");
    expect(choose({}, { ...given, startCosts: costs(["quick", 1]) }).chosen).toBe("good");
    expect(choose({ accepted: required }, measured).chosen).toBe("quick");
    expect(choose({ prefer: "strongest" }, measured).chosen).toBe("good");
  });

  test("does not hang on the order of the strategies", () => {
    for (const strategies of [all, all.toReversed(), [good, slow, weak]]) {
      expect(choose({}, { strategies }).chosen).toBe("good");
      expect(choose({ prefer: "strongest" }, { strategies }).chosen).toBe("slow");
    }
  });

  test("refuses where none keeps all, and names the one that lacks least", () => {
    const reason = (strategy: string): object => ({
      strategy,
      reason: {
        kind: "guarantee",
        guarantee: "limit.memory",
        because: `${strategy} has no limit.memory`,
        missing: "kvm.run",
      },
    });
    expect(choose({ required: [...required, "limit.memory"] })).toEqual({
      accepted: [],
      rejected: [lacksRead, reason("good"), reason("slow")] as never,
      closest: "good",
    });
  });

  describe("says the first lack of a strategy:", () => {
    const reasonOf = (parts: Partial<Demands>, given: Given = {}): unknown =>
      choose(parts, given).rejected.find(({ strategy }) => strategy === "good")?.reason;
    const trials = [...passed("weak", "slow"), { strategy: "good", result: "failed", summary: "no" } as const];

    test("that another was named, before all else", () =>
      expect(reasonOf({ strategy: "weak", minimum: "vm" }, { matrix: without("blocked", "ns.pid"), trials })).toEqual({
        kind: "not-named",
      }));

    test("the first capability that it requires", () =>
      expect(reasonOf({ minimum: "vm" }, { matrix: without("blocked", "ns.pid", "ns.mount"), trials })).toEqual({
        kind: "capability",
        capability: "ns.mount",
      }));

    test("its trial", () => expect(reasonOf({ minimum: "vm" }, { trials })).toEqual({ kind: "trial", summary: "no" }));

    test("that it was not tried", () =>
      expect(reasonOf({}, { trials: passed("slow") })).toEqual({ kind: "trial", summary: "it was not tried" }));

    test("its isolation", () =>
      expect(reasonOf({ minimum: "vm", required: ["limit.disk"] })).toEqual({ kind: "isolation", minimum: "vm" }));

    test("what a cap of the job's needs of any host, after what is demanded", () => {
      const job = jobOf({ demands: demands({ required }), limits: { graceMs: 1, ioWriteBytes: 1 } });
      const input = { strategies: all, trials: passed("weak", "good", "slow"), job };
      expect(select({ ...input, matrix: without("blocked", "cgroup.io-write") })).toEqual({
        accepted: [],
        closest: "good",
        rejected: [
          lacksRead,
          { strategy: "good", reason: { kind: "capability", capability: "cgroup.io-write" } },
          { strategy: "slow", reason: { kind: "capability", capability: "cgroup.io-write" } },
        ],
      });
      expect(select({ ...input, matrix: without("blocked", "cgroup.io") }).chosen).toBe("good");
    });

    test("a guarantee, in report order, with why and by whose fault", () =>
      expect(reasonOf({ required: ["limit.disk", "limit.cpu"] })).toEqual({
        kind: "guarantee",
        guarantee: "limit.cpu",
        because: "good has no limit.cpu",
        missing: "kvm.run",
      }));
  });

  test.each(["failed", "unknown"] as const)("takes no strategy whose trial is %s", (result) => {
    const trials = [...passed("weak", "slow"), { strategy: "good", result, summary: "" }];
    expect(choose({}, { trials }).chosen).toBe("slow");
  });

  test("treats what is unknown as not there", () => {
    expect(choose({}, { matrix: without("unknown", "ns.mount") })).toEqual(
      choose({}, { matrix: without("blocked", "ns.mount") }),
    );
    expect(choose({}, { matrix: without("unknown", "ns.mount") }).chosen).toBe("slow");
  });

  describe("where guarantees are given up by name", () => {
    const accepted = ["fs.read", "net.none"] as const;

    test("runs without them where nothing keeps them, and records those that it lacks", () => {
      const given = { strategies: [weak], trials: passed("weak") };
      expect(choose({ accepted }, given)).toEqual({ chosen: "weak", accepted: ["fs.read", "net.none"], rejected: [] });
    });

    test("keeps them all the same where something keeps them, and records nothing", () =>
      expect(choose({ accepted: required })).toEqual({
        chosen: "good",
        accepted: [],
        rejected: [unpreferred("weak"), unpreferred("slow")] as never,
      }));

    test("prefers what keeps more to a better rank and to a stronger class", () => {
      const quick = strategyOf("quick", 1, "vm", ["fs.read", "env.clean"]);
      const given = { strategies: [quick, good], trials: passed("quick", "good") };
      expect(choose({ accepted: required }, given).chosen).toBe("good");
      expect(choose({ accepted: required, prefer: "strongest" }, given).chosen).toBe("good");
    });

    test("gives up no other, and nothing that was not demanded", () => {
      const given = { strategies: [weak], trials: passed("weak") };
      expect(choose({ accepted: ["fs.read"] }, given)).toMatchObject({
        rejected: [{ reason: { guarantee: "net.none" } }],
      });
      expect(choose({ required: ["env.clean"], accepted }, given).accepted).toEqual([]);
    });
  });

  describe("with a floor", () => {
    test("takes nothing weaker", () => {
      expect(choose({ minimum: "vm" }).chosen).toBe("slow");
      expect(choose({ minimum: "user-kernel" }).chosen).toBe("slow");
      expect(choose({ minimum: "process" }).chosen).toBe("good");
    });

    test("takes a namespace for a container: they are as strong", () =>
      expect(choose({ minimum: "container" }).chosen).toBe("good"));

    test("refuses, although everything is given up, where nothing is as strong", () => {
      const given = { strategies: [weak, good], trials: passed("weak", "good") };
      expect(choose({ minimum: "vm", accepted: required }, given)).toEqual({
        accepted: [],
        rejected: ["weak", "good"].map((strategy) => ({ strategy, reason: { kind: "isolation", minimum: "vm" } })),
        closest: "good",
      });
    });
  });

  describe("with a strategy named", () => {
    test("takes it, though another is preferred", () =>
      expect(choose({ strategy: "slow" })).toEqual({
        chosen: "slow",
        accepted: [],
        rejected: ["weak", "good"].map((strategy) => ({ strategy, reason: { kind: "not-named" } })),
      }));

    test("refuses where it lacks something, and calls no other the closest", () =>
      expect(choose({ strategy: "weak" })).toMatchObject({ closest: "weak", rejected: [lacksRead, {}, {}] }));
  });

  test("calls one that is there closer than one that is not", () =>
    expect(choose({}, { matrix: without("blocked", "ns.mount", "kvm.run") }).closest).toBe("weak"));
});

describe("judgeAll", () => {
  test("gives what each strategy lacks, whole", () => {
    const job = jobOf({ demands: demands({ required, accepted: ["net.none"] }) });
    const [judged] = judgeAll({ strategies: [weak], job, matrix: {}, trials: [] });
    const unkept = (id: string): object => ({ id, kept: false, reason: `weak has no ${id}`, missing: "kvm.run" });
    expect(judged).toEqual({
      strategy: weak,
      decisions: weak.guarantees(job, {}),
      missing: [],
      lacking: [],
      trial: undefined,
      unkept: [unkept("fs.read"), unkept("net.none")] as never,
      unmet: [unkept("fs.read")] as never,
      unverified: ["env.clean"],
    });
  });

  test("calls one there whose needs are met and whose trial passed, and no other", () => {
    const job = jobOf({ demands: demands({ required }) });
    const available = (given: Given): boolean[] =>
      judgeAll({ strategies: all, job, matrix: rootEverything, trials: passed("weak", "good"), ...given }).map(
        isAvailable,
      );
    expect(available({})).toEqual([true, true, false]);
    expect(available({ matrix: without("blocked", "ns.pid") })).toEqual([true, false, false]);
  });
});
