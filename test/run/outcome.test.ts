import { describe, expect, test } from "bun:test";
import type { LaunchEvent } from "../../src/launch/launch-event.ts";
import type { Standings } from "../../src/model/capability.ts";
import type { GuaranteeDecision } from "../../src/model/guarantee.ts";
import { judgeOutcome, outcomeWithoutJob, type OutcomeInput } from "../../src/run/outcome.ts";
import { demands, jobOf } from "../fixtures/jobs/jobs.ts";
import { barePlan } from "../fixtures/jobs/plans.ts";

const ended: LaunchEvent = {
  event: "ended",
  status: 3 << 8,
  setupMicros: 900,
  wallMicros: 1500,
  userMicros: 500,
  systemMicros: 250,
  maxRssBytes: 4096,
  readBlocks: 2,
  writtenBlocks: 8,
};

const decisions: readonly GuaranteeDecision[] = [
  { id: "net.none", kept: false, reason: "no namespaces" },
  { id: "proc.tree", kept: true, mechanism: "a namespace", capabilities: ["ns.pid", "ns.mount", "unheard-of"] },
  { id: "env.clean", kept: true, mechanism: "made anew", capabilities: [] },
  { id: "limit.memory", kept: false, reason: "no group" },
  { id: "limit.disk", kept: false, reason: "not wanted" },
];

const matrix: Standings = {
  "ns.pid": { state: "works", level: "enforced" },
  "ns.mount": { state: "works", level: "opened" },
};

function inputOf(parts: Partial<OutcomeInput> = {}): OutcomeInput {
  return {
    job: jobOf({ demands: demands({ required: ["net.none", "proc.tree"], accepted: ["net.none"] }) }),
    plan: { strategy: "namespaces", isolation: "namespace", launch: barePlan(["a"]), guarantees: decisions },
    selection: { chosen: "namespaces", accepted: ["net.none"], rejected: [] },
    matrix,
    reportId: "report-1",
    events: [{ event: "started", pid: 7 }, ended],
    controlGroups: undefined,
    ...parts,
  };
}

describe("judgeOutcome", () => {
  test("puts everything together", () => {
    const events: LaunchEvent[] = [
      ended,
      { event: "output", stream: 1, bytes: 12, passedBytes: 10 },
      { event: "output", stream: 3, bytes: 5, passedBytes: 5 },
    ];
    const treeUsage = { cpuMs: 2, peakMemoryBytes: 8192, peakPids: 4 };
    const controlGroups = { outOfMemoryKills: 0, refusedForks: 0, evidence: [] };
    expect(judgeOutcome(inputOf({ events, controlGroups, treeUsage, totalMs: 4 }))).toEqual({
      schema: 2,
      status: "nonzero",
      cause: {
        code: "exit",
        summary: "the job exited with 3",
        evidence: [{ action: "launcher: ended", result: expect.stringContaining('"status":768') }],
      },
      code: 3,
      exitCode: 3,
      strategy: "namespaces",
      report: "report-1",
      guarantees: decisions.map((decision) =>
        decision.id === "proc.tree" ? { ...decision, level: "opened" } : decision,
      ),
      accepted: ["net.none"],
      degraded: [
        { id: "net.none", reason: "no namespaces" },
        { id: "limit.memory", reason: "no group" },
      ],
      denied: [],
      limits: [
        {
          name: "memory",
          id: "limit.memory",
          scope: "tree",
          requested: 3_000_000_000,
          stated: false,
          enforced: false,
          by: "no group",
        },
      ],
      phases: { setupMs: 0.9, runMs: 1.5, teardownMs: 1.6 },
      usage: {
        wallMs: 1.5,
        userMs: 0.5,
        systemMs: 0.25,
        maxRssBytes: 4096,
        tree: treeUsage,
        blocks: { readBytes: 1024, writtenBytes: 4096 },
      },
      output: [
        { stream: "stdout", bytes: 12, isTruncated: true },
        { stream: "terminal", bytes: 5, isTruncated: false },
      ],
    });
  });

  test("says nothing of what was not measured", () => {
    const { phases, output, usage } = judgeOutcome(inputOf());
    expect([phases, output, usage?.tree]).toEqual([undefined, undefined, undefined]);
    expect(judgeOutcome(inputOf({ events: [], totalMs: 4 }))).toMatchObject({ phases: undefined, usage: undefined });
  });
});

describe("outcomeWithoutJob", () => {
  test("says why, by which report, and nothing of a job", () => {
    const outcome = (status: Parameters<typeof outcomeWithoutJob>[0], code: string): object => ({
      schema: 2,
      status,
      cause: { code, summary: "no", evidence: [] },
      exitCode: 125,
      report: "report-1",
      guarantees: [],
      accepted: [],
      degraded: [],
      limits: [],
    });
    expect(outcomeWithoutJob("refused", "no", "report-1")).toEqual(outcome("refused", "demands") as never);
    expect(outcomeWithoutJob("setup-failed", "no", "report-1")).toEqual(outcome("setup-failed", "set-up") as never);
    expect(outcomeWithoutJob("cancelled", "no", "report-1")).toEqual(outcome("cancelled", "caller") as never);
  });
});

describe("a set-up command", () => {
  const plan = { ...inputOf().plan, launch: barePlan(["a"], { setup: ["b"] }) };
  const setUp: LaunchEvent = { event: "setup-ended", setupMicros: 900, wallMicros: 500 };

  test("has a time and an end of its own", () => {
    const { setup, phases, inSetup } = judgeOutcome(inputOf({ plan, events: [setUp, ended], totalMs: 4 }));
    expect({ setup, phases, inSetup }).toEqual({
      setup: { wallMs: 0.5, code: 0 },
      phases: { setupMs: 0.9, runMs: 1.5, teardownMs: 1.1 },
      inSetup: undefined,
    });
  });

  test("that fails leaves the job none", () => {
    const { setup, phases, inSetup, cause } = judgeOutcome(inputOf({ plan, totalMs: 4 }));
    expect({ setup, phases, inSetup, summary: cause.summary }).toEqual({
      setup: { wallMs: 1.5, code: 3, signal: undefined },
      phases: { setupMs: 0.9, runMs: 0, teardownMs: 1.6 },
      inSetup: true,
      summary: "the set-up command exited with 3; so the job's own was not run",
    });
  });
});
