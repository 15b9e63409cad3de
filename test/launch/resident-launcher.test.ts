import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { spawnLauncher } from "../../src/host/spawn-child.ts";
import { encodeInstruction, encodeResidentJob, type ResidentJob } from "../../src/launch/encode-instruction.ts";
import { FrameReader } from "../../src/launch/frame-reader.ts";
import { parseLaunchEvent, type LaunchEvent } from "../../src/launch/launch-event.ts";
import {
  startResidentLauncher,
  type ResidentLauncher,
  type ResidentResult,
} from "../../src/launch/resident-launcher.ts";
import { CupelError } from "../../src/model/error.ts";
import type { LauncherPlan } from "../../src/model/plan.ts";
import type { RootStep } from "../../src/model/root-step.ts";
import { barePlan } from "../fixtures/jobs/plans.ts";
import { placesIn, plainBinding } from "../support/launch-program.ts";
import { childrenOf, findProcesses, freshMark, isAlive } from "../support/processes.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { until } from "../support/until.ts";

const directory = makeTempDir();
afterAll(() => directory[Symbol.dispose]());
const places = placesIn(directory.folder("state", 0o700));

const root: readonly RootStep[] = [
  ...["/usr", "/bin", "/lib", "/lib64"].map((path) => ({ step: "mirror", path }) as const),
  { step: "tmpfs", destination: "/tmp", mode: 0o1777, sizeBytes: 2 ** 20, owned: true, writable: true },
  { step: "proc", destination: "/proc" },
  { step: "devices", destination: "/dev", shmBytes: 2 ** 20 },
];

const bare = barePlan(["true"]);
const boxed = barePlan(["true"], {
  namespaces: ["user", "mount", "pid", "ipc", "network"],
  root,
  dropCapabilities: true,
});

/** What a resident launcher is started for: nothing in common, a root that each job builds, one that all share. */
const shapes: readonly (readonly [name: string, plan: LauncherPlan, sharesRoot: boolean])[] = [
  ["no sandbox", bare, false],
  ["a root for each", boxed, false],
  ["a root that is shared", boxed, true],
];

async function start(plan: LauncherPlan, sharesRoot: boolean, captureBytesMax = 2 ** 16): Promise<ResidentLauncher> {
  const launcher = await startResidentLauncher(
    plan,
    plainBinding({ resident: { sharesRoot, captureBytesMax } }),
    places,
  );
  if (launcher === undefined) throw new Error("the launcher ended before it was ready");
  return launcher;
}

function job(command: readonly string[], parts: Partial<ResidentJob> = {}): ResidentJob {
  return { command, environment: { PATH: "/usr/bin:/bin" }, directory: "/", graceMs: 10, controlGroups: [], ...parts };
}

function shell(script: string, parts: Partial<ResidentJob> = {}): ResidentJob {
  return job(["/bin/sh", "-c", script], parts);
}

function textOf({ output, errors, end, events }: ResidentResult): unknown {
  const ended = events.find((event) => event.event === "ended");
  return [
    Buffer.from(output).toString(),
    Buffer.from(errors).toString(),
    ended?.event === "ended" && ended.status,
    end,
  ];
}

/** What the launcher says to these bytes after its shape, and then nothing more. */
async function tell(
  plan: LauncherPlan,
  sharesRoot: boolean,
  ...messages: readonly Uint8Array[]
): Promise<LaunchEvent[]> {
  const launcher = readdirSync(places.directories[0] ?? "").find((name) => name.startsWith("launcher-"));
  const child = await spawnLauncher(`${places.directories[0]}/${launcher}`, [-1, -1, -1], "jobs");
  child.send(encodeInstruction(plan, plainBinding({ resident: { sharesRoot, captureBytesMax: 100 } })));
  for (const message of messages) child.send(message);
  child.send(Uint8Array.from([0x43, 0x55, 0x50, 0x4c, 2, 0, 0, 0, 12, 0, 0, 0]));
  const reader = new FrameReader();
  const events: LaunchEvent[] = [];
  for await (const chunk of child.events)
    for (const { kind, payload } of reader.push(chunk))
      if (kind === "event") events.push(parseLaunchEvent(new TextDecoder().decode(payload)));
  await child.exited;
  return events;
}

describe.each(shapes)("startResidentLauncher, with %s", (_name, plan, sharesRoot) => {
  test("runs one job after another, each to its own end with its own outputs", async () => {
    const launcher = await start(plan, sharesRoot);
    const results = await Promise.all([
      launcher.run(shell("echo one; exit 1")),
      launcher.run(shell('echo "$A" >&2; kill -9 $$', { environment: { A: "two" } })),
      launcher.run(shell("pwd", { directory: "/usr" })),
    ]);
    expect(results.map(textOf)).toEqual([
      ["one\n", "", 1 << 8, "finished"],
      ["", "two\n", 9, "finished"],
      ["/usr\n", "", 0, "finished"],
    ]);
    await launcher.close();
    expect(launcher.isAlive).toBeFalse();
  });

  test("says how an output ends that is capped, and one that is binary", async () => {
    const launcher = await start(plan, sharesRoot, 5);
    const { output, errors, events } = await launcher.run(
      shell("printf '\\377\\000abcdef'; head -c 200000 /bin/sh >&2"),
    );
    expect([Buffer.from(output).toString("hex"), errors.length]).toEqual(["ff00616263", 5]);
    const length = Math.min(200_000, readFileSync("/bin/sh").length);
    expect(events.at(-1)).toEqual({ event: "finished", outputBytes: 8, errorBytes: length });
    await launcher.close();
  });

  test("says what could not be executed, and goes on", async () => {
    const launcher = await start(plan, sharesRoot);
    const { events } = await launcher.run(job(["no-such-program"]));
    expect(events).toEqual([
      { event: "exec-failed", errno: 2, subject: "no-such-program" },
      { event: "finished", outputBytes: 0, errorBytes: 0 },
    ]);
    expect((await launcher.run(shell("", { directory: "/no/such" }))).events[0]).toEqual({
      event: "failed",
      step: "working-directory",
      errno: 2,
      subject: "/no/such",
    });
    expect(textOf(await launcher.run(shell("echo fine")))).toEqual(["fine\n", "", 0, "finished"]);
    await launcher.close();
  });

  test("ends a job when its time is up, and goes on", async () => {
    const launcher = await start(plan, sharesRoot);
    const [{ events }, next] = await Promise.all([
      launcher.run(shell("trap '' TERM; while :; do :; done", { timeoutMs: 20 })),
      launcher.run(shell("echo next")),
    ]);
    expect(events.map(({ event }) => event)).toEqual(["timeout", "ended", "finished"]);
    expect(textOf(next)).toEqual(["next\n", "", 0, "finished"]);
    await launcher.close();
  });

  test("killed, loses the job that it had, and did not come to the others", async () => {
    const [launcher, mark] = [await start(plan, sharesRoot), freshMark()];
    const running = launcher.run(shell(`echo before; (setsid sleep ${mark} &); sleep ${mark}`));
    const waiting = launcher.run(shell("echo never"));
    await until("the job runs", () => findProcesses(mark).length === 2);
    const pids = childrenOf(launcher.pid);
    launcher.kill();
    expect([(await running).end, (await waiting).end, launcher.isAlive]).toEqual(["lost", "waiting", false]);
    expect((await launcher.run(shell(""))).end).toBe("waiting");
    await launcher.close();
    // What is an orphan when it ends is gone when the machine's first process has heard of it, which is that one's to say.
    await until("nothing runs any more", () => ![launcher.pid, ...pids].some(isAlive));
    expect(findProcesses(mark)).toEqual([]);
  });

  test("keeps no descriptor and no process of the jobs that it ran", async () => {
    const launcher = await start(plan, sharesRoot);
    const open = (): number => readdirSync(`/proc/${launcher.pid}/fd`).length;
    await launcher.run(shell(""));
    const before = open();
    for (let index = 0; index < 50; index++) void launcher.run(shell("(sleep 60 &); exit 3"));
    await launcher.run(job(["no-such-program"]));
    // The last job's pipes are closed a moment after its end was told.
    expect([open() < before + 5, childrenOf(launcher.pid).length <= 40]).toEqual([true, true]);
    await launcher.close();
  });

  test("runs no job that says what only the shape may, and says so", async () => {
    const odd: readonly Partial<LauncherPlan>[] = [
      { namespaces: ["user"] },
      { root: [{ step: "mirror", path: "/etc" }] },
      { root: [{ step: "bind", source: "/", destination: "/host", writable: true, optional: false, mapOwner: "no" }] },
      { seccomp: "default" },
      { hostname: "other" },
      { dropCapabilities: true },
      { loopbackUp: true },
    ];
    const mark = directory.at(`touched-${sharesRoot}-${plan.root.length}`);
    const messages = odd.map((parts) => encodeInstruction(barePlan(["/usr/bin/touch", mark], parts), plainBinding()));
    const fine = encodeResidentJob(shell("exit 3"));
    const [first, ...events] = await tell(plan, sharesRoot, ...messages.flatMap((message) => [message, fine]));
    expect(first?.event).toBe("resident");
    const refused = [
      { event: "failed", step: "instruction", errno: 74, subject: "" },
      { event: "finished", outputBytes: 0, errorBytes: 0 },
    ] as const;
    const ran = [expect.objectContaining({ event: "ended", status: 3 << 8 }), refused[1]];
    expect(events).toEqual(messages.flatMap(() => [...refused, ...ran]) as unknown as LaunchEvent[]);
    expect(existsSync(mark)).toBeFalse();
  });

  test("ends at bytes that are no job: nothing behind them can be told apart", async () => {
    const fine = encodeResidentJob(shell("exit 3"));
    const events = await tell(plan, sharesRoot, fine, new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n"), fine);
    expect(events.map(({ event }) => event)).toEqual(["resident", "ended", "finished", "failed", "finished"]);
  });
});

describe("startResidentLauncher", () => {
  test("throws where what jobs share cannot be built, and says at which step", async () => {
    const plan = { ...boxed, root: [...root, { step: "mirror", path: "/no/such" }] } satisfies LauncherPlan;
    const missing = { ...boxed, root: [...root, bind("/no/such")] } satisfies LauncherPlan;
    const launcher = await start(plan, true);
    await launcher.close();
    const error: unknown = await start(missing, true).catch((thrown: unknown) => thrown);
    expect(error).toEqual(
      new CupelError("set-up", "Setting up what jobs share failed at bind-source (/no/such): ENOENT"),
    );
  });

  test("refuses a job that cannot be said, and goes on", async () => {
    const launcher = await start(bare, false);
    expect(() => launcher.run(job(["a\0b"]))).toThrow(CupelError);
    expect(textOf(await launcher.run(shell("echo fine")))).toEqual(["fine\n", "", 0, "finished"]);
    await launcher.close();
  });

  test("is nothing where the launcher ended before it was ready", async () => {
    const binding = plainBinding({ resident: { sharesRoot: false, captureBytesMax: 1 } });
    const state = directory.folder("dying", 0o700);
    const own = placesIn(state);
    const first = await startResidentLauncher(bare, binding, own);
    await first?.close();
    const starting = startResidentLauncher(bare, binding, own);
    for (const pid of childrenOf(process.pid)) if (processIs(pid, state)) process.kill(pid, "SIGKILL");
    const launcher = await starting;
    // It may have been quicker than the kill.
    await launcher?.close();
    expect(launcher === undefined || !launcher.isAlive).toBeTrue();
  });
});

function bind(source: string): RootStep {
  return { step: "bind", source, destination: "/mnt", writable: false, optional: false, mapOwner: "no" };
}

function processIs(pid: number, state: string): boolean {
  return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(state);
}
