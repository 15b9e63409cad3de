/** Caps on time: the clock's, the processors', and time without output; each ends the tree and is told apart. */
import { describe, expect, test } from "bun:test";
import { findProcesses, freshMark } from "../support/processes.ts";
import { isolationSet } from "../../src/model/guarantee.ts";
import { installCupel } from "../support/run-cli.ts";
import { limitOf, runLimited, told } from "../support/run-limited.ts";
import { byLine, runBatch } from "../support/run-batch.ts";
import { callers, ordinaryCaller, rootCallers } from "../support/tester.ts";

const cupel = installCupel();

const burn = "while :; do :; done";

describe.each(callers)("called by $name", (caller) => {
  test("a job without output is ended with all that it started, and one that writes now and then is not", async () => {
    const mark = freshMark();
    const silent = `(setsid sleep ${mark} &); echo once; sleep ${mark}`;
    const ended = await runLimited(cupel, caller, ["--idle", "300ms", "--", "sh", "-c", silent]);
    expect(ended).toMatchObject({
      code: 124,
      stdout: "once\n",
      stderr: "cupel: the job was ended after 0.3 s without output\n",
      outcome: { status: "timeout-idle", cause: { code: "no-output" }, exitCode: 124 },
    });
    expect(told(ended, "timeout-idle")).toMatchObject({ limitMs: 300 });
    expect(limitOf(ended, "idle")).toMatchObject({ id: "limit.time", requested: 300, enforced: true });
    expect(findProcesses(mark)).toEqual([]);
    const steady = "for word in a b c d e f; do sleep 0.2; echo $word >&2; done";
    const words = ["--idle", "1s", "--", "sh", "-c", steady];
    expect(await runLimited(cupel, caller, words)).toMatchObject({ code: 0, outcome: { status: "ok" } });
  });

  test("output that is thrown away counts as output, and a stream that is closed has none", async () => {
    const steady = "for word in a b c d e f; do sleep 0.2; echo $word; done";
    const run = (script: string): string => `"$CUPEL" run --idle 1s -- sh -c '${script}'`;
    expect(await cupel.shell(caller, `${run(steady)} >/dev/null 2>&1; echo $?`)).toMatchObject({ stdout: "0\n" });
    const closed = `${run("exec sleep 60")} >&- 2>&-; echo $?`;
    expect(await cupel.shell(caller, closed)).toMatchObject({ stdout: "124\n" });
  });

  test("a job that waits for a slow reader is not one without output", async () => {
    const run = `"$CUPEL" run --idle 500ms -- sh -c 'head -c 300000 /dev/zero; echo done >&2'`;
    const slow = `{ ${run}; echo "code $?" >&2; } | { sleep 2; wc -c; }`;
    expect(await cupel.shell(caller, slow)).toMatchObject({ stdout: "300000\n", stderr: "done\ncode 0\n" });
  });

  test("whatever is used up first is the cause", async () => {
    const words = ["--timeout", "200ms", "--idle", "30s", "--", "sleep", "60"];
    const ended = await runLimited(cupel, caller, words);
    expect(ended.outcome).toMatchObject({ status: "timeout-wall", cause: { code: "wall-time" } });
    expect(told(ended, "timeout-idle")).toBeUndefined();
  });

  test("a job that is stopped in time has the grace that it was given", async () => {
    const script = "trap 'echo asked; exit 5' TERM; while :; do sleep 0.05; done";
    const ended = await runLimited(cupel, caller, ["--idle", "200ms", "--", "sh", "-c", script]);
    expect(ended).toMatchObject({ code: 124, stdout: "asked\n", outcome: { status: "timeout-idle", code: 5 } });
  });

  test("given to a strategy that does not end the whole tree, caps on time are refused", async () => {
    for (const flag of ["--idle", "--cpu-time", "--timeout"]) {
      const ran = await runLimited(cupel, caller, [
        "--strategy",
        "process",
        "--accept-missing",
        isolationSet.join(),
        flag,
        "1s",
        "--",
        "echo",
        "ran",
      ]);
      expect(ran).toMatchObject({ code: 125, stdout: "", outcome: { status: "refused" } });
      const id = flag === "--cpu-time" ? "limit.cpu" : "limit.time";
      expect(ran.stderr.replaceAll(/\s+/g, " ")).toMatch(new RegExp(`refused: .*${id}`));
    }
  });

  test("without a promise, each process alone has a cap on CPU time, and is called what it is", async () => {
    const words = ["--strategy", "process", "--accept-missing", "all", "--cpu-time", "1s", "--", "sh", "-c", burn];
    const ended = await runLimited(cupel, caller, words);
    expect(ended).toMatchObject({ code: 124, outcome: { status: "timeout-cpu" } });
    const caps = ended.outcome.limits.filter(({ name }) => name === "cpu-time");
    expect(caps[0]).toMatchObject({ id: "limit.cpu", scope: "tree", stated: true, enforced: false });
    expect(ended.outcome.degraded.map(({ id }) => id)).toContain("limit.cpu");
  });
});

describe.each(rootCallers)("with control groups, called by $name", (root) => {
  test("CPU time is the tree's: what several processes used together, children that are gone included", async () => {
    const mark = freshMark();
    // None of them uses half of it; SIGCHLD is ignored, so nobody's times tell of them.
    const short = `timeout 0.2 sh -c "${burn}"`;
    const many = `trap "" CHLD; (setsid sleep ${mark} &); for i in 1 2 3 4 5 6 7 8 9; do ${short} & ${short} & sleep 0.25; done`;
    const ended = await runLimited(cupel, root, ["--cpu-time", "500ms", "--", "sh", "-c", many]);
    expect(ended).toMatchObject({
      code: 124,
      stderr: expect.stringMatching(
        /^cupel: the job was ended for its CPU time: [\d.]+ s of the 0\.5 s that it may use\n$/,
      ),
      outcome: { status: "timeout-cpu", cause: { code: "cpu-time" } },
    });
    const { limitMs, usedMs } = told(ended, "timeout-cpu") ?? {};
    expect([limitMs, Number(usedMs) >= 500]).toEqual([500, true]);
    expect(limitOf(ended, "cpu-time")).toMatchObject({ id: "limit.cpu", scope: "tree", enforced: true });
    expect(ended.outcome.usage?.tree?.cpuMs).toBeGreaterThanOrEqual(500);
    expect(findProcesses(mark)).toEqual([]);
  });

  test("each job of a batch has its own, and a line may say another", async () => {
    const jobs = [
      { command: ["sh", "-c", burn] },
      { command: ["sh", "-c", burn], limits: { cpu_time: "100ms" } },
      { command: ["true"] },
    ];
    const { outcomes } = await runBatch(cupel, root, jobs, ["--cpu-time", "300ms", "--parallel", "1"]);
    const ends = byLine(outcomes).map(({ status, limits }) => [status, limits.find(({ id }) => id === "limit.cpu")]);
    const limit = { name: "cpu-time", scope: "tree", stated: true, enforced: true };
    expect(ends).toMatchObject([
      ["timeout-cpu", { ...limit, requested: 300 }],
      ["timeout-cpu", { ...limit, requested: 100 }],
      ["ok", { ...limit, requested: 300 }],
    ]);
  });

  test("a job that sleeps uses none of it", async () => {
    const ran = await runLimited(cupel, root, ["--cpu-time", "500ms", "--", "sleep", "1"]);
    expect(ran).toMatchObject({ code: 0, outcome: { status: "ok" } });
  });
});

/** Elsewhere an ordinary user may have control groups delegated, and then these hold there. */
describe("without control groups, called by an ordinary user", () => {
  test("a cap on CPU time is refused, and it is said what is lacking", async () => {
    const ran = await runLimited(cupel, ordinaryCaller, ["--cpu-time", "1s", "--", "echo", "ran"]);
    expect(ran).toMatchObject({ code: 125, stdout: "", outcome: { status: "refused" } });
    expect(ran.stderr.replaceAll(/\s+/g, " ")).toContain("limit.cpu");
  });

  test("given up by name, SIGXCPU ends each process that uses so much", async () => {
    const words = ["--cpu-time", "1s", "--accept-missing", "limit.cpu", "--", "sh", "-c", burn];
    const ended = await runLimited(cupel, ordinaryCaller, words);
    expect(ended).toMatchObject({
      code: 124,
      outcome: { status: "timeout-cpu", cause: { code: "cpu-time" }, signal: { name: "SIGXCPU" } },
    });
    const caps = ended.outcome.limits.filter(({ name }) => name === "cpu-time");
    expect(caps).toMatchObject([
      { scope: "tree", enforced: false },
      { scope: "process", enforced: true, by: expect.stringContaining("RLIMIT_CPU") },
    ]);
  });
});
