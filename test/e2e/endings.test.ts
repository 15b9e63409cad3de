/** However a run ends, nothing of it is left: no process, no mount, no control group, no file. */
import { describe, expect, test } from "bun:test";
import { readdirSync, readlinkSync } from "node:fs";
import type { Running } from "../support/execute.ts";
import { jobsKernels, jobsProcesses } from "../support/job-outside.ts";
import { childrenOf, findProcesses, freshMark, isAlive, processesOfRun, statusField } from "../support/processes.ts";
import { installCupel } from "../support/run-cli.ts";
import { either, onKernel } from "../support/sandbox-on-trial.ts";
import { stubbornTree, stubbornTreeSize } from "../support/stubborn-tree.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { callers, type Caller } from "../support/tester.ts";
import { cupelControlGroups, mountLines, noneBut, temporaryFiles } from "../support/traces.ts";
import { until } from "../support/until.ts";

const cupel = installCupel();

interface Tree {
  readonly mark: string;
  readonly running: Running;
  /** Everything below cupel: the launcher, its relays, the job's first process, the job. */
  readonly pids: readonly number[];
}

async function startTree(caller: Caller, flags: readonly string[] = []): Promise<Tree> {
  const mark = freshMark();
  const script = `echo begun; ${stubbornTree(mark)}`;
  const running = cupel.start(caller, ["run", ...flags, "--", "sh", "-c", script], { stdin: "" });
  await running.wrote("begun");
  const isHidden = onKernel(false, !flags.includes("process"));
  await until("the whole tree is seen", () =>
    isHidden ? jobsProcesses(mark, running.pid).length > 0 : findProcesses(mark).length === stubbornTreeSize,
  );
  // What is not seen there yet gVisor has started for a tree that says it has begun.
  if (isHidden) await Bun.sleep(300);
  return { mark, running, pids: processesOfRun(running.pid, mark) };
}

/** One second, as the issue says. */
async function gone({ mark, pids }: Tree, withinMs = 1000): Promise<void> {
  const left = (): number[] => [...findProcesses(mark).map(({ pid }) => pid), ...pids.filter(isAlive)];
  await until("every process of the run is gone", () => left().length === 0, withinMs);
}

/** The launcher is cupel's child. The job's first process leads a PID namespace; or it is the launcher's, without privileges. */
function launcherOf(cupelPid: number): number {
  const pid = childrenOf(cupelPid)[0];
  if (pid === undefined) throw new Error(`process ${cupelPid} has no child`);
  return pid;
}

function firstProcessOf({ running, pids }: Tree): number {
  const launcher = String(launcherOf(running.pid));
  const isFirst = either(
    // In one PID namespace within this one: gVisor's own lie deeper.
    (pid: number) => /^\d+\s+1$/.test(statusField(pid, "NSpid")),
    (pid: number) => statusField(pid, "PPid") === launcher && statusField(pid, "NoNewPrivs") === "1",
  );
  const found = pids.find(isFirst);
  if (found === undefined) throw new Error(`launcher ${launcher} has no first process`);
  return found;
}

describe.each(callers)("a job, called by $name", (caller) => {
  test("is gone one second after kill -9 of cupel", async () => {
    const job = await startTree(caller);
    await using running = job.running;
    process.kill(running.pid, "SIGKILL");
    await gone(job);
    expect(await running.ended).toMatchObject({ code: null, signal: "SIGKILL" });
  });

  test("is gone one second after kill -9 of the launcher, and cupel says so", async () => {
    const job = await startTree(caller);
    await using running = job.running;
    process.kill(launcherOf(running.pid), "SIGKILL");
    await gone(job);
    const { code, stderr } = await running.ended;
    expect(code).toBe(125);
    expect(stderr).toMatch(/^cupel: [^\n]*launcher[^\n]*\n$/);
  });

  test("is gone one second after kill -9 of its first process, and cupel says so", async () => {
    const job = await startTree(caller);
    await using running = job.running;
    process.kill(firstProcessOf(job), "SIGKILL");
    await gone(job);
    const { code, stderr } = await running.ended;
    expect(code).toBe(125);
    expect(stderr).toMatch(/^cupel: [^\n]*first process[^\n]*\n$/);
  });

  test("is gone with its main process, whatever it left running", async () => {
    const mark = freshMark();
    const script = `setsid sleep ${mark} & (sleep ${mark} &) & sh -c 'kill -STOP $$' ${mark} & exit 8`;
    expect((await cupel.run(caller, ["run", "--", "sh", "-c", script])).code).toBe(8);
    expect([findProcesses(mark), jobsKernels()]).toEqual([[], []]);
  });

  test("is gone when its time is up, stopped and detached children too", async () => {
    const job = await startTree(caller, ["--timeout", "1s", "--grace", "50ms"]);
    await using running = job.running;
    expect((await running.ended).code).toBe(124);
    await gone(job);
  });
});

describe.each(callers)("signals, called by $name", (caller) => {
  test.each([
    ["SIGTERM", 15],
    ["SIGHUP", 1],
    ["SIGINT", 2],
    ["SIGQUIT", 3],
    ["SIGUSR1", 10],
    ["SIGUSR2", 12],
  ] as const)("%s is passed on, and answered by the job", async (signal, number) => {
    const script = `trap 'echo got it; exit 40' ${number}; echo ready; while :; do sleep 0.02; done`;
    await using running = cupel.start(caller, ["run", "--", "sh", "-c", script]);
    await running.wrote("ready");
    running.kill(signal);
    // The shell may have a word to say about its own child, so standard error is not looked at.
    expect(await running.ended).toMatchObject({ code: 40, signal: null, stdout: "ready\ngot it\n" });
  });

  test.each([
    ["SIGTERM", 143],
    ["SIGHUP", 129],
    ["SIGINT", 130],
    ["SIGUSR1", 138],
  ] as const)("%s ends a job that does not answer it: %d", async (signal, code) => {
    const mark = freshMark();
    await using running = cupel.start(caller, ["run", "--", "sh", "-c", `echo ready; exec sleep ${mark}`]);
    await running.wrote("ready");
    await until("the job is seen", () => jobsProcesses(mark, running.pid).length > 0);
    running.kill(signal);
    expect((await running.ended).code).toBe(code);
    expect([findProcesses(mark), jobsKernels()]).toEqual([[], []]);
  });

  test("one that comes at the very beginning is not lost", async () => {
    const mark = freshMark();
    await using running = cupel.start(caller, ["run", "--", "sleep", mark]);
    await until("cupel has begun", () => readlinkSync(`/proc/${running.pid}/exe`) === cupel.path);
    running.kill("SIGTERM");
    const { code, signal } = await running.ended;
    expect([code, signal]).toEqual(signal === null ? [143, null] : [null, "SIGTERM"]);
    expect([findProcesses(mark), jobsKernels()]).toEqual([[], []]);
  });
});

const ends = {
  "ends well": ["--", "true"],
  fails: ["--", "false"],
  "is ended by a signal": ["--", "sh", "-c", "kill -9 $$"],
  "runs out of time": ["--timeout", "100ms", "--grace", "50ms", "--", "sleep", "1000"],
  "is not found": ["--", "/nowhere"],
  "is refused": ["--require", "net.allowlist", "--", "true"],
  "is given grants": ["--read", "/etc/passwd", "--write", ".", "--tools", "--", "true"],
};

describe.each(callers)("a run called by $name", (caller) => {
  test.each(Object.entries(ends))("that %s leaves nothing", async (_name, words) => {
    using home = makeTempDir({ owner: caller });
    const call = () => cupel.run(caller, ["run", ...words], { env: { XDG_STATE_HOME: home.path } });
    const mounts = mountLines();
    const groups = cupelControlGroups();
    const files = temporaryFiles();
    await call();
    await call();
    await noneBut(mounts, mountLines);
    expect(mountLines()).toEqual(expect.arrayContaining(mounts));
    await noneBut(groups, cupelControlGroups);
    await noneBut(files, temporaryFiles);
    expect(readdirSync(cupel.workspace(caller))).toEqual([]);
    const state = readdirSync(home.at("cupel"));
    if (state.includes("layers")) expect(readdirSync(home.at("cupel/layers"))).toEqual([]);
    expect(
      state.filter(
        (name) => !/^((report|verdict)\.json|layers|runs|root|engines|(launcher|prober)-[0-9a-f]{16})$/.test(name),
      ),
    ).toEqual([]);
  });

  test("and killed leaves no control group behind the next one", async () => {
    const before = cupelControlGroups();
    const job = await startTree(caller, caller.uid === 0 ? ["--memory", "128M", "--pids", "50", "--cpus", "0.5"] : []);
    {
      await using running = job.running;
      process.kill(running.pid, "SIGKILL");
      await gone(job);
    }
    await cupel.run(caller, ["run", "--", "true"]);
    await noneBut(before, cupelControlGroups);
  });
});

describe.each(callers)("the strategy process, called by $name", (caller) => {
  const flags = ["--strategy", "process", "--accept-missing", "all"];

  test("declares that it does not promise the end of the tree", async () => {
    const { stdout } = await cupel.run(caller, ["plan", "--json", ...flags, "--", "true"]);
    const { plan } = JSON.parse(stdout) as { plan: { guarantees: { id: string; kept: boolean }[] } };
    expect(plan.guarantees.find(({ id }) => id === "proc.tree")).toMatchObject({
      kept: false,
      reason: expect.any(String),
    });
  });

  test("and indeed the tree outlives what watched it: the tests above can fail", async () => {
    const job = await startTree(caller, flags);
    await using running = job.running;
    const watchers = job.pids.filter((pid) => !findProcesses(job.mark).some((found) => found.pid === pid));
    // Stopped first: each would see to the end of the tree when another one's comes.
    for (const signal of ["SIGSTOP", "SIGKILL"] as const)
      for (const pid of [...watchers, running.pid]) process.kill(pid, signal);
    await until("the watchers are gone", () => !watchers.some(isAlive));
    const left = findProcesses(job.mark);
    for (const { pid } of left) process.kill(pid, "SIGKILL");
    expect(left.length).toBeGreaterThan(0);
  });
});
