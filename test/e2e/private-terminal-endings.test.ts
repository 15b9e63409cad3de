/** However a job with a terminal of its own ends: nothing of it is left, and the caller's terminal is as it was. */
import { describe, expect, test } from "bun:test";
import { childrenOf, findProcesses, freshMark, isAlive, statusField } from "../support/processes.ts";
import { installCupel } from "../support/run-cli.ts";
import { stubbornTree, stubbornTreeSize } from "../support/stubborn-tree.ts";
import { keys, openTerminal, type TerminalSession } from "../support/terminal.ts";
import { callers, type Caller } from "../support/tester.ts";
import { until } from "../support/until.ts";

const cupel = installCupel();
const inProcess = "--strategy process --accept-missing all";

/** A shell that is there before the job and after it, as the caller's is. It writes the exit code, and what it reads. */
function openShell(caller: Caller, command: string): TerminalSession {
  const script = `trap : INT; stty -g; read go; "$CUPEL" run --tty ${command}; echo code $?; stty -g; read line; echo read $line; exec cat`;
  const options = { cwd: cupel.workspace(caller), env: { ...cupel.environment(caller), TREE: "" } };
  return openTerminal([...caller.prefix, "sh", "-c", script], options);
}

/** What `stty -g` says: numbers with colons between. */
function settingsIn(text: string): string[] {
  return text.match(/^[0-9a-f]+(:[0-9a-f]+){10,}$/gm) ?? [];
}

const ends: Readonly<Record<string, readonly [command: string, code: number]>> = {
  "ends well": ["-- true", 0],
  fails: ["-- sh -c 'exit 3'", 3],
  aborts: ["-- perl -e 'use POSIX; POSIX::abort()'", 134],
  "is killed": ["-- sh -c 'kill -9 $$'", 137],
  "runs out of time": ["--timeout 100ms --grace 50ms -- sleep 1000", 124],
  "runs out of time, deaf": [
    `--timeout 100ms --grace 50ms -- sh -c "trap '' TERM HUP; while :; do sleep 0.01; done"`,
    124,
  ],
  "is not found": ["-- /nowhere", 127],
  "is refused": ["--require net.allowlist -- true", 125],
  "cannot be set up": ["--workspace none --read /nowhere -- true", 125],
  "leaves its own terminal raw": ["-- stty raw -echo", 0],
  "leaves children": ["-- sh -c '(trap \"\" HUP; sleep 1000) & setsid sleep 1000 & exit 8'", 8],
  "ends well in process": [`${inProcess} -- stty raw -echo`, 0],
  "runs out of time in process": [`--timeout 100ms --grace 50ms ${inProcess} -- sleep 1000`, 124],
};

describe.each(callers)("the terminal, called by $name", (caller) => {
  test.each(Object.entries(ends))("is as it was after a job that %s", async (_name, [command, code]) => {
    await using session = openShell(caller, command);
    session.type("\n");
    await session.shows(`code ${code}\r\n`);
    const [before, after] = await until("both are seen", () => {
      const seen = settingsIn(session.text().replaceAll("\r", ""));
      return seen.length === 2 && seen;
    });
    expect(after).toBe(before);
    session.type("typed after\n");
    await session.shows("read typed after");
  });

  /** Everything of the run, by what it is. */
  const parts = (shell: number): Record<"cupel" | "launcher" | "first" | "input" | "output", number> => {
    const [running = 0] = childrenOf(shell);
    const [launcher = 0] = childrenOf(running);
    const own = childrenOf(launcher).filter((pid) => statusField(pid, "PPid") === String(launcher));
    const first = own.find((pid) => statusField(pid, "NSpid").split(/\s+/).at(-1) === "1") ?? 0;
    const [output = 0, input = 0] = own.filter((pid) => pid !== first);
    return { cupel: running, launcher, first, input, output };
  };

  // Only the last one of these is left to no other part of cupel: the process that reads the keyboard sees to it.
  test.each([
    ["cupel", ["cupel"], 137],
    ["the launcher", ["launcher"], 125],
    ["the first process", ["first"], 125],
    ["cupel and the launcher", ["launcher", "cupel"], 137],
  ] as const)("is as it was, and nothing is left, after kill -9 of %s", async (_name, victims, code) => {
    const mark = freshMark();
    await using session = openShell(caller, `-- sh -c '${stubbornTree(mark).replaceAll("'", `'\\''`)}'`);
    await until("it waits", () => session.text().includes("\n"));
    const before = session.settings();
    session.type("\n");
    await until("the whole tree is seen", () => findProcesses(mark).length >= stubbornTreeSize);
    await until("the terminal is raw", () => session.settings() !== before);
    const all = childrenOf(session.pid);
    expect(Object.values(parts(session.pid)).every((pid) => all.includes(pid))).toBeTrue();
    const pids = parts(session.pid);
    // Or it would have the time to say something.
    if (victims.length > 1) process.kill(pids.cupel, "SIGSTOP");
    for (const victim of victims) process.kill(pids[victim], "SIGKILL");
    await until("nothing is left", () => !all.some(isAlive) && findProcesses(mark).length === 0);
    await until("it is as it was", () => session.settings() === before);
    await session.shows(`code ${code}`);
    session.type("typed after\n");
    await session.shows("read typed after");
  });

  test.each(["input", "output"] as const)("is as it was though the relay of %s was killed", async (victim) => {
    await using session = openShell(caller, "-- sh -c 'echo ready; exec sleep 1000'");
    await until("it waits", () => session.text().includes("\n"));
    const before = session.settings();
    session.type("\n");
    await session.shows("ready");
    await until("both relays run", () => parts(session.pid).input > 0);
    const all = parts(session.pid);
    process.kill(all[victim], "SIGKILL");
    process.kill(all.cupel, "SIGTERM");
    await session.shows("code 143");
    expect(session.settings()).toBe(before);
  });

  test("that is closed ends the job, and nothing is left", async () => {
    const mark = freshMark();
    await using session = openShell(caller, `-- sh -c 'echo ready; sleep ${mark} & exec sleep ${mark}'`);
    session.type("\n");
    await session.shows("ready");
    const all = childrenOf(session.pid);
    session.hangUp();
    await until("nothing is left", () => !all.some(isAlive) && findProcesses(mark).length === 0);
  });

  test.each([
    ["SIGTERM", 143],
    ["SIGINT", 130],
  ] as const)("and a %s to cupel reaches the job", async (signal, code) => {
    await using session = openShell(caller, "-- sh -c 'echo ready; exec sleep 1000'");
    session.type("\n");
    await session.shows("ready");
    process.kill(parts(session.pid).cupel, signal);
    await session.shows(`code ${code}`);
  });

  test("takes Ctrl-C from the keyboard again while the last output waits for a slow reader", async () => {
    const mark = freshMark();
    await using session = openShell(caller, `-- sh -c 'echo ready; read go; seq 2000' ${mark}`);
    session.type("\n");
    await session.shows("ready");
    const { cupel: running, launcher } = parts(session.pid);
    const raw = session.settings();
    session.hold(true);
    session.type("\r");
    await until("the job is gone", () => findProcesses(mark).every(({ pid }) => pid === running));
    await until("the keys signal again", () => session.settings() !== raw);
    expect(isAlive(launcher)).toBeTrue();
    session.type(keys.interrupt);
    // cupel itself waits to say what was lost.
    await until("the launcher is gone", () => !isAlive(launcher));
    session.hold(false);
    await session.shows("code 125");
    await session.shows("could not all be passed on");
  });

  test("shows the last of the output of a job", async () => {
    await using session = openShell(caller, "-- sh -c 'seq 1 20000; printf last'");
    session.type("\n");
    await session.shows("lastcode 0\r\n");
    expect(session.text()).toContain("\r\n19999\r\n20000\r\nlast");
    expect(session.text()).not.toContain("\r\r\n");
  });
});
