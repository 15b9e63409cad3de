/** How jobs end, as the launcher tells it and as /proc shows it: with a PID namespace of their own, and without. */
import { describe, expect, test } from "bun:test";
import type { LauncherPlan } from "../../src/model/plan.ts";
import namespaces from "../../src/strategies/namespaces.ts";
import landlock from "../../src/strategies/landlock.ts";
import process from "../../src/strategies/process.ts";
import { jobOf } from "../fixtures/jobs/jobs.ts";
import { userEverything } from "../fixtures/matrices/standings.ts";
import { launchProgram, type LaunchOptions } from "../support/launch-program.ts";
import { findProcesses, freshMark } from "../support/processes.ts";
import { stubbornTree, stubbornTreeSize } from "../support/stubborn-tree.ts";
import { until } from "../support/until.ts";

/** What a strategy would do for a shell script of an ordinary caller, without control groups. */
function planOf(strategy: typeof namespaces, script: string, parts: Partial<LauncherPlan>): LauncherPlan {
  const workspace = { mode: "empty", why: "" } as const;
  const job = jobOf({ command: ["/bin/sh", "-c", script], workspace, directory: "/" });
  return { ...strategy.plan(job, userEverything), controlGroup: {}, graceMs: 50, ...parts };
}

/** Signals that end a process; SIGKILL and those of the kernel's own making among them (signal(7)). */
const deadly = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 24, 25, 26, 27, 29, 30, 31];

const burn = "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done";

describe.each([
  ["namespaces", namespaces],
  ["landlock", landlock],
  ["process", process],
] as const)("a job of strategy %s", (_name, strategy) => {
  const launch = (script: string, parts: Partial<LauncherPlan> = {}, options: LaunchOptions = {}) =>
    launchProgram(planOf(strategy, script, parts), options);
  const statusOf = async (script: string, parts: Partial<LauncherPlan> = {}): Promise<unknown> => {
    const last = (await launch(script, parts)).events.at(-1);
    return last?.event === "ended" ? last.status : last;
  };

  test("ends with the very signal that ended it, and no core file", async () => {
    const statuses = await Promise.all(deadly.map((number) => statusOf(`kill -${number} $$`)));
    expect(statuses).toEqual(deadly);
  });

  test("ends with its own code", async () => {
    const codes = [0, 1, 77, 124, 125, 126, 127, 128, 137, 255];
    expect(await Promise.all(codes.map((code) => statusOf(`exit ${code}`)))).toEqual(codes.map((code) => code << 8));
  });

  test("is charged for what its children used, those too that it left to themselves", async () => {
    const burnt = (event: unknown): number => (event as { userMicros: number }).userMicros;
    const fifo = `\${TMPDIR:-/tmp}/cupel-test-${freshMark()}`;
    const orphan = `mkfifo ${fifo}; (sh -c '${burn}; echo > ${fifo}' &); read end < ${fifo}; rm ${fifo}; sleep 0.1`;
    const [idle, waited, left] = await Promise.all(
      [":", `sh -c '${burn}'; :`, orphan].map(async (script) => (await launch(script)).events.at(-1)),
    );
    for (const charged of [waited, left]) expect(burnt(charged)).toBeGreaterThan(burnt(idle) + 10_000);
  });

  test("leaves nothing when it ends: neither detached nor stopped nor deaf", async () => {
    const mark = freshMark();
    const script = stubbornTree(mark).replace(`exec sleep ${mark}`, "sleep 0.1; exit 6");
    expect(await statusOf(script)).toBe(6 << 8);
    expect(findProcesses(mark)).toEqual([]);
  });

  test("is asked, and then ended with all that it started, when its time is up", async () => {
    const mark = freshMark();
    const { events } = await launch(stubbornTree(mark), { timeoutMs: 500 });
    expect(events.map(({ event }) => event)).toEqual(["started", "timeout", "ended"]);
    expect(events.at(-1)).toMatchObject({ status: 9 });
    expect(findProcesses(mark)).toEqual([]);
  });

  test("is ended with all that it started when that is wished", async () => {
    const mark = freshMark();
    const { events } = await launch(
      stubbornTree(mark),
      {},
      {
        on: {
          event: "started",
          act: (running) =>
            void until("the tree is seen", () => findProcesses(mark).length === stubbornTreeSize).then(() =>
              running.kill(),
            ),
        },
      },
    );
    expect(events.at(-1)).toMatchObject({ event: "ended", status: 9 });
    expect(findProcesses(mark)).toEqual([]);
  });
});
