/**
 * The first process of a job's PID namespace, without a filter on system calls in between: it is the process itself
 * that cannot be traced, read or ended from inside. Attempts on a process of the job's own are the control.
 */
import { describe, expect, test } from "bun:test";
import namespaces from "../../src/strategies/namespaces.ts";
import type { LauncherPlan } from "../../src/model/plan.ts";
import { jobOf } from "../fixtures/jobs/jobs.ts";
import { rootEverything, userEverything } from "../fixtures/matrices/standings.ts";
import { installAttempt } from "../support/attempt.ts";
import { runCode } from "../support/evaluate.ts";
import { keys, openTerminal } from "../support/terminal.ts";
import { needs } from "../support/must-work.ts";
import { readIfThere } from "../support/processes.ts";
import { installCupel } from "../support/run-cli.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { callers, type Caller } from "../support/tester.ts";

const cupel = installCupel();
const attempt = installAttempt(cupel);

/** What `run` would do, but for the filter and the control groups. */
function unfiltered(caller: Caller, script: string, parts: Partial<LauncherPlan> = {}): LauncherPlan {
  const job = jobOf({
    command: ["/bin/sh", "-c", script, attempt.path],
    workspace: { mode: "empty", why: "" },
    directory: "/",
    grants: [{ path: attempt.path, access: "read" }],
    environment: { PS1: "$ " },
  });
  const matrix = caller.uid === 0 ? rootEverything : userEverything;
  return { ...namespaces.plan(job, matrix), seccomp: "none", controlGroup: {}, ...parts };
}

/** Code that carries it out with the process's own streams; the exit code is 0 where the job's was. */
function carryOutCode(launch: LauncherPlan, state: string): string {
  return `
    const { carryOut } = await import(src + "/run/carry-out.ts");
    const { createRealHost } = await import(src + "/host/real-host.ts");
    const plan = { strategy: "namespaces", isolation: "namespace", launch: ${JSON.stringify(launch)}, guarantees: [] };
    const { events } = await carryOut(plan, { host: createRealHost(), matrix: {}, stateDirectories: ["${state}"],
      streams: [0, 1, 2], forwardSignals: false });
    process.exitCode = events.find(({ event }) => event === "ended")?.status === 0 ? 0 : 1;
    if (process.exitCode !== 0) console.error(JSON.stringify(events));`;
}

async function run(caller: Caller, script: string): Promise<string> {
  using state = makeTempDir({ owner: caller });
  const code = carryOutCode(unfiltered(caller, script), state.at("state"));
  const ran = await runCode(code, { caller });
  expect({ code: ran.code, stderr: ran.stderr }).toEqual({ code: 0, stderr: "" });
  return ran.stdout;
}

const words = ["trace", "read-memory", "write-memory", "take-descriptor"];
const files = ["mem", "environ", "maps", "fd", "root", "cwd", "exe", "auxv", "ns/mnt", "ns/user"];

/** Attempts on the process $1, a line each. */
const attempts = [
  ...words.map((word) => `${word} $1`),
  `write /proc/$1/mem`,
  ...files.map((name) => `read /proc/$1/${name}`),
].join(" -- ");

describe.each(callers)("the first process, called by $name", (caller) => {
  test("can be neither traced nor read nor written by a job that has no filter", async () => {
    const script = `on() { "$0" ${attempts}; echo; }; on 1; sleep 100 & on $!; kill $!`;
    const [first = "", own = ""] = (await run(caller, script)).trim().split("\n\n");
    const denied = [...words.map(() => "EPERM"), "EACCES", ...files.map(() => "EACCES")];
    expect(first.split("\n")).toEqual(denied);
    const allowed = ["ok", "EFAULT", "EFAULT", "ok", "ok", ...files.map(() => "ok")];
    expect(own.split("\n")).toEqual(allowed);
  });

  test("is ended by no signal of the job's, be it of the whole namespace", async () => {
    const numbers = Array.from({ length: 64 }, (_, index) => index + 1).filter((number) => ![32, 33].includes(number));
    // It takes none of them, if Landlock has let them through at all (LANDLOCK_SCOPE_SIGNAL).
    const script = `for number in ${numbers.join(" ")}; do kill -$number 1 2>/dev/null; done; echo still here`;
    expect(await run(caller, script)).toBe("still here\n");
    expect(
      await run(caller, `trap '' TERM HUP; sleep 100 & kill -TERM -1; sleep 100 & kill -HUP -1; echo still here`),
    ).toBe("still here\n");
  });
});

describe.each(callers)("a private terminal, called by $name", (caller) => {
  const push = `perl -e 'ioctl(STDIN, 0x5412, $_) for split //, "pushed\\n"; print "job read ", scalar <STDIN> if shift'`;

  async function after(command: string, variables: Record<string, string>): Promise<string> {
    const script = `${command}; echo over; read line; echo "outside read $line"`;
    const env = { ...cupel.environment(caller), ...variables };
    await using session = openTerminal([...caller.prefix, "sh", "-c", script], { cwd: "/", env });
    await session.shows("over");
    session.type("typed\n");
    session.type(keys.endOfFile);
    await session.shows("outside read");
    return session.text();
  }

  // Off by default in newer kernels, and then nobody may (proc_sys_dev(5)).
  const isOff = readIfThere("/proc/sys/dev/tty/legacy_tiocsti").trim() === "0";
  needs(!isOff, "this kernel lets nobody push input")(
    "takes pushed input itself, where no filter forbids to push, and the caller's gets none of it",
    async () => {
      using state = makeTempDir({ owner: caller });
      const launch = unfiltered(caller, `${push} read`, { terminal: "private" });
      const source = new URL("../../src", import.meta.url).pathname;
      const code = `const src = ${JSON.stringify(source)};${carryOutCode(launch, state.at("state"))}`;
      const inside = await after(`"$RUNTIME" -e "$CODE"`, { RUNTIME: process.execPath, CODE: code });
      expect(inside).toContain("job read pushed");
      expect(inside).toContain("outside read typed");
      expect(await after(push, {})).toContain("outside read pushed");
    },
  );
});
