/**
 * The keeper of an engine, under engines that are none: what it makes of their ends, and what is left of them. A container
 * is a PID namespace here, with the launcher as its first process.
 */
import { describe, expect, test } from "bun:test";
import { encodeInstruction } from "../../src/launch/encode-instruction.ts";
import type { MakerCall } from "../../src/launch/maker-call.ts";
import type { LauncherPlan } from "../../src/model/plan.ts";
import { barePlan } from "../fixtures/jobs/plans.ts";
import { inOrder, launchSanitized } from "../support/launch-sanitized.ts";
import { launchProgram, plainBinding, type LaunchOptions } from "../support/launch-program.ts";
import { needsPrograms } from "../support/must-work.ts";
import { findProcesses, freshMark } from "../support/processes.ts";
import { isRoot } from "../support/tester.ts";
import { until } from "../support/until.ts";

const namespaces = isRoot ? "--pid" : "--user --map-current-user --pid";
/** In the place of the words of a container's first process. */
const first = `unshare ${namespaces} --fork --kill-child /proc/self/fd/11 container`;

function planOf(command: LauncherPlan["command"]): LauncherPlan {
  return barePlan(command, {
    namespaces: ["pid"],
    maker: { program: "podman", path: "/bin/sh", runtime: "crun", runtimePath: "/usr/bin/crun" },
  });
}

function callOf(script: string, startTimeoutMs = 20_000): MakerCall {
  const environment = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" };
  return { path: "/bin/sh", arguments: ["-c", script], environment, inputs: [], startTimeoutMs, isEngine: true };
}

async function launch(script: string, command: LauncherPlan["command"], options: LaunchOptions = {}) {
  const { events, stdout } = await launchProgram(planOf(command), { ...options, binding: { maker: callOf(script) } });
  return { events: events.filter(({ event }) => event !== "finished"), stdout };
}

const started = expect.objectContaining({ event: "started" }) as never;
const ended = (status: number): never => expect.objectContaining({ event: "ended", status }) as never;

describe("a keeper", () => {
  test("has the job done, and ends what the engine has left, in whatever session", async () => {
    const mark = freshMark();
    const left = `setsid sleep ${mark} & (setsid sh -c 'setsid sleep ${mark} & sleep ${mark}' &);`;
    const { events, stdout } = await launch(`${left} ${first}`, ["/bin/sh", "-c", "echo done; exit 3"]);
    expect({ events, stdout }).toEqual({ events: [started, ended(3 << 8)], stdout: "done\n" });
    expect(findProcesses(mark)).toEqual([]);
  });

  test("waits for no client once the first process has ended", async () => {
    const mark = freshMark();
    const { events } = await launch(`${first} & sleep ${mark}`, ["/bin/true"]);
    expect(events).toEqual([started, ended(0)]);
    expect(findProcesses(mark)).toEqual([]);
  });

  test.each([
    ["one that ends without a word", "exit 0", { event: "maker-failed", status: 0, words: "" }],
    [
      "one that says why",
      "echo one >&2; echo two >&2; exit 125",
      { event: "maker-failed", status: 125 << 8, words: "two" },
    ],
    ["one that is killed", "kill -9 $$", { event: "maker-failed", status: 137 << 8, words: "" }],
    [
      "one that isolates nothing",
      "exec /proc/self/fd/11 container",
      { event: "failed", step: "maker", errno: 10, subject: "not the first process of a PID namespace" },
    ],
  ])("tells how an engine ended: %s", async (_name, script, told) =>
    expect((await launch(script, ["/bin/true"])).events).toEqual([told as never]),
  );

  test("ends an engine that starts nothing in its time, with all that it has started", async () => {
    const mark = freshMark();
    const script = `trap '' TERM; setsid sleep ${mark} & sleep ${mark}`;
    const { events } = await launchProgram(planOf(["/bin/true"]), { binding: { maker: callOf(script, 300) } });
    expect(events).toEqual([
      { event: "maker-timeout", timeoutMs: 300 },
      { event: "maker-failed", status: 9, words: "" },
    ]);
    expect(findProcesses(mark)).toEqual([]);
  });

  test("ends a job whose client is gone, which is told as a loss", async () => {
    const mark = freshMark();
    const { events } = await launch(`${first} & wait_for=$!; sleep 0.5; exit 1`, ["/bin/sleep", mark]);
    expect(events).toEqual([started, { event: "lost", status: 9 }]);
    await until("the job is gone", () => findProcesses(mark).length === 0);
  });

  test("has a job killed that is to be, also where the first process is stopped", async () => {
    const mark = freshMark();
    const on = { event: "started", act: ({ kill }: { kill: () => void }) => kill() } as const;
    expect((await launch(first, ["/bin/sleep", mark], { on })).events).toEqual([started, ended(9)]);
    const stop = `sleep 0.4; kill -STOP $(pgrep -P $(pgrep -nf '^unshare.*container'))`;
    const later = {
      event: "started",
      act: ({ kill }: { kill: () => void }) => setTimeout(kill, 1000),
    } as const;
    const stopped = await launch(`(${stop}) & ${first}`, ["/bin/sleep", mark], { on: later });
    expect(stopped.events).toEqual([started, { event: "lost", status: 9 }]);
    await until("the job is gone", () => findProcesses(mark).length === 0);
  });
});

needsPrograms("gcc")(
  "a keeper of an engine, and the first process, are without a finding of the sanitizers",
  async () => {
    const binding = plainBinding({ maker: callOf(first) });
    const instruction = encodeInstruction(planOf(["/bin/sh", "-c", "cat; exit 4"]), binding);
    expect(await launchSanitized(instruction)).toEqual(inOrder);
  },
);
