import { describe, expect, test } from "bun:test";
import type { LaunchEvent } from "../../src/launch/launch-event.ts";
import { groups, judge, judged, started } from "../support/judged-ending.ts";

const full: LaunchEvent = { event: "full", subject: "/tmp", bytes: 4096, freeBytes: 0, files: 9, freeFiles: 3 };

function ended(status: number): LaunchEvent {
  return {
    event: "ended",
    status,
    setupMicros: 900,
    wallMicros: 1500,
    userMicros: 500,
    systemMicros: 250,
    maxRssBytes: 4096,
    readBlocks: 2,
    writtenBlocks: 8,
  };
}

describe("judgeEnding", () => {
  test("changes that were lost are no success, and take nothing from a failure", () => {
    const workspace = { manner: "overlay", lost: "no room" } as const;
    expect([
      judge([started, ended(0)], { workspace }).cause.summary,
      judged([started, ended(0)], { workspace })[1],
    ]).toEqual(["what the job changed in its workspace is lost: no room", 125]);
    expect(judged([started, ended(2 << 8)], { workspace })[1]).toBe(2);
  });

  test("says what ended it, and shows it", () => {
    const [limitMs, usedMs] = [1000, 1010];
    expect(judge([started, { event: "timeout-cpu", limitMs, usedMs }, ended(15)], { asked: "SIGINT" })).toEqual({
      status: "timeout-cpu",
      cause: {
        code: "cpu-time",
        summary: "the job was ended for its CPU time: 1.01 s of the 1 s that it may use",
        evidence: [
          { action: "launcher: timeout-cpu", result: '{"limitMs":1000,"usedMs":1010}' },
          {
            action: "launcher: ended",
            result:
              '{"status":15,"setupMicros":900,"wallMicros":1500,"userMicros":500,"systemMicros":250,"maxRssBytes":4096,"readBlocks":2,"writtenBlocks":8}',
          },
          { action: "signal passed on to the job", result: "SIGINT" },
          { action: "kills", result: "0" },
        ],
      },
      signal: { name: "SIGTERM", number: 15 },
    });
  });

  test.each([0, 1, 42, 124, 125, 255])("gives the job's own exit code %d", (code) =>
    expect(judged([started, ended(code << 8)])).toEqual([code === 0 ? "ok: 0" : `nonzero: ${code}`, code]),
  );

  test.each([
    [15, "SIGTERM"],
    [6, "SIGABRT"],
    [9, "SIGKILL"],
    [40, "signal 40"],
  ])("gives signal %d as 128 and more, with a core dump or without", (number, signal) => {
    for (const status of [number, number | 0x80])
      expect(judged([started, ended(status)])).toEqual([`signalled: ${signal}`, 128 + number]);
  });

  test("calls a kill out-of-memory only where the control group counted one", () => {
    const summary = "out-of-memory: the job was ended because it went over its memory limit";
    expect(judged([started, ended(9)], { controlGroups: groups(1) })).toEqual([summary, 137]);
    expect(judged([started, ended(9)])).toEqual(["signalled: SIGKILL", 137]);
    expect(judged([started, ended(9)], { controlGroups: undefined })).toEqual(["signalled: SIGKILL", 137]);
  });

  test("names what a job ran into before it failed by itself, and leaves it its code", () => {
    const memory =
      "out-of-memory: the job exited with 2; before, the kernel ended 1 of its processes over its memory limit";
    expect(judged([started, ended(2 << 8)], { controlGroups: groups(1) })).toEqual([memory, 2]);
    const forks = "limit-pids: the job exited with 2; before, it was refused a process 3 times, over its cap on them";
    expect(judged([started, ended(2 << 8)], { controlGroups: groups(0, 3) })).toEqual([forks, 2]);
    const once =
      "limit-pids: the job was ended by SIGABRT; before, it was refused a process once, over its cap on them";
    expect(judged([started, ended(6)], { controlGroups: groups(0, 1) })).toEqual([once, 134]);
    const disk = "limit-disk: the job exited with 1; then /tmp was full, with 4096 bytes";
    expect(judged([started, full, ended(1 << 8)])).toEqual([disk, 1]);
    const files = { ...full, freeBytes: 1, freeFiles: 0 };
    expect(judged([started, files, ended(1 << 8)])[0]).toEndWith("then /tmp was full, with 9 files");
  });

  test("calls a success one whatever the job ran into, and a signal but SIGKILL its own", () => {
    expect(judged([started, full, ended(0)], { controlGroups: groups(1, 1) })).toEqual(["ok: 0", 0]);
    expect(judged([started, ended(15)], { controlGroups: groups(1) })).toEqual(["signalled: SIGTERM", 143]);
  });

  test.each<[LaunchEvent, string, number]>([
    [{ event: "timeout", timeoutMs: 100 }, "timeout-wall: the job was ended after 0.1 s, its time limit", 124],
    [
      { event: "timeout-idle", limitMs: 100, idleMs: 101 },
      "timeout-idle: the job was ended after 0.1 s without output",
      124,
    ],
    [
      { event: "timeout-cpu", limitMs: 100, usedMs: 120 },
      "timeout-cpu: the job was ended for its CPU time: 0.12 s of the 0.1 s that it may use",
      124,
    ],
    [{ event: "output-limit", bytesMax: 10 }, "limit-output: the job wrote more than 10 bytes of output, its cap", 137],
  ])("%j is the cause however the job then ended", (event, end, code) => {
    for (const status of [0, 9, 15, 5 << 8])
      expect(judged([started, event, ended(status)], { controlGroups: groups(1, 1) })).toEqual([end, code]);
  });

  test("takes SIGXCPU for a cap on CPU time where one was set, and for a signal where none was", () => {
    const launch = { seccomp: "none", resourceLimits: { cpuSeconds: 3 } } as const;
    const capped = "timeout-cpu: the job was ended by SIGXCPU: one process used 3 s of CPU time";
    expect(judged([started, ended(24)], { launch })).toEqual([capped, 124]);
    expect(judged([started, ended(24)])).toEqual(["signalled: SIGXCPU", 152]);
  });

  test("takes SIGSYS for a denied call where there is a filter", () => {
    const launch = { seccomp: "none", resourceLimits: {} } as const;
    expect(judged([started, ended(31)])).toEqual([expect.stringMatching(/^denied-syscall: .*foreign ABI/), 159]);
    expect(judged([started, ended(31)], { launch })).toEqual(["signalled: SIGSYS", 159]);
  });

  test("calls it cancelled where the caller asked for it and the job ended of it", () => {
    const [asked, by] = ["SIGINT", "cancelled: the job was ended by SIGINT from the caller"];
    expect(judged([started, ended(2)], { asked })).toEqual([by, 130]);
    expect(judged([started, ended(9)], { asked })).toEqual([by, 137]);
    expect(judged([started, ended(130 << 8)], { asked })).toEqual([
      "cancelled: the job exited with 130 at SIGINT from the caller",
      130,
    ]);
    expect(judged([started, ended(15)], { asked })).toEqual(["signalled: SIGTERM", 143]);
    expect(judged([started, ended(0)], { asked })).toEqual(["ok: 0", 0]);
    expect(judged([started, ended(130 << 8)])).toEqual(["nonzero: 130", 130]);
  });

  test("calls it a failure when nothing was said of an end", () => {
    for (const events of [[], [started]])
      expect(judged(events)).toEqual(["setup-failed: the launcher ended without a word", 125]);
  });

  test("calls a success whose output was lost a failure, and leaves a failure what it was", () => {
    const lost: LaunchEvent = { event: "stream-lost", stream: 1, errno: 28 };
    const summary = "setup-failed: what the job wrote to standard output could not all be passed on: ENOSPC";
    expect(judged([started, ended(0), lost])).toEqual([summary, 125]);
    expect(judged([started, ended(3 << 8), lost])).toEqual(["nonzero: 3", 3]);
    expect(judged([started, ended(0), { ...lost, stream: 0 }])).toEqual(["ok: 0", 0]);
  });
});

describe("with a set-up command", () => {
  const launch = { seccomp: "default", resourceLimits: {}, setup: ["b"] } as const;
  const setUp: LaunchEvent = { event: "setup-ended", setupMicros: 1, wallMicros: 1 };

  test.each([
    [[ended(3 << 8)], "the set-up command exited with 3; so the job's own was not run"],
    [[ended(9)], "the set-up command was ended by SIGKILL; so the job's own was not run"],
    [[{ event: "exec-failed", errno: 2, subject: "b" }], "b: not found; so the job's own was not run"],
  ] as const)("an end in it says so, case %#", (events, summary) => {
    const { inSetup, cause } = judge(events, { launch });
    expect([inSetup, cause.summary]).toEqual([true, summary]);
  });

  test.each([[[setUp, ended(3 << 8)]], [[{ event: "failed", step: "mask", errno: 1, subject: "" }]], [[]]] as const)(
    "any other end is the job's, case %#",
    (events) => expect(judge(events, { launch })).toEqual(judge(events)),
  );
});
