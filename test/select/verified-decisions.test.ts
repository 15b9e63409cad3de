import { describe, expect, test } from "bun:test";
import type { VerifiedGuarantee, VerifiedSet } from "../../src/model/verification.ts";
import { mechanismsOf } from "../../src/select/mechanisms.ts";
import { select } from "../../src/select/select.ts";
import { decideVerified } from "../../src/select/verified-decisions.ts";
import namespaces from "../../src/strategies/namespaces.ts";
import plain from "../../src/strategies/process.ts";
import { demands, jobOf } from "../fixtures/jobs/jobs.ts";
import { rootEverything } from "../fixtures/matrices/standings.ts";

const job = jobOf();
const mechanisms = mechanismsOf(job, namespaces.plan(job, rootEverything));

function setOf(guarantees: readonly VerifiedGuarantee[], parts: Partial<VerifiedSet> = {}): VerifiedSet {
  return { strategy: "namespaces", mechanisms, guarantees, ...parts };
}

const held = (id: VerifiedGuarantee["id"]): VerifiedGuarantee => ({ id, state: "held", depth: "full", attack: "" });
const broken = { id: "net.none", state: "broken", depth: "quick", attack: "E01" } as const;

describe("decideVerified", () => {
  const declared = namespaces.guarantees(job, rootEverything);

  test("offers no guarantee any more that was broken, and says by what", () => {
    const { decisions, verified } = decideVerified(namespaces, job, rootEverything, [setOf([held("fs.read"), broken])]);
    expect(verified).toEqual(["fs.read"]);
    const changed = decisions.filter((decision, index) => decision.kept !== declared[index]?.kept);
    expect(changed).toEqual([
      {
        id: "net.none",
        kept: false,
        reason: expect.stringMatching(/^it was broken here by attack E01, in spite/) as string,
      },
    ]);
  });

  test("takes nothing from another strategy, or from a sandbox of other mechanisms", () => {
    const others = [setOf([broken], { strategy: "process" }), setOf([broken], { mechanisms: "network=host" })];
    for (const sets of [[], others])
      expect(decideVerified(namespaces, job, rootEverything, sets)).toEqual({ decisions: declared, verified: [] });
  });
});

describe("select", () => {
  const trials = ["namespaces", "process"].map((strategy) => ({ strategy, result: "passed" as const, summary: "" }));
  const choose = (verified: readonly VerifiedSet[], parts = {}): ReturnType<typeof select> => {
    const given = jobOf({ demands: demands({ required: ["env.clean", "kernel.syscalls"], ...parts }) });
    return select({ strategies: [namespaces, plain], job: given, matrix: rootEverything, trials, verified });
  };
  const processSet: VerifiedSet = {
    strategy: "process",
    mechanisms: mechanismsOf(job, plain.plan(job, rootEverything)),
    guarantees: [held("env.clean"), held("kernel.syscalls")],
  };

  test("takes what was verified before what was not, whatever their ranks", () => {
    expect(choose([]).chosen).toBe("namespaces");
    expect(choose([processSet]).chosen).toBe("process");
    const both = [processSet, setOf([held("env.clean"), held("kernel.syscalls")])];
    expect(choose(both).chosen).toBe("namespaces");
  });

  test("never takes one for what was broken, and with `verified` none that was not seen to hold", () => {
    const cracked = setOf([{ ...broken, id: "env.clean" }]);
    expect(choose([cracked]).chosen).toBe("process");
    expect(choose([], { verified: true }).rejected[0]).toEqual({
      strategy: "namespaces",
      reason: { kind: "not-verified", guarantee: "env.clean" },
    } as never);
    expect(choose([processSet], { verified: true }).chosen).toBe("process");
  });
});
