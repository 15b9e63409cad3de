/** What a job can do to other processes, and what it shares with them. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { installAttempt, type Attempt } from "../support/attempt.ts";
import { start, type Running } from "../support/execute.ts";
import { needsPrograms } from "../support/must-work.ts";
import { findProcesses, freshMark } from "../support/processes.ts";
import { installCupel } from "../support/run-cli.ts";
import { either } from "../support/sandbox-on-trial.ts";
import { callers } from "../support/tester.ts";
import { until } from "../support/until.ts";

const cupel = installCupel();
const attempt = installAttempt(cupel);
const unprotected = ["--strategy", "process", "--accept-missing", "all"];

describe.each(callers)("processes, called by $name", (caller) => {
  let victim: Running;
  beforeAll(async () => {
    const mark = freshMark();
    victim = start([...caller.prefix, "sleep", mark], { env: cupel.environment(caller) });
    await until("the victim is there", () => findProcesses(mark).some(({ words }) => words[0] === "sleep"));
  });
  afterAll(() => victim[Symbol.asyncDispose]());

  test("another process of the caller's can be neither signalled nor read, nor seen among processes of its own", async () => {
    const acts: Attempt[] = [
      ["signal", victim.pid],
      ["see", `/proc/${victim.pid}`],
      ["read", `/proc/${victim.pid}/environ`],
    ];
    expect(await attempt.outside(caller, acts)).toEqual(["ok", "ok", "ok"]);
    expect(await attempt.inside(caller, acts)).toEqual(
      either(["ESRCH", "ENOENT", "ENOENT"], ["EPERM", "ok", "EACCES"]),
    );
    const [signalled, seen] = await attempt.inside(caller, acts, unprotected);
    expect([signalled, seen]).toEqual(["ok", "ok"]);
  });

  test("nothing can be traced, not even a process of the job's own", async () => {
    expect(await attempt.outside(caller, [["trace", victim.pid]])).toEqual(["ok"]);
    const own = `sleep 100 & "$0" trace $! ; kill $!`;
    const inside = await cupel.run(caller, ["run", "--read", attempt.path, "--", "sh", "-c", own, attempt.path]);
    expect(inside).toMatchObject({ code: 0, stdout: "EPERM\n" });
    const outside = await cupel.outside(caller, ["sh", "-c", own, attempt.path]);
    expect(outside.stdout).toBe("ok\n");
  });

  test("the job's first process cannot be ended from inside", async () => {
    const script = "kill -KILL 1; kill -TERM 1; kill -STOP 1; echo still here";
    expect(await cupel.run(caller, ["run", "--", "sh", "-c", script])).toMatchObject({
      code: 0,
      stdout: "still here\n",
    });
  });

  test("a signal to everyone reaches the job alone", async () => {
    const { code } = await cupel.run(caller, ["run", "--", "sh", "-c", "trap '' TERM; kill -TERM -1; exit 7"]);
    expect(code).toBe(7);
    expect(await attempt.outside(caller, [["signal", victim.pid]])).toEqual(["ok"]);
  });

  needsPrograms("ipcmk", "ipcrm")("shared memory of System V is the job's own", async () => {
    const { stdout } = await cupel.outside(caller, ["ipcmk", "-M", "64"]);
    const segment = Number(/(\d+)\s*$/.exec(stdout)?.[1]);
    try {
      expect(await attempt.outside(caller, [["shared-memory", segment]])).toEqual(["ok"]);
      expect(await attempt.inside(caller, [["shared-memory", segment]], unprotected)).toEqual(["ok"]);
      expect(await attempt.inside(caller, [["shared-memory", segment]])).toEqual([either("EINVAL", "ENOSYS")]);
    } finally {
      await cupel.outside(caller, ["ipcrm", "-m", String(segment)]);
    }
  });

  test("POSIX message queues are the job's own", async () => {
    const name = `/cupel-canary-${process.pid}`;
    expect(
      await attempt.outside(caller, [
        ["make-queue", name],
        ["queue", name],
      ]),
    ).toEqual(["ok", "ok"]);
    try {
      expect(await attempt.inside(caller, [["queue", name]], unprotected)).toEqual(["ok"]);
      expect(await attempt.inside(caller, [["queue", name]])).toEqual([either("ENOENT", "ENOSYS")]);
    } finally {
      expect(await attempt.outside(caller, [["remove-queue", name]])).toEqual(["ok"]);
    }
  });

  test("keys of the caller's keyring are out of reach", async () => {
    const name = `cupel-canary-${process.pid}`;
    expect(
      await attempt.outside(caller, [
        ["make-key", name],
        ["key", name],
      ]),
    ).toEqual(["ok", "ok"]);
    try {
      expect(
        await attempt.inside(caller, [
          ["key", name],
          ["make-key", "other"],
        ]),
      ).toEqual(["EPERM", "EPERM"]);
    } finally {
      expect(await attempt.outside(caller, [["remove-key", name]])).toEqual(["ok"]);
    }
  });

  test("the environment is built from nothing", async () => {
    const script = "env | sort";
    const env = { CUPEL_CANARY: "secret", LD_PRELOAD: "", BASH_ENV: "/nonexistent", SSH_AUTH_SOCK: "/tmp/agent" };
    const { stdout } = await cupel.run(caller, ["run", "--", "/usr/bin/env"], { env });
    const scratch = String.raw`/.*/layers/running-[^/]+`;
    const places = stdout.replaceAll(new RegExp(`=${scratch}/`, "g"), "=SCRATCH/");
    expect(places.trim().split("\n").sort()).toEqual([
      ...either(["HOME=/home/job"], ["GIT_CONFIG_NOSYSTEM=1", "HOME=SCRATCH/home"]),
      "LANG=C.UTF-8",
      "LOGNAME=job",
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      "SHELL=/bin/sh",
      ...either([], ["TMPDIR=SCRATCH/tmp"]),
      "USER=job",
    ]);
    expect((await cupel.shell(caller, script, { env })).stdout).toContain("CUPEL_CANARY=secret");
  });
});
