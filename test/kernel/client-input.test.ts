/**
 * The keeper of a manager whose client passes its standard input on, as systemd-run does, under clients that are none. A
 * service is a sandbox of bubblewrap's here, with the launcher as its first process.
 */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { existsSync, readFileSync } from "node:fs";
import { encodeInstruction } from "../../src/launch/encode-instruction.ts";
import type { MakerCall } from "../../src/launch/maker-call.ts";
import type { LauncherPlan } from "../../src/model/plan.ts";
import { barePlan } from "../fixtures/jobs/plans.ts";
import { repositoryRoot } from "../support/compile-c.ts";
import { inOrder, launchSanitized, sanitizedLauncher } from "../support/launch-sanitized.ts";
import { launchProgram, plainBinding, type LaunchOptions } from "../support/launch-program.ts";
import { needsPrograms } from "../support/must-work.ts";
import { childrenOf, findProcesses, freshMark } from "../support/processes.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";
import { until } from "../support/until.ts";

const needsBubblewrap = needsPrograms("bwrap");

const launcher = join(repositoryRoot, "dist/helpers", process.arch, "launcher");

function planOf(command: LauncherPlan["command"]): LauncherPlan {
  const maker = { program: "systemd-run", path: "/bin/sh", manager: "user", controlPath: "/bin/sh" } as const;
  return barePlan(command, { namespaces: ["pid"], maker });
}

/** What a manager would start, with what its client has as its standard input. */
function serviceOf(program = launcher): string {
  const shown = ["bin", "lib", "lib64", "usr"].map((name) => `--ro-bind /${name} /${name}`);
  const own = `--ro-bind ${program} /.cupel/launcher --proc /proc --dev /dev`;
  return `bwrap --unshare-pid --as-pid-1 ${shown.join(" ")} ${own} /.cupel/launcher input`;
}

function callOf(place: TempDir, script: string, startTimeoutMs = 20_000): MakerCall {
  return {
    path: "/bin/sh",
    arguments: ["-c", script],
    environment: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
    inputs: [],
    startTimeoutMs,
    isEngine: true,
    joinsByInput: true,
    // Its words are of another program than the client's.
    furtherCalls: [{ time: "afterLoss", path: "/usr/bin/touch", arguments: [place.at("stopped")] }],
  };
}

async function launch(maker: MakerCall, command: LauncherPlan["command"], options: LaunchOptions = {}) {
  const { events, stdout } = await launchProgram(planOf(command), { ...options, binding: { maker } });
  return { events: events.filter(({ event }) => event !== "finished"), stdout };
}

const started = expect.objectContaining({ event: "started" }) as never;
const ended = (status: number): never => expect.objectContaining({ event: "ended", status }) as never;

needsBubblewrap("a job has its streams, and nothing of the socket", async () => {
  using place = makeTempDir();
  const words = ["/bin/sh", "-c", "readlink /proc/self/fd/0; ls /proc/self/fd | tr '\\n' ' '; exit 3"] as const;
  const { events, stdout } = await launch(callOf(place, `exec ${serviceOf()}`), words);
  // The fourth is what `ls` itself reads.
  expect({ events, stdout: stdout.replace(/\d{3,}/, "N") }).toEqual({
    events: [started, ended(3 << 8)],
    stdout: expect.stringMatching(/^(?!socket).*\n0 1 2 3 $/),
  });
  expect(existsSync(place.at("stopped"))).toBeFalse();
});

test.each([
  ["that ends without a word", "exit 0", { event: "maker-failed", status: 0, words: "" }],
  [
    "that says why",
    "echo Failed to connect to bus >&2; exit 1",
    { event: "maker-failed", status: 256, words: "Failed to connect to bus" },
  ],
  [
    "that isolates nothing",
    `exec ${launcher} input`,
    { event: "maker-failed", status: 64 << 8, words: "cupel's launcher is not the first process of a container" },
  ],
])("a client %s is told of", async (_name, script, told) => {
  using place = makeTempDir();
  expect((await launch(callOf(place, script), ["/bin/true"])).events).toEqual([told as never]);
});

needsBubblewrap("a client that passes nothing on is told of", async () => {
  using place = makeTempDir();
  const { events } = await launch(callOf(place, `${serviceOf()} </dev/null`), ["/bin/true"]);
  const words = "cupel's launcher finds nobody who gives it anything";
  expect(events).toEqual([{ event: "maker-failed", status: 64 << 8, words } as never]);
});

test("whoever writes first, and is no first process of a sandbox, is given nothing", async () => {
  using place = makeTempDir();
  const knock = `import socket, sys
s = socket.socket(fileno=0)
s.send(b"x")
print(len(s.recv(100)), file=open(sys.argv[1], "w"))`;
  const { events } = await launch(callOf(place, `python3 -c '${knock}' ${place.at("sent")}`), ["/bin/true"]);
  expect(events).toEqual([expect.objectContaining({ event: "failed", subject: "the first process of the sandbox" })]);
  expect(existsSync(place.at("sent")) ? readFileSync(place.at("sent"), "utf8") : "0\n").toBe("0\n");
});

test("a client that hangs is given up, and what it asked for is taken back by the other program", async () => {
  using place = makeTempDir();
  const mark = freshMark();
  const { events } = await launch(callOf(place, `exec sleep ${mark}`, 300), ["/bin/true"]);
  expect(events).toEqual([
    { event: "maker-timeout", timeoutMs: 300 },
    { event: "maker-failed", status: 9, words: "" },
  ]);
  expect(existsSync(place.at("stopped"))).toBeTrue();
  expect(findProcesses(mark)).toEqual([]);
});

needsBubblewrap("a job ends with whoever keeps it, though the manager does not", async () => {
  using place = makeTempDir();
  const [mark, waiting] = [freshMark(), freshMark()];
  // A shell gives what it leaves behind nothing to read.
  const script = `exec 3<&0; setsid ${serviceOf()} <&3 3<&- & echo $PPID >${place.at("keeper")}; sleep ${waiting}`;
  const running = launch(callOf(place, script), ["/bin/sleep", mark]);
  await until("the job is seen", () => findProcesses(mark).length > 0);
  const keeper = Number(readFileSync(place.at("keeper"), "utf8"));
  expect(childrenOf(keeper).length).toBeGreaterThan(0);
  process.kill(keeper, "SIGKILL");
  expect((await running).events).toEqual([started, { event: "lost", status: 9 }]);
  await until("the job is gone", () => findProcesses(mark).length === 0);
  expect(existsSync(place.at("stopped"))).toBeTrue();
});

needsBubblewrap("the keeper and the first process are without a finding of the sanitizers", async () => {
  using place = makeTempDir();
  const plan = planOf(["/bin/sh", "-c", "cat; exit 4"]);
  const maker = callOf(place, `exec ${serviceOf(sanitizedLauncher)}`);
  expect(await launchSanitized(encodeInstruction(plan, plainBinding({ maker })))).toEqual(inOrder);
});
