/** Jobs without namespaces: what Landlock leaves them, what the guard asks about, and who ends them. */
import { describe, expect } from "bun:test";
import { lstatSync, renameSync, symlinkSync, utimesSync } from "node:fs";
import { createServer } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import type { LauncherPlan } from "../../src/model/plan.ts";
import { confinedPlan, readLandlockVersion, ruleOf } from "../support/confined-plan.ts";
import { execute } from "../support/execute.ts";
import { launchProgram, type LaunchOptions } from "../support/launch-program.ts";
import { needs } from "../support/must-work.ts";
import { findProcesses, freshMark, listProcesses, statusField } from "../support/processes.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { until } from "../support/until.ts";

const version = await readLandlockVersion();
const needsScopes = needs(version >= 6, "a kernel with Landlock 6 or later");

const python = "/usr/bin/python3";
const changes = `${import.meta.dir}/../support/change-files.py`;

describe("changes of mode, owner and times", () => {
  needsScopes("where the job may write come out as they do without a sandbox, however they are said", async () => {
    using directory = makeTempDir();
    const outside = directory.file("outside", "x");
    const inside = directory.folder("granted");
    const target = `${inside}/file`;
    await Bun.write(target, "x");
    const [alone, guarded] = [
      await execute([python, changes, outside]),
      await launchProgram(confinedPlan([python, changes, target], [ruleOf(inside, "write"), ruleOf(changes, "read")])),
    ];
    expect(guarded.stderr).toBe("");
    expect(guarded.stdout.split("\n")).toEqual(alone.stdout.split("\n"));
    expect(alone.stdout.split("\n").filter((line) => line.includes(": ok: changed")).length).toBeGreaterThan(10);
  });

  needsScopes("of what it may only read are denied, and change nothing", async () => {
    using directory = makeTempDir();
    const granted = directory.folder("granted");
    await Bun.write(`${granted}/file`, "x");
    utimesSync(`${granted}/file`, 1, 1);
    const plan = confinedPlan([python, changes, `${granted}/file`], [ruleOf(granted, "read"), ruleOf(changes, "read")]);
    const { stdout } = await launchProgram(plan);
    const lines = stdout.split("\n").filter((line) => line !== "");
    expect(lines.filter((line) => line.includes(": ok:") || line.includes(": changed:"))).toEqual([]);
    expect(lines.filter((line) => line.includes(": EPERM: ")).length).toBeGreaterThan(10);
    expect(lstatSync(`${granted}/file`).mtimeMs).toBe(1000);
  });

  needsScopes("lead out through no link, and change a link itself where that is meant", async () => {
    using directory = makeTempDir();
    const secret = directory.file("secret", "x");
    const granted = directory.folder("granted");
    symlinkSync(secret, `${granted}/link`);
    symlinkSync("..", `${granted}/up`);
    const acts = [
      `chmod 777 ${granted}/link`,
      `touch ${granted}/link`,
      `touch ${granted}/up/secret`,
      `cd ${granted} && chmod 777 ../secret`,
      `chmod 777 /proc/self/cwd/../secret`,
      `touch -h -d @7 ${granted}/link`,
      `exec 5<>${granted}/kept && rm ${granted}/kept && chmod 700 /proc/self/fd/5`,
    ];
    const before = lstatSync(secret);
    const script = acts.map((act) => `if ( ${act} ) 2>/dev/null; then echo yes; else echo no; fi`).join("\n");
    const plan = confinedPlan(["/bin/sh", "-c", script], [ruleOf(granted, "write")]);
    const { stdout } = await launchProgram(plan);
    expect(stdout.split("\n").slice(0, -1)).toEqual(["no", "no", "no", "no", "no", "yes", "no"]);
    const after = lstatSync(secret);
    expect([after.mode, after.mtimeMs, after.ctimeMs]).toEqual([before.mode, before.mtimeMs, before.ctimeMs]);
    expect(lstatSync(`${granted}/link`).mtimeMs).toBe(7000);
  });
});

describe("rules", () => {
  needsScopes("speak of what was granted, and not of what a link has put in its place", async () => {
    using directory = makeTempDir();
    const granted = directory.folder("granted");
    renameSync(granted, directory.at("moved"));
    symlinkSync(directory.folder("other"), granted);
    const { events } = await launchProgram(confinedPlan(["/bin/true"], [ruleOf(granted, "write")]));
    expect(events).toEqual([{ event: "failed", step: "bind-source", errno: 40, subject: granted }]);
  });

  needsScopes("that name nothing are a failure where it was granted, and nothing where every job has it", async () => {
    using directory = makeTempDir();
    const absent = directory.at("absent");
    const optional = { path: absent, access: "read", optional: true } as const;
    const ends = [ruleOf(absent, "read"), optional].map(async (rule) => {
      const { events } = await launchProgram(confinedPlan(["/bin/true"], [rule]));
      return events.at(-1)?.event;
    });
    expect(await Promise.all(ends)).toEqual(["failed", "ended"]);
  });

  needsScopes("are those of a kernel that has less than was measured for nobody", async () => {
    const { events } = await launchProgram(confinedPlan(["/bin/true"], [], { landlockVersion: version + 1 }));
    expect(events).toEqual([{ event: "failed", step: "landlock", errno: 95, subject: "version" }]);
  });
});

needsScopes("TCP is denied to whoever has a socket", async () => {
  const server = createServer((socket) => void socket.end("hello"));
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" ? (address?.port ?? 0) : 0;
  const script = `import socket; print(socket.create_connection(("127.0.0.1", ${port})).recv(9).decode())`;
  const plan = (parts: Partial<LauncherPlan>) => confinedPlan([python, "-c", script], [], parts);
  try {
    expect((await launchProgram(plan({}))).stdout).toBe("hello\n");
    expect((await launchProgram(plan({ landlockNetwork: "denied" }))).stderr).toContain("PermissionError: [Errno 13]");
  } finally {
    server.close();
  }
});

/** Each process of it makes the next and ends: whoever ends them one after the other is always too late. */
const evader = `import os
os.setsid()
while True:
    if os.fork(): os._exit(0)
`;

async function survivors(mark: string): Promise<readonly number[]> {
  await pause(300);
  return findProcesses(mark).map(({ pid }) => pid);
}

/** By their places in {@link keepersOf}; one that was put in the place of another counts as that. */
async function killInTurn(mark: string, victims: readonly number[]): Promise<void> {
  for (const index of victims) {
    const before = keepersOf(mark)[index] ?? 0;
    // What the end of the one before has ended already.
    if (before <= 1) continue;
    process.kill(before, "SIGKILL");
    if (index === 2) await until("there is another", () => ![0, before].includes(keepersOf(mark)[index] ?? 0));
  }
}

/** A script that starts it, and goes on when it runs. */
function withEvader(mark: string, after: string): LauncherPlan["command"] {
  return ["/bin/sh", "-c", `${python} -c '${evader}' ${mark} & sleep 0.3; ${after}`];
}

/** The launcher, the first process and the successor, in the order in which each was made by the one before. */
function keepersOf(mark: string): number[] {
  const parents = listProcesses().map((pid) => [pid, Number(statusField(pid, "PPid"))] as const);
  const parentOf = (pid: number): number => parents.find(([one]) => one === pid)?.[1] ?? 0;
  const job = findProcesses(`waits-${mark}`)[0]?.pid ?? 0;
  const first = parentOf(job);
  const successor = parents.find(
    ([pid, parent]) => parent === first && pid !== job && statusField(pid, "Name") === "cupel",
  );
  return [parentOf(first), first, successor?.[0] ?? 0];
}

describe("what runs away", () => {
  needsScopes("ends with the job", async () => {
    const mark = freshMark();
    const { events } = await launchProgram(confinedPlan(withEvader(mark, "true"), []));
    expect(events.at(-1)).toMatchObject({ event: "ended", status: 0 });
    expect(await survivors(mark)).toEqual([]);
  });

  needsScopes("ends at the deadline", async () => {
    const mark = freshMark();
    const { events } = await launchProgram(confinedPlan(withEvader(mark, "sleep 60"), [], { timeoutMs: 600 }));
    expect(events.map(({ event }) => event)).toContain("timeout");
    expect(await survivors(mark)).toEqual([]);
  });

  needsScopes("ends with the set-up command, and what comes after it is watched as well", async () => {
    const [before, after] = [freshMark(), freshMark()];
    const plan = confinedPlan(withEvader(after, "true"), [], { setup: withEvader(before, "true") });
    const left = Promise.withResolvers<readonly number[]>();
    const act: NonNullable<LaunchOptions["on"]>["act"] = (launch) =>
      void survivors(before).then((pids) => {
        left.resolve(pids);
        launch.proceed();
      });
    const { events } = await launchProgram(plan, { on: { event: "setup-ended", act } });
    expect(events.at(-1)).toMatchObject({ event: "ended", status: 0 });
    expect([await left.promise, await survivors(after)]).toEqual([[], []]);
  });

  needsScopes("ends when the first process is killed behind a set-up command", async () => {
    const mark = freshMark();
    const waiting = `exec sh -c "while :; do sleep 0.1; done" waits-${mark}`;
    const plan = confinedPlan(withEvader(mark, waiting), [], { setup: ["/bin/true"] });
    const act: NonNullable<LaunchOptions["on"]>["act"] = (launch) => {
      launch.proceed();
      void until("the job waits", () => findProcesses(`waits-${mark}`).length === 1).then(() => killInTurn(mark, [1]));
    };
    await launchProgram(plan, { on: { event: "setup-ended", act } }).catch(() => undefined);
    expect([await survivors(mark), await survivors(`waits-${mark}`)]).toEqual([[], []]);
  });

  for (const [who, victims] of [
    ["the launcher", [0]],
    ["the first process", [1]],
    ["the launcher, and then the first process,", [0, 1]],
    ["the first process's successor, and then it,", [2, 1]],
  ] as const)
    needsScopes(`ends when ${who} is killed`, async () => {
      const mark = freshMark();
      const plan = confinedPlan(withEvader(mark, `exec sh -c "while :; do sleep 0.1; done" waits-${mark}`), []);
      const killed = Promise.withResolvers<number>();
      const act = (): void => {
        void until("the job waits", () => findProcesses(`waits-${mark}`).length === 1).then(() => {
          killed.resolve(keepersOf(mark).filter((pid) => pid > 1).length);
          return killInTurn(mark, victims);
        });
      };
      await launchProgram(plan, { on: { event: "started", act } }).catch(() => undefined);
      expect(await killed.promise).toBe(3);
      expect([await survivors(mark), await survivors(`waits-${mark}`)]).toEqual([[], []]);
    });
});
