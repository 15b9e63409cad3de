/** A job that is started from a terminal: keys reach it as signals, and the terminal itself never does. */
import { describe, expect, test } from "bun:test";
import { installAttempt } from "../support/attempt.ts";
import { findProcesses, freshMark, readIfThere, statusField } from "../support/processes.ts";
import { installCupel } from "../support/run-cli.ts";
import { keys, openTerminal, type TerminalSession } from "../support/terminal.ts";
import { callers, type Caller } from "../support/tester.ts";
import { until } from "../support/until.ts";

const cupel = installCupel();
const attempt = installAttempt(cupel);

function open(caller: Caller, words: readonly string[]): TerminalSession {
  const options = { cwd: cupel.workspace(caller), env: cupel.environment(caller) };
  return openTerminal([...caller.prefix, ...words], options);
}

function openJob(caller: Caller, script: string, flags: readonly string[] = []): TerminalSession {
  return open(caller, [cupel.path, "run", ...flags, "--", "sh", "-c", script]);
}

function gone(mark: string): Promise<boolean> {
  return until("no process of the job is left", () => findProcesses(mark).length === 0, 2000);
}

describe.each(callers)("keys, called by $name", (caller) => {
  test("Ctrl-C ends the job: 130, and nothing is left", async () => {
    const mark = freshMark();
    await using session = openJob(caller, `sleep ${mark} & setsid sleep ${mark} & echo ready; sleep ${mark}`);
    await session.shows("ready");
    await until("its processes are seen", () => findProcesses(mark).length >= 3);
    session.type(keys.interrupt);
    expect(await session.ended).toEqual({ code: 130, signal: null });
    await gone(mark);
  });

  test("Ctrl-C is the job's to answer", async () => {
    await using session = openJob(caller, "trap 'echo caught; exit 9' INT; echo ready; while :; do sleep 0.05; done");
    await session.shows("ready");
    session.type(keys.interrupt);
    expect(await session.ended).toEqual({ code: 9, signal: null });
    await session.shows("caught");
  });

  test("a job that ignores Ctrl-C is ended by the third", async () => {
    const mark = freshMark();
    await using session = openJob(caller, `trap '' INT; echo ready; sleep ${mark}`);
    await session.shows("ready");
    for (let times = 1; times <= 3; times++) {
      session.type(keys.interrupt);
      await until("the key is echoed", () => session.text().split("^C").length > times);
    }
    expect(await session.ended).toEqual({ code: 137, signal: null });
    await gone(mark);
  });

  test("Ctrl-\\ is SIGQUIT: 131", async () => {
    await using session = openJob(caller, "echo ready; sleep 1000");
    await session.shows("ready");
    session.type(keys.quit);
    expect(await session.ended).toEqual({ code: 131, signal: null });
  });

  test("Ctrl-Z stops the job and cupel, and both go on", async () => {
    const mark = freshMark();
    await using session = openJob(caller, `echo ready; sleep ${mark}; echo over`);
    await session.shows("ready");
    const job = await until(
      "the job is seen",
      () => findProcesses(mark).find(({ words }) => words[0] === "sleep")?.pid,
    );
    session.type(keys.suspend);
    await until("both are stopped", () => [job, session.pid].every((pid) => statusField(pid, "State").startsWith("T")));
    process.kill(session.pid, "SIGCONT");
    await until("both go on", () => [job, session.pid].every((pid) => !statusField(pid, "State").startsWith("T")));
    session.type(keys.interrupt);
    expect(await session.ended).toEqual({ code: 130, signal: null });
  });

  test("a terminal that is closed ends the job", async () => {
    const mark = freshMark();
    await using session = openJob(caller, `echo ready; sleep ${mark}`);
    await session.shows("ready");
    session.hangUp();
    expect((await session.ended).code).toBe(129);
    await gone(mark);
  });
});

describe.each(callers)("the terminal, called by $name", (caller) => {
  test("shows what the job writes, and takes what is typed to it", async () => {
    await using session = openJob(caller, "read line; echo got $line; cat >/dev/null; echo end");
    session.type("hello\n");
    await session.shows("got hello");
    session.type(keys.endOfFile);
    await session.shows("end");
    expect(await session.ended).toEqual({ code: 0, signal: null });
  });

  test("is not the job's: no controlling terminal, and its streams are pipes", async () => {
    const look = "tty; for fd in 0 1 2; do [ -t $fd ] && echo terminal $fd; done; true < /dev/tty; echo end";
    await using inside = openJob(caller, look);
    const seen = await inside.shows("end");
    expect(seen).toContain("not a tty");
    expect(seen).not.toContain("terminal 0");
    expect(seen).toContain("/dev/tty: No such device or address");
    await using outside = open(caller, ["sh", "-c", look]);
    expect(await outside.shows("end")).toContain("terminal 2");
  });

  test("takes no input from the job", async () => {
    const words = [
      attempt.path,
      "terminal-input",
      "/dev/tty",
      "--",
      "terminal-input",
      "/proc/self/fd/0",
      "--",
      "terminal-input",
      "/proc/self/fd/2",
    ];
    await using inside = open(caller, [cupel.path, "run", "--read", attempt.path, "--", ...words]);
    await inside.ended;
    expect(inside.text().trim().split(/\s+/)).toEqual([
      "ENXIO",
      expect.stringMatching(/^E/),
      expect.stringMatching(/^E/),
    ]);
    await using outside = open(caller, [attempt.path, "terminal-input", "/dev/tty"]);
    await outside.ended;
    // Off by default in newer kernels, and then nobody may (proc_sys_dev(5)).
    const isOff = readIfThere("/proc/sys/dev/tty/legacy_tiocsti").trim() === "0";
    expect(outside.text().trim()).toEndWith(isOff ? "EIO" : "ok");
  });

  test("is as it was when the job has ended", async () => {
    await using session = open(caller, ["sh", "-c", 'stty -a; "$CUPEL" run -- true; echo ---; stty -a; echo end']);
    const [before = "", after = ""] = (await session.shows("end")).split("---");
    expect(after.replace("end", "").trim()).toBe(before.trim());
  });
});
