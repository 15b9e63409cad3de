/**
 * The keeper of an engine whose daemon passes nothing on, under engines that are none: who is let in at the gate, and what
 * is called before and after. A container is one of bubblewrap's here, with the launcher as its first process.
 */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { encodeInstruction } from "../../src/launch/encode-instruction.ts";
import type { FurtherCall, MakerCall } from "../../src/launch/maker-call.ts";
import type { LauncherPlan } from "../../src/model/plan.ts";
import { barePlan } from "../fixtures/jobs/plans.ts";
import { repositoryRoot } from "../support/compile-c.ts";
import { inOrder, launchSanitized, sanitizedLauncher } from "../support/launch-sanitized.ts";
import { launchProgram, plainBinding, type LaunchOptions } from "../support/launch-program.ts";
import { needs } from "../support/must-work.ts";
import { findProcesses, freshMark } from "../support/processes.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";
import { isRoot } from "../support/tester.ts";
import { until } from "../support/until.ts";

const launcher = join(repositoryRoot, "dist/helpers", process.arch, "launcher");

function planOf(command: LauncherPlan["command"]): LauncherPlan {
  return barePlan(command, { namespaces: ["pid"], maker: { program: "docker", path: "/bin/sh" } });
}

/** A container that root makes is in no user namespace, as a daemon's. */
const needsContainers = needs(isRoot && Bun.which("bwrap") !== null, "only root makes such containers, by bubblewrap");

/** What a daemon would start, whoever asks for it. */
function containerIn(place: TempDir, program = launcher): string {
  const shown = ["bin", "lib", "lib64", "usr"].map((name) => `--ro-bind /${name} /${name}`);
  const own = `--bind ${place.at("gate")} /.cupel/gate --ro-bind ${program} /.cupel/launcher --proc /proc --dev /dev`;
  return `bwrap --unshare-pid --as-pid-1 ${shown.join(" ")} ${own} /.cupel/launcher gate`;
}

interface CallParts {
  readonly further?: readonly FurtherCall[];
  readonly startTimeoutMs?: number;
}

function callOf(place: TempDir, script: string, { further = [], startTimeoutMs = 20_000 }: CallParts = {}): MakerCall {
  return {
    path: "/bin/sh",
    arguments: ["-c", script],
    environment: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
    inputs: [],
    startTimeoutMs,
    isEngine: true,
    gate: place.at("gate"),
    furtherCalls: further,
  };
}

function makePlace(): TempDir {
  const place = makeTempDir();
  place.folder("gate");
  return place;
}

async function launch(maker: MakerCall, command: LauncherPlan["command"], options: LaunchOptions = {}) {
  const { events, stdout } = await launchProgram(planOf(command), { ...options, binding: { maker } });
  return { events: events.filter(({ event }) => event !== "finished"), stdout };
}

const started = expect.objectContaining({ event: "started" }) as never;
const ended = (status: number): never => expect.objectContaining({ event: "ended", status }) as never;

/** Each of them leaves its name. */
function furtherIn(place: TempDir, names: readonly FurtherCall["time"][], status = 0): FurtherCall[] {
  return names.map((time) => ({ time, arguments: ["-c", `echo ${time} >>${place.at("called")}; exit ${status}`] }));
}

function called(place: TempDir): string[] {
  return existsSync(place.at("called")) ? readFileSync(place.at("called"), "utf8").trim().split("\n") : [];
}

needsContainers("a job at the gate has its streams, and nothing of the gate", async () => {
  using place = makePlace();
  const words = ["/bin/sh", "-c", "ls -A /.cupel/gate /proc/self/fd | tr '\\n' ' '; exit 3"] as const;
  const { events, stdout } = await launch(callOf(place, containerIn(place)), words);
  // The fourth is what `ls` itself reads.
  expect({ events, stdout }).toEqual({
    events: [started, ended(3 << 8)],
    stdout: "/.cupel/gate:  /proc/self/fd: 0 1 2 3 ",
  });
  expect(readdirSync(place.at("gate"))).toEqual([]);
});

describe("further calls", () => {
  const all = ["before", "afterLoss", "after"] as const;

  needsContainers(
    "come before the container, and after it: what puts it away only where its client did not",
    async () => {
      using place = makePlace();
      const further = furtherIn(place, all);
      const script = `echo run >>${place.at("called")}; ${containerIn(place)}`;
      const { events } = await launch(callOf(place, script, { further }), ["/bin/true"]);
      expect({ events, called: called(place) }).toEqual({
        events: [started, ended(0)],
        called: ["before", "run", "after"],
      });
    },
  );

  test("put a container away whose client had to be ended", async () => {
    using place = makePlace();
    const mark = freshMark();
    const call = callOf(place, `exec sleep ${mark}`, { further: furtherIn(place, all), startTimeoutMs: 500 });
    const { events } = await launch(call, ["/bin/true"]);
    expect({ events, called: called(place) }).toEqual({
      events: [
        { event: "maker-timeout", timeoutMs: 500 },
        { event: "maker-failed", status: 9, words: "" },
      ],
      called: [...all],
    });
    expect(findProcesses(mark)).toEqual([]);
  });

  test("are made again where a client had to be ended, until nothing is left of what the daemon made for it", async () => {
    using place = makePlace();
    const [loss] = furtherIn(place, ["afterLoss"], 1);
    const removal = `echo after >>${place.at("called")}; test "$(grep -c after$ ${place.at("called")})" = 3`;
    const further = [loss as FurtherCall, { time: "after", arguments: ["-c", removal] } as const];
    const call = callOf(place, `exec sleep 60`, { further, startTimeoutMs: 300 });
    await launch(call, ["/bin/true"]);
    expect(called(place)).toEqual(["afterLoss", "after", "afterLoss", "after", "afterLoss", "after"]);
  });

  test("are made once where the client has ended by itself, and are no words of its own", async () => {
    using place = makePlace();
    const removal = `echo after >>${place.at("called")}; echo no such image >&2; exit 1`;
    const further = [{ time: "after", arguments: ["-c", removal] } as const];
    const { events } = await launch(callOf(place, "echo no luck >&2; exit 1", { further }), ["/bin/true"]);
    expect({ events, called: called(place) }).toEqual({
      events: [{ event: "maker-failed", status: 1 << 8, words: "no luck" }],
      called: ["after"],
    });
  });

  test("that fail before it are its failure, and there is no container", async () => {
    using place = makePlace();
    const [before] = furtherIn(place, ["before"], 7);
    const further = [before as FurtherCall, ...furtherIn(place, ["after"])];
    const { events } = await launch(callOf(place, `echo run >>${place.at("called")}`, { further }), ["/bin/true"]);
    expect({ events, called: called(place) }).toEqual({
      events: [{ event: "maker-failed", status: 7 << 8, words: "" }],
      called: ["before", "after"],
    });
  });

  test("that never end hold nobody up for long", async () => {
    using place = makePlace();
    const mark = freshMark();
    const hanging = (time: FurtherCall["time"]): FurtherCall => ({ time, arguments: ["-c", `exec sleep ${mark}`] });
    const call = callOf(place, "exit 0", { further: [hanging("before")], startTimeoutMs: 300 });
    const { events } = await launch(call, ["/bin/true"]);
    expect(events).toEqual([
      { event: "maker-timeout", timeoutMs: 300 },
      { event: "maker-failed", status: 9, words: "" },
    ]);
    const later = callOf(place, "exit 4", { further: [hanging("after")] });
    expect((await launch(later, ["/bin/true"])).events).toEqual([{ event: "maker-failed", status: 4 << 8, words: "" }]);
    expect(findProcesses(mark)).toEqual([]);
  });
});

test("the job's own time ends the making of its container, without the grace that is a job's", async () => {
  using place = makePlace();
  const mark = freshMark();
  const plan = { ...planOf(["/bin/true"]), timeoutMs: 300, graceMs: 600_000 };
  const { events } = await launchProgram(plan, { binding: { maker: callOf(place, `exec sleep ${mark}`) } });
  expect(events.filter(({ event }) => event !== "finished")).toEqual([
    { event: "timeout", timeoutMs: 300 },
    { event: "maker-failed", status: 9, words: "" },
  ]);
  expect(findProcesses(mark)).toEqual([]);
});

describe("an engine", () => {
  test.each([
    ["that ends without a word", "exit 0", { event: "maker-failed", status: 0, words: "" }],
    [
      "that says why, and where help is to be had",
      "printf 'docker: no such luck.\\n\\nRun '\\''docker run --help'\\'' for more information\\n' >&2; exit 125",
      { event: "maker-failed", status: 125 << 8, words: "docker: no such luck." },
    ],
    [
      "that isolates nothing",
      `${launcher} gate`,
      {
        event: "maker-failed",
        status: 64 << 8,
        words: "cupel's launcher is not the first process of a container",
      },
    ],
  ])("%s is told of", async (_name, script, told) => {
    using place = makePlace();
    expect((await launch(callOf(place, script), ["/bin/true"])).events).toEqual([told as never]);
  });

  needsContainers("whose client is gone loses its job", async () => {
    using place = makePlace();
    const mark = freshMark();
    const script = `setsid ${containerIn(place)} & sleep 0.5; exit 1`;
    const { events } = await launch(callOf(place, script), ["/bin/sleep", mark]);
    expect(events).toEqual([started, { event: "lost", status: 9 }]);
    await until("the job is gone", () => findProcesses(mark).length === 0);
  });
});

/** Listens, as a daemon does, and has a container made where it is itself. */
const daemon = `import socket, subprocess, sys
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
s.listen()
sys.exit(subprocess.call(["sh", "-c", sys.argv[2]]))`;

const inUserNamespace = "unshare --user --map-root-user";

describe("a daemon in a user namespace of its own", () => {
  needsContainers("has its container in that: whoever comes from another one is sent away", async () => {
    using place = makePlace();
    const container = containerIn(place);
    const right = container.replace(" /.cupel/launcher gate", " --ro-bind /etc/hostname /right /.cupel/launcher gate");
    place.file("inside", `${inUserNamespace} ${container}; exec ${right}\n`);
    const inDaemon = `${inUserNamespace} python3 -c '${daemon}' ${place.at("daemon")} "sh ${place.at("inside")}"`;
    const script = `${container}; ${inUserNamespace} ${container}; exec ${inDaemon}`;
    const call = { ...callOf(place, script), rootlessDaemon: place.at("daemon") };
    const { events, stdout } = await launch(call, ["/bin/sh", "-c", "ls -d /right; exit 3"]);
    expect({ events, stdout }).toEqual({ events: [started, ended(3 << 8)], stdout: "/right\n" });
  });

  needsContainers("is not let in where it is said to be root's", async () => {
    using place = makePlace();
    const script = `${inUserNamespace} ${containerIn(place)}; exec ${containerIn(place)}`;
    const words = ["/bin/sh", "-c", "readlink /proc/self/ns/user"] as const;
    const { events, stdout } = await launch(callOf(place, script), words);
    const own = readlinkSync("/proc/self/ns/user");
    expect({ events, stdout }).toEqual({ events: [started, ended(0)], stdout: `${own}\n` });
  });

  needsContainers("that nobody knows lets nobody in", async () => {
    using place = makePlace();
    const call = { ...callOf(place, containerIn(place)), rootlessDaemon: place.at("daemon") };
    const { events } = await launch(call, ["/bin/true"]);
    expect(events).toEqual([{ event: "maker-failed", status: 64 << 8, words: expect.any(String) as never }]);
  });
});

/** Connects, says nothing, and tells how much it was sent until it is hung up on. */
const knock = `import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.connect(sys.argv[1])
print(len(s.recv(100)), flush=True)`;

needsContainers("whoever is no first process of a container is sent away with nothing", async () => {
  using place = makePlace();
  const knocks = `python3 -c '${knock}' ${place.at("gate/socket")} >>${place.at("sent")}`;
  // The first one of a PID namespace, with the job's ids, as everybody can be.
  const first = `unshare --user --map-current-user --pid --fork ${knocks}`;
  const script = `${knocks}; ${first}; exec ${containerIn(place)}`;
  const { events } = await launch(callOf(place, script), ["/bin/true"]);
  expect(events).toEqual([started, ended(0)]);
  expect(readFileSync(place.at("sent"), "utf8")).toBe("0\n0\n");
});

needsContainers("a keeper at the gate, and the first process, are without a finding of the sanitizers", async () => {
  using place = makePlace();
  const plan = planOf(["/bin/sh", "-c", "cat; exit 4"]);
  const maker = callOf(place, containerIn(place, sanitizedLauncher), {
    further: furtherIn(place, ["before", "after"]),
  });
  expect(await launchSanitized(encodeInstruction(plan, plainBinding({ maker })))).toEqual(inOrder);
  expect(called(place)).toEqual(["before", "after"]);
});
