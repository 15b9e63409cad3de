import { describe, expect, test } from "bun:test";
import type { LaunchEvent } from "../../src/launch/launch-event.ts";
import { exitCodeOf } from "../../src/run/exit-code-of.ts";
import { describeMakerFailure, judgeLoss, judgeStart } from "../../src/run/sandbox-failure.ts";
import { groups, judge, judged, started } from "../support/judged-ending.ts";

const plain = { seccomp: "default", resourceLimits: {} } as const;

describe("judgeStart", () => {
  test("says nothing of a job that was started, whatever ended it", () => {
    for (const events of [[started], [started, { event: "maker-failed", status: 9, words: "" } as const]])
      expect(judgeStart({ events, controlGroups: undefined, launch: plain })).toBeUndefined();
  });

  test.each([
    [2, "/x: not found", "program-not-found", 127],
    [20, "/x: not found", "program-not-found", 127],
    [13, "/x: cannot be executed (EACCES)", "program-not-executable", 126],
    [8, "/x: cannot be executed (ENOEXEC)", "program-not-executable", 126],
    [40, "/x: cannot be executed (ELOOP)", "program-not-executable", 126],
    [7, "/x: cannot be executed (E2BIG)", "program-not-executable", 126],
  ] as const)("tells what execve said: %d", (errno, summary, because, exitCode) => {
    const ending = judge([started, { event: "exec-failed", errno, subject: "/x" }]);
    expect([ending.status, ending.cause.summary, ending.cause.code, exitCodeOf(ending)]).toEqual([
      "setup-failed",
      summary,
      because,
      exitCode,
    ]);
  });

  test("names the step of a set-up that failed, its subject and errno", () => {
    const failed = (subject: string): LaunchEvent => ({ event: "failed", step: "bind", errno: 1, subject });
    const at = "setup-failed: setting up the sandbox failed at bind";
    expect(judged([failed("/srv")])).toEqual([`${at} (/srv): EPERM`, 125]);
    expect(judged([failed("")])).toEqual([`${at}: EPERM`, 125]);
  });
});

describe("judgeLoss", () => {
  test("says nothing where nothing was lost, or where there was no job yet to lose it", () => {
    for (const events of [[started], [{ event: "maker-failed", status: 9, words: "" } as const]])
      expect(judgeLoss({ events, controlGroups: undefined, launch: plain })).toBeUndefined();
  });

  test("calls a first process that was lost a failure, unless memory ran out", () => {
    const lost: LaunchEvent = { event: "lost", status: 9 };
    const died = "setup-failed: the sandbox's first process died (wait status 9)";
    expect(judged([started, lost])).toEqual([died, 125]);
    const memory = "out-of-memory: the job was ended with all of its processes, over its memory limit";
    expect(judged([started, lost], { controlGroups: groups(1) })).toEqual([memory, 137]);
    expect(judge([started, lost], { controlGroups: groups(1) })).toMatchObject({
      signal: { name: "SIGKILL", number: 9 },
    });
  });
});

describe("describeMakerFailure", () => {
  test("names an end that systemd gives what it could not set up, and no other program's", () => {
    const failed = { event: "maker-failed", status: 226 << 8, words: "" } as const;
    const maker = { program: "systemd-run", path: "/s", manager: "user", controlPath: "/c" } as const;
    expect(
      [maker, { program: "docker", path: "/d" } as const].map((one) => describeMakerFailure(failed, { maker: one })),
    ).toEqual([
      "the program that makes the sandbox exited with 226/NAMESPACE (the manager's journal says more), and said nothing",
      "the program that makes the sandbox exited with 226, and said nothing",
    ]);
  });

  test.each([
    [1 << 8, " no room\n", "exited with 1: no room"],
    [9, "", "was ended by SIGKILL, and said nothing"],
  ])("wait status %d, %j", (status, words, expected) =>
    expect(describeMakerFailure({ event: "maker-failed", status, words }, {})).toBe(
      `the program that makes the sandbox ${expected}`,
    ),
  );

  test("is no failure where the time that the job had was over before it was started", () => {
    const over: LaunchEvent[] = [
      { event: "timeout", timeoutMs: 300 },
      { event: "maker-failed", status: 9, words: "" },
    ];
    expect(judged(over)).toEqual(["timeout-wall: the job was ended after 0.3 s, its time limit", 124]);
  });

  test("names the program without which there is no job, whatever became of it", () => {
    const failed: LaunchEvent = { event: "maker-failed", status: 128 << 8, words: "no such platform" };
    const late: LaunchEvent = { event: "maker-timeout", timeoutMs: 20_000 };
    const guest = { program: "gvisor", command: ["/runsc"], root: [], startTimeoutMs: 20_000 } as const;
    const launch = { seccomp: "default", resourceLimits: {}, guest } as const;
    const maker = "setup-failed: the program that makes the sandbox";
    const kernel = "setup-failed: the program that is the job's kernel";
    expect(judged([failed])[0]).toBe(`${maker} exited with 128: no such platform`);
    expect(judged([failed], { launch })[0]).toBe(`${kernel} exited with 128: no such platform`);
    expect(judged([late])[0]).toBe(`${maker} had started no job within 20 s`);
    expect(judged([late], { launch })[0]).toBe(`${kernel} had started no job within 20 s`);
    expect(judged([started, failed], { launch })).toEqual([
      `${kernel} exited with 128: no such platform, and the job ended with it`,
      125,
    ]);
    const over = "out-of-memory: the job was ended with all of its processes, over its memory limit";
    expect(judged([started, failed], { launch, controlGroups: groups(1) })).toEqual([over, 137]);
    const memory = `${kernel} went over the job's memory limit, and was ended`;
    expect(judged([failed], { launch, controlGroups: groups(1) })).toEqual([memory, 125]);
  });
});
