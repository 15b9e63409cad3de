import { describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { createRealHost } from "../../src/host/real-host.ts";
import { createNativeHelpers } from "../../src/launch/native-helpers.ts";
import { buildMatrix } from "../../src/matrix/build-matrix.ts";
import type { Matrix } from "../../src/model/capability.ts";
import { guaranteeIds } from "../../src/model/guarantee.ts";
import type { LauncherPlan } from "../../src/model/plan.ts";
import type { Trial } from "../../src/model/trial.ts";
import type { Strategy } from "../../src/strategies/_strategy.ts";
import processStrategy from "../../src/strategies/process.ts";
import { strategies } from "../../src/strategies/registry.gen.ts";
import { parseInside, runTrials, withProber } from "../../src/verify/run-trial.ts";
import { jobOf } from "../fixtures/jobs/jobs.ts";
import { barePlan } from "../fixtures/jobs/plans.ts";
import { except, rootEverything } from "../fixtures/matrices/standings.ts";
import { makeTempDir } from "../support/temp-dir.ts";

const host = createRealHost();

/** Standings as a matrix, which trials look at no more closely. */
const anyMatrix = except(rootEverything, "works", "cgroup.cpu") as Matrix;

async function tryOut(matrix: Matrix, ...tried: readonly Strategy[]): Promise<{ trials: Trial[]; left: string[] }> {
  using directory = makeTempDir();
  const state = directory.folder("state", 0o700);
  const trials = await runTrials(tried, jobOf(), { host, matrix, stateDirectories: [state] });
  return { trials, left: readdirSync(state).filter((name) => name.startsWith("trial-")) };
}

/** A strategy that does no more than `process`, and may say what it likes. */
function strategyOf(parts: Partial<Strategy> & { launch?: Partial<LauncherPlan> }): Strategy {
  const { launch, ...rest } = parts;
  return {
    ...processStrategy,
    id: "tried",
    requires: () => [],
    guarantees: () => guaranteeIds.map((id) => ({ id, kept: false, reason: "" })),
    plan: (job) => barePlan(job.command, launch),
    ...rest,
  };
}

describe("parseInside", () => {
  test("gives what the prober said by step, with the errno's name", () => {
    const lines = ['{"step":"mount","errno":1,"value":0}', '{"step":"interfaces","errno":0,"value":1,"text":"lo"}'];
    expect(parseInside(`${lines.join("\n")}\n`)).toEqual(
      new Map([
        ["mount", { errno: "EPERM", value: 0, text: "" }],
        ["interfaces", { errno: "ok", value: 1, text: "lo" }],
      ]),
    );
  });

  test("gives nothing for nothing", () => expect(parseInside("")).toEqual(new Map()));

  test.each(["half a lin", '{"step":"mount"}', '{"step":"mount","errno":0,"value":0,"more":1}'])(
    "throws for %p",
    (line) => expect(() => parseInside(`${line}\n`)).toThrow(),
  );
});

describe("withProber", () => {
  test("runs the prober under its own path where the job keeps the caller's view", () => {
    const plan = barePlan(["/bin/true"]);
    expect(withProber(plan, "/state/prober")).toEqual({ ...plan, command: ["/state/prober", "inside"] });
  });

  test("binds it into a root of the job's own, before that is made read-only", () => {
    const plan = barePlan(["/bin/true"], {
      root: [
        { step: "mirror", path: "/usr" },
        { step: "read-only", destination: "/" },
      ],
    });
    const { root, command } = withProber(plan, "/state/prober");
    expect(root.map(({ step }) => step)).toEqual(["mirror", "bind", "read-only"]);
    expect(root[1]).toMatchObject({ source: "/state/prober", destination: command[0], writable: false });
    expect(plan.root).toHaveLength(2);
  });

  test("is a rule more for one that has rules in the place of a root", () => {
    const confinement = { rules: [], scratch: { variables: {} } };
    const { confinement: confined, command } = withProber(barePlan(["/bin/true"], { confinement }), "/state/prober");
    expect(confined?.rules).toEqual([{ path: "/state/prober", access: "read", optional: true }]);
    expect(command).toEqual(["/state/prober", "inside"]);
  });
});

describe("runTrials", () => {
  test("passes every strategy that is there on this machine, and leaves nothing behind", async () => {
    using directory = makeTempDir();
    const helpers = createNativeHelpers(host, [directory.at("state")]);
    const matrix = await buildMatrix({ host, helpers, deep: false });
    const { trials, left } = await tryOut(matrix, ...strategies);
    const namespaces = trials.find(({ strategy }) => strategy === "namespaces");
    expect(namespaces).toEqual({
      strategy: "namespaces",
      result: "passed",
      summary: "18 facts seen inside, all as declared",
      evidence: expect.any(Array),
      durationMs: expect.any(Number),
    });
    for (const id of ["landlock", "process"])
      expect(trials.find(({ strategy }) => strategy === id)?.result).toBe("passed");
    expect(left).toEqual([]);
  });

  test("fails one that declares what does not hold, and shows it", async () => {
    const liar = strategyOf({
      guarantees: () => [{ id: "priv.escalation", kept: true, mechanism: "words", capabilities: [] }],
    });
    const { trials } = await tryOut(anyMatrix, liar);
    expect(trials).toEqual([
      {
        strategy: "tried",
        result: "failed",
        summary: expect.stringMatching(/^priv\.escalation is declared, but .+ gave .+$/),
        evidence: expect.any(Array),
        durationMs: expect.any(Number),
      },
    ]);
    expect(trials[0]?.evidence.length).toBeGreaterThan(2);
  });

  test.each([
    [
      "whose set-up fails",
      { directory: "/no/such" },
      "failed",
      "set-up failed at working-directory (/no/such): ENOENT",
    ],
    [
      "that asks for what has no place",
      { controlGroup: { cpus: 1 } },
      "failed",
      "No place is known for a cpu control group",
    ],
  ] as const)("judges one %s", async (_, launch, result, summary) => {
    const { trials, left } = await tryOut(anyMatrix, strategyOf({ launch }));
    expect([trials[0]?.result, trials[0]?.summary, left]).toEqual([result, summary, []]);
  });

  test("makes one that throws unknown, and tries the others all the same", async () => {
    const faulty = strategyOf({
      id: "faulty",
      plan: () => {
        throw new TypeError("no plan");
      },
    });
    const { trials, left } = await tryOut(anyMatrix, faulty, strategyOf({}));
    expect(trials.map(({ strategy, result }) => [strategy, result])).toEqual([
      ["faulty", "unknown"],
      ["tried", "passed"],
    ]);
    expect(trials[0]?.summary).toContain("no plan");
    expect(left).toEqual([]);
  });

  test("tries none whose required capabilities are not there", async () => {
    const { trials } = await tryOut({}, strategyOf({ requires: () => ["ns.pid"] }));
    expect(trials).toEqual([]);
  });

  test("tries none where there is no Linux, and asks for no prober, which builds for there do not hold", async () => {
    const elsewhere = { host: { ...host, platform: "darwin" as const }, matrix: anyMatrix, stateDirectories: [] };
    expect(await runTrials([strategyOf({})], jobOf(), elsewhere)).toEqual([]);
  });

  test("tries none where the prober can be kept nowhere", async () => {
    const trials = await runTrials([strategyOf({})], jobOf(), {
      host,
      matrix: anyMatrix,
      stateDirectories: ["/proc/x"],
    });
    expect(trials).toEqual([]);
  });
});
