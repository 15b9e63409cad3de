import { describe, expect, test } from "bun:test";
import type { LaunchEvent } from "../../src/launch/launch-event.ts";
import type { GuaranteeDecision } from "../../src/model/guarantee.ts";
import type { Job } from "../../src/model/job.ts";
import type { OutcomeStatus } from "../../src/model/outcome.ts";
import type { ControlGroupEvidence } from "../../src/run/control-groups.ts";
import { exitCodeOf, judgeOutcome, lostInput, lostOutput, outcomeWithoutJob } from "../../src/run/outcome.ts";
import { jobOf } from "../fixtures/jobs/jobs.ts";
import { barePlan } from "../fixtures/jobs/plans.ts";

const started: LaunchEvent = { event: "started", pid: 7 };

function ended(status: number): LaunchEvent {
  return { event: "ended", status, wallMicros: 1500, userMicros: 500, systemMicros: 250, maxRssBytes: 4096 };
}

const decisions: readonly GuaranteeDecision[] = [
  { id: "limit.memory", kept: true, mechanism: "a group", capabilities: ["cgroup.memory"] },
  { id: "limit.pids", kept: false, reason: "no group" },
  { id: "limit.time", kept: true, mechanism: "a deadline", capabilities: [] },
  { id: "limit.cpu", kept: false, reason: "no group either", missing: "cgroup.cpu" },
];

function groups(outOfMemoryKills: number): ControlGroupEvidence {
  return { outOfMemoryKills, refusedForks: 0, evidence: [{ action: "kills", result: String(outOfMemoryKills) }] };
}

function judge(
  events: readonly LaunchEvent[],
  controlGroups?: ControlGroupEvidence,
  job: Job = jobOf(),
): ReturnType<typeof judgeOutcome> {
  return judgeOutcome({
    job,
    plan: { strategy: "namespaces", isolation: "namespace", launch: barePlan(["a"]), guarantees: decisions },
    selection: { chosen: "namespaces", accepted: ["net.none"], rejected: [] },
    reportId: "report-1",
    events,
    controlGroups,
  });
}

function statusOf(events: readonly LaunchEvent[], kills = 0): unknown {
  const { status, exitCode } = judge(events, groups(kills));
  return [status, exitCode];
}

describe("judgeOutcome", () => {
  test("puts everything together", () => {
    const job = jobOf({ limits: { graceMs: 1, timeoutMs: 5000, cpus: 2 } });
    expect(judge([started, ended(3 << 8)], groups(0), job)).toEqual({
      schema: 1,
      status: { kind: "exited", code: 3 },
      evidence: [
        {
          action: "launcher: ended",
          result: '{"status":768,"wallMicros":1500,"userMicros":500,"systemMicros":250,"maxRssBytes":4096}',
        },
        { action: "kills", result: "0" },
      ],
      exitCode: 3,
      strategy: "namespaces",
      report: "report-1",
      guarantees: decisions,
      accepted: ["net.none"],
      limits: [
        { id: "limit.time", requested: 5000, stated: true, enforced: true, by: "a deadline" },
        { id: "limit.memory", requested: 3_000_000_000, stated: false, enforced: true, by: "a group" },
        { id: "limit.cpu", requested: 2, stated: true, enforced: false, by: "no group either" },
        { id: "limit.pids", requested: 4096, stated: false, enforced: false, by: "no group" },
      ],
      usage: { wallMs: 1.5, userMs: 0.5, systemMs: 0.25, maxRssBytes: 4096 },
    });
  });

  test.each([0, 1, 42, 124, 125, 255])("gives the job's own exit code %d", (code) =>
    expect(statusOf([started, ended(code << 8)])).toEqual([{ kind: "exited", code }, code]),
  );

  test.each([
    [15, "SIGTERM"],
    [6, "SIGABRT"],
    [9, "SIGKILL"],
    [40, "signal 40"],
  ])("gives signal %d as 128 and more, with a core dump or without", (number, signal) => {
    const expected = [{ kind: "signalled", signal, number }, 128 + number];
    expect(statusOf([started, ended(number)])).toEqual(expected);
    expect(statusOf([started, ended(number | 0x80)])).toEqual(expected);
  });

  test("calls a kill out-of-memory only where the control group counted one", () => {
    expect(statusOf([started, ended(9)], 1)).toEqual([{ kind: "out-of-memory" }, 137]);
    expect(statusOf([started, ended(9)], 0)).toEqual([{ kind: "signalled", signal: "SIGKILL", number: 9 }, 137]);
    expect(judge([started, ended(9)]).status).toEqual({ kind: "signalled", signal: "SIGKILL", number: 9 });
  });

  test("does not call out-of-memory what only a child died of", () => {
    expect(statusOf([started, ended(0)], 1)).toEqual([{ kind: "exited", code: 0 }, 0]);
    expect(statusOf([started, ended(15)], 1)).toEqual([{ kind: "signalled", signal: "SIGTERM", number: 15 }, 143]);
  });

  test("calls it a timeout however the job then ended", () => {
    const timeout: LaunchEvent = { event: "timeout", timeoutMs: 100 };
    const job = jobOf({ limits: { graceMs: 1, timeoutMs: 100 } });
    for (const end of [ended(0), ended(9), ended(15), ended(5 << 8)]) {
      const { status, exitCode } = judge([started, timeout, end], groups(0), job);
      expect([status, exitCode]).toEqual([{ kind: "timeout", timeoutMs: 100 }, 124]);
    }
  });

  test.each([
    [2, "ENOENT", { kind: "not-found", program: "/x" }, 127],
    [20, "ENOTDIR", { kind: "not-found", program: "/x" }, 127],
    [13, "EACCES", { kind: "not-executable", program: "/x", errno: "EACCES" }, 126],
    [8, "ENOEXEC", { kind: "not-executable", program: "/x", errno: "ENOEXEC" }, 126],
    [40, "ELOOP", { kind: "not-executable", program: "/x", errno: "ELOOP" }, 126],
    [7, "E2BIG", { kind: "not-executable", program: "/x", errno: "E2BIG" }, 126],
  ])("tells what execve said: %d (%s)", (errno, _, status, code) =>
    expect(statusOf([started, { event: "exec-failed", errno, subject: "/x" }])).toEqual([status, code]),
  );

  test("names the step of a set-up that failed, its subject and errno", () => {
    const failed = (subject: string): LaunchEvent => ({ event: "failed", step: "bind", errno: 1, subject });
    expect(statusOf([failed("/srv")])).toEqual([
      { kind: "failed", message: "setting up the sandbox failed at bind (/srv): EPERM" },
      125,
    ]);
    expect(statusOf([failed("")])).toEqual([
      { kind: "failed", message: "setting up the sandbox failed at bind: EPERM" },
      125,
    ]);
  });

  test("calls a first process that was lost a failure, unless memory ran out", () => {
    const lost: LaunchEvent = { event: "lost", status: 9 };
    expect(statusOf([started, lost])).toEqual([
      { kind: "failed", message: "the sandbox's first process died (wait status 9)" },
      125,
    ]);
    expect(statusOf([started, lost], 1)).toEqual([{ kind: "out-of-memory" }, 137]);
  });

  test("calls it a failure when nothing was said of an end", () => {
    for (const events of [[], [started]]) {
      expect(statusOf(events)).toEqual([{ kind: "failed", message: "the launcher ended without a word" }, 125]);
    }
    expect(judge([]).usage).toBeUndefined();
  });

  test("calls a success whose output was lost a failure, and leaves a failure what it was", () => {
    const lost: LaunchEvent = { event: "stream-lost", stream: 1, errno: 28 };
    const message = "what the job wrote to standard output could not all be passed on: ENOSPC";
    expect(statusOf([started, ended(0), lost])).toEqual([{ kind: "failed", message }, 125]);
    expect(statusOf([started, ended(3 << 8), lost])).toEqual([{ kind: "exited", code: 3 }, 3]);
    expect(statusOf([started, ended(0), { ...lost, stream: 0 }])).toEqual([{ kind: "exited", code: 0 }, 0]);
  });

  test("leaves out limits that nobody asked for", () => {
    const { limits } = judge([started, ended(0)], undefined, jobOf({ defaultLimits: {} }));
    expect(limits).toEqual([]);
  });
});

describe("lostOutput and lostInput", () => {
  const lost = (stream: number): LaunchEvent[] => [started, { event: "stream-lost", stream, errno: 5 }, ended(0)];

  test("name the stream and the errno, each its own", () => {
    expect([lostOutput(lost(2)), lostInput(lost(2))]).toEqual([
      "what the job wrote to standard error could not all be passed on: EIO",
      undefined,
    ]);
    expect([lostOutput(lost(0)), lostInput(lost(0))]).toEqual([
      undefined,
      "standard input could not be read to its end: EIO",
    ]);
    expect(lostOutput(lost(3))).toBe("what the job wrote to its terminal could not all be passed on: EIO");
  });

  test("say nothing where all was passed on", () => {
    expect([lostOutput([started, ended(0)]), lostInput([started, ended(0)])]).toEqual([undefined, undefined]);
  });
});

describe("exitCodeOf", () => {
  test("of what is not the job's own is one of a few", () => {
    const statuses: OutcomeStatus[] = [
      { kind: "refused", message: "" },
      { kind: "failed", message: "" },
      { kind: "timeout", timeoutMs: 1 },
      { kind: "out-of-memory" },
      { kind: "not-found", program: "" },
      { kind: "not-executable", program: "", errno: "" },
      { kind: "signalled", signal: "SIGHUP", number: 1 },
    ];
    expect(statuses.map(exitCodeOf)).toEqual([125, 125, 124, 137, 127, 126, 129]);
  });
});

describe("outcomeWithoutJob", () => {
  test("says why, by which report, and nothing of a job", () =>
    expect(outcomeWithoutJob({ kind: "refused", message: "no" }, "report-1")).toEqual({
      schema: 1,
      status: { kind: "refused", message: "no" },
      evidence: [],
      exitCode: 125,
      report: "report-1",
      guarantees: [],
      accepted: [],
      limits: [],
    }));
});
