/** `--tty`: a terminal of the job's own, and what passes between it and the caller's. */
import { describe, expect, test } from "bun:test";
import { readFileSync, readdirSync, readlinkSync, statSync } from "node:fs";
import { installAttempt } from "../support/attempt.ts";
import { childrenOf, findProcesses, freshMark, statusField } from "../support/processes.ts";
import { installCupel } from "../support/run-cli.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { keys, openTerminal, type TerminalSession } from "../support/terminal.ts";
import { callers, type Caller } from "../support/tester.ts";
import { until } from "../support/until.ts";

const cupel = installCupel();
const attempt = installAttempt(cupel);
const inProcess = ["--strategy", "process", "--accept-missing", "all"];
const strategies = { namespaces: [], process: inProcess };
const cases = callers.flatMap((caller) =>
  Object.entries(strategies).map(([name, flags]) => [`${name}, called by ${caller.name}`, caller, flags] as const),
);

function open(caller: Caller, words: readonly string[], columns = 80): TerminalSession {
  const options = { cwd: cupel.workspace(caller), env: cupel.environment(caller), columns };
  return openTerminal([...caller.prefix, ...words], options);
}

function openJob(caller: Caller, flags: readonly string[], script: string): TerminalSession {
  return open(caller, [cupel.path, "run", "--tty", ...flags, "--", "sh", "-c", script]);
}

/** The caller's shell, which reads its commands from the terminal as a user's does. */
function openShell(caller: Caller): TerminalSession {
  return open(caller, ["env", "PS1=$ ", "sh", "-i"]);
}

describe.each(cases)("a job with a terminal in %s", (_name, caller, flags) => {
  test("finds it by name, by /dev/tty and on all three streams", async () => {
    const look = "tty; for fd in 0 1 2; do [ -t $fd ] && echo is $fd; done; echo to it > /dev/tty; echo $TERM; exit 3";
    await using session = openJob(caller, flags, look);
    expect(await session.ended).toEqual({ code: 3, signal: null });
    const lines = session.text().split("\r\n").slice(-7);
    expect(lines).toEqual([expect.stringMatching(/^\/dev\/pts\/\d+$/), "is 0", "is 1", "is 2", "to it", "xterm", ""]);
  });

  test("finds it as large as the caller's, and hears of every change", async () => {
    const loop = "trap 'stty size; exit 0' WINCH; stty size; echo ready; while :; do sleep 0.02; done";
    await using session = open(caller, [cupel.path, "run", "--tty", ...flags, "--", "sh", "-c", loop], 101);
    await session.shows("24 101\r\nready");
    session.resize(77, 33);
    expect(await session.ended).toEqual({ code: 0, signal: null });
    expect(session.text()).toContain("33 77");
  });

  test("is interrupted in its foreground, and cupel is not", async () => {
    await using session = openJob(caller, flags, "PS1='$ ' exec sh -i");
    await session.shows("$ ");
    session.type("sleep 1000 && echo no$((1+1))\r");
    await session.shows("no$((1+1))\r\n");
    await Bun.sleep(100);
    session.type(keys.interrupt);
    session.type("echo on$((1+1)); exit 4\r");
    await session.shows("on2");
    expect(await session.ended).toEqual({ code: 4, signal: null });
    expect(session.text()).not.toContain("no2");
  });

  test("stops and continues its own children", async () => {
    const mark = freshMark();
    const sleeper = (): string | undefined =>
      findProcesses(mark)
        .filter(({ words }) => words[0] === "sleep")
        .map(({ pid }) => statusField(pid, "State"))[0];
    await using session = openJob(caller, flags, "PS1='$ ' exec sh -i");
    session.type(`sleep ${mark}\r`);
    await until("it sleeps", () => sleeper()?.startsWith("S"));
    session.type(keys.suspend);
    await until("it is stopped", () => sleeper()?.startsWith("T"));
    await session.shows("Stopped");
    session.type("bg\r");
    await until("it sleeps in the background", () => sleeper()?.startsWith("S"));
    session.type("fg\r");
    await session.shows("fg\r\nsleep");
    session.type(keys.interrupt);
    await until("it is gone", () => sleeper() === undefined);
    session.type("exit 5\r");
    expect(await session.ended).toEqual({ code: 5, signal: null });
  });

  test("sees the end of its input where the caller types it", async () => {
    await using session = openJob(caller, flags, "cat; echo end");
    session.type("a line\r");
    await session.shows("a line\r\na line\r\n");
    session.type(keys.endOfFile);
    await session.shows("end");
    expect(await session.ended).toEqual({ code: 0, signal: null });
  });

  test("writes a megabyte through it, whole and in order", async () => {
    await using session = openJob(caller, flags, "seq 1 150000");
    expect(await session.ended).toEqual({ code: 0, signal: null });
    const numbers = Array.from({ length: 150_000 }, (_, index) => `${index + 1}\r\n`).join("");
    await session.shows("150000\r\n");
    expect(session.text().endsWith(numbers)).toBeTrue();
  });

  test("reads a megabyte through it, whole and in order", async () => {
    const script = "stty raw -echo; echo ready; head -c 1000000 | sha256sum";
    await using session = openJob(caller, flags, script);
    await session.shows("ready");
    const input = Array.from({ length: 100_000 }, (_, index) => String(index).padStart(10, "0")).join("");
    session.type(input);
    await session.shows(new Bun.CryptoHasher("sha256").update(input).digest("hex"));
    expect(await session.ended).toEqual({ code: 0, signal: null });
  });

  test("has the terminal on those streams only where the caller has it", async () => {
    using directory = makeTempDir({ owner: caller });
    const look = "for fd in 0 1 2; do [ -t $fd ] && echo is $fd; done; echo err >&2; echo to it > /dev/tty";
    const words = [cupel.path, "run", "--tty", ...flags, "--", "sh", "-c", look];
    const redirected = async (redirections: string): Promise<string> => {
      await using session = open(caller, ["sh", "-c", `"$@" ${redirections}`, "sh", ...words]);
      expect(await session.ended).toEqual({ code: 0, signal: null });
      await session.shows("to it");
      return session.text();
    };
    const [out, err] = [directory.at("out"), directory.at("err")];
    expect(await redirected(`> ${out}`)).toEndWith("err\r\nto it\r\n");
    expect(readFileSync(out, "utf8")).toBe("is 0\nis 2\n");
    expect(await redirected(`> ${out} 2> ${err}`)).toEndWith("to it\r\n");
    expect([readFileSync(out, "utf8"), readFileSync(err, "utf8").endsWith("err\n")]).toEqual(["is 0\n", true]);
    expect(await redirected(`< /dev/tty > ${out} 2> ${err}`)).toEndWith("to it\r\n");
    // Another program of the pipeline writes to a terminal that is raw: its lines are not completed.
    expect((await redirected("| cat")).match(/is \d(?=\r?\n)/g)).toEqual(["is 0", "is 2"]);
  });

  test("can push nothing into its input, nor into the caller's", async () => {
    const words = [attempt.path, "terminal-input", "/dev/tty"];
    await using session = open(caller, [cupel.path, "run", "--tty", ...flags, "--read", attempt.path, "--", ...words]);
    await session.ended;
    expect(session.text().trim().split("\r\n").at(-1)).toBe("EPERM");
  });

  test("is out of reach of what passes its bytes on", async () => {
    const mark = freshMark();
    await using session = openJob(caller, flags, `echo ready; exec sleep ${mark}`);
    await session.shows("ready");
    const holds = (pid: number): boolean =>
      readdirSync(`/proc/${pid}/fd`).some((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`).includes("ptmx"));
    const job = await until("the job is seen", () => findProcesses(mark)[0]?.pid);
    const all = childrenOf(session.pid);
    const first = Number(statusField(job, "PPid"));
    expect(all).toContain(first);
    if (process.getuid?.() === 0) {
      expect([holds(job), holds(first)]).toEqual([false, false]);
      expect(all.filter((pid) => pid !== job && holds(pid)).length).toBe(3);
    }
    // Not dumpable: root's in /proc, whoever's process it is (proc(5)).
    const relays = all.filter((pid) => pid !== job && pid !== first && pid !== all[0]);
    expect(relays.map((pid) => statSync(`/proc/${pid}/fd`).uid)).toEqual([0, 0]);
  });
});

describe.each(callers)("without a terminal, called by $name", (caller) => {
  test("--tty is refused in one sentence, before anything runs", async () => {
    for (const stdin of ["", undefined]) {
      const ran = await cupel.run(caller, ["run", "--tty", "--", "true"], stdin === undefined ? {} : { stdin });
      expect(ran).toMatchObject({ code: 125, stdout: "" });
      expect(ran.stderr).toBe(
        "cupel: --tty relays your terminal to the job, and standard input is not one; call cupel from a terminal, or leave it out\n",
      );
    }
  });

  test("a plan says what would be done all the same", async () => {
    const { code, stdout } = await cupel.run(caller, ["plan", "--json", "--tty", "--", "true"]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ plan: { launch: { terminal: "private" } } });
  });
});

describe.each(callers)("job control outside, called by $name", (caller) => {
  const waits = `"$CUPEL" run --tty -- sh -c 'echo rea""dy; read line; echo got $line'`;

  test("a job that is stopped from outside gives the terminal back, and has it again when it goes on", async () => {
    await using session = openShell(caller);
    await session.shows("$ ");
    session.type(`${waits}\n`);
    await session.shows("ready");
    const raw = session.settings();
    const running = childrenOf(session.pid)[0] ?? 0;
    process.kill(running, "SIGTSTP");
    await session.shows("Stopped");
    expect(statusField(running, "State")).toStartWith("T");
    expect(session.settings()).not.toBe(raw);
    session.type("echo shell$((1+1))\n");
    await session.shows("shell2");
    session.type("fg\n");
    await until("it is raw again", () => session.settings() === raw);
    session.type("text\r");
    await session.shows("got text");
    await until("it is the shell's again", () => session.settings() !== raw);
    session.type("exit\n");
    await session.ended;
  });

  test("one that is started in the background waits for the terminal", async () => {
    await using session = openShell(caller);
    await session.shows("$ ");
    session.type(`${waits} &\n`);
    await session.shows("ready");
    const cooked = session.settings();
    session.type("echo shell$((1+1))\n");
    await session.shows("shell2");
    session.type("fg\n");
    await until("it is raw", () => session.settings() !== cooked);
    session.type("text\r");
    await session.shows("got text");
    await until("it is as it was", () => session.settings() === cooked);
    session.type("exit\n");
    await session.ended;
  });
});
