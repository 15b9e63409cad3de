import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { encodeInstruction } from "../../src/launch/encode-instruction.ts";
import type { LaunchEvent } from "../../src/launch/launch-event.ts";
import { startLaunch } from "../../src/launch/start-launch.ts";
import { CupelError } from "../../src/model/error.ts";
import { barePlan } from "../fixtures/jobs/plans.ts";
import { evaluate } from "../support/evaluate.ts";
import { launchProgram, placesIn, plainBinding, type Launched } from "../support/launch-program.ts";
import { needs } from "../support/must-work.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { isRoot } from "../support/tester.ts";
import { until } from "../support/until.ts";

const asRoot = needs(isRoot, "only root can mount");

function shell(script: string, parts: Parameters<typeof barePlan>[1] = {}): ReturnType<typeof barePlan> {
  return barePlan(["/bin/sh", "-c", script], parts);
}

/** Events by name, and the status of the last. */
function endOf({ events }: Launched): unknown {
  const last = events.at(-1);
  return { names: events.map(({ event }) => event), status: last?.event === "ended" ? last.status : undefined };
}

function ended(status: number): unknown {
  return { names: ["started", "ended"], status };
}

describe("startLaunch", () => {
  test("tells that the job started, and how it ended with what it used", async () => {
    const { events } = await launchProgram(shell("exit 3"));
    expect(events).toEqual([
      { event: "started", pid: expect.any(Number) },
      {
        event: "ended",
        status: 3 << 8,
        setupMicros: expect.any(Number),
        wallMicros: expect.any(Number),
        userMicros: expect.any(Number),
        systemMicros: expect.any(Number),
        maxRssBytes: expect.any(Number),
        readBlocks: expect.any(Number),
        writtenBlocks: expect.any(Number),
      },
    ]);
  });

  test("measures wall time, processor time and memory of the job", async () => {
    const burn = "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; sleep 0.1";
    const { events } = await launchProgram(shell(burn));
    const end = events.find((event) => event.event === "ended");
    expect(end?.wallMicros).toBeGreaterThan(100_000);
    expect(end?.userMicros).toBeGreaterThan(10_000);
    expect(end?.userMicros).toBeLessThanOrEqual((end?.wallMicros ?? 0) * 2);
    expect(end?.maxRssBytes).toBeGreaterThan(500_000);
    expect(end?.maxRssBytes).toBeLessThan(100_000_000);
  });

  test("joins the job to the caller's streams", async () => {
    const { stdout, stderr } = await launchProgram(shell("cat; echo err >&2"), { stdin: "in\n" });
    expect({ stdout, stderr }).toEqual({ stdout: "in\n", stderr: "err\n" });
  });

  test("gives the job its words, its variables and its directory, and nothing else", async () => {
    const plan = barePlan(["/bin/sh", "-c", 'pwd; env; printf "<%s>" "$0" "$@"', "zero", "", "a b", "süß\n"], {
      directory: "/usr/lib",
      environment: { A: "1", B: "" },
    });
    const { stdout } = await launchProgram(plan);
    const [directory, ...rest] = stdout.split("\n");
    expect(directory).toBe("/usr/lib");
    expect(rest.slice(0, -2).toSorted()).toEqual(["A=1", "B=", "PWD=/usr/lib"]);
    expect(rest.slice(-2).join("\n")).toBe("<zero><><a b><süß\n>");
  });

  test("finds a program along the job's own PATH", async () => {
    using directory = makeTempDir();
    directory.file("tool", "#!/bin/sh\necho mine\n", 0o755);
    const plan = barePlan(["tool"], { environment: { PATH: `/no/such:${directory.path}:/bin` } });
    expect((await launchProgram(plan)).stdout).toBe("mine\n");
  });

  test.each([
    ["SIGTERM", 15],
    ["SIGINT", 2],
    ["SIGUSR1", 10],
    ["SIGHUP", 1],
  ])("passes %s on to the job", async (_, number) => {
    // Not by way of a shell: dash may lose a SIGINT that arrives before it executes its last command.
    const launched = await launchProgram(
      { ...shell(""), command: ["/bin/sleep", "60"] },
      {
        on: { event: "started", act: (launch) => launch.signal(number) },
      },
    );
    expect(endOf(launched)).toEqual(ended(number));
  });

  test("passes signals on to the job's whole group, which may take them", async () => {
    using directory = makeTempDir();
    const script = `trap 'wait; echo parent; exit 7' TERM; sh -c 'trap "echo child; exit" TERM; echo >${directory.at("up")};
      while :; do sleep 0.01; done' & while :; do wait; done`;
    const launched = await launchProgram(shell(script), {
      on: {
        event: "started",
        act: (launch) => {
          void until("the job is up", () => existsSync(directory.at("up"))).then(() => launch.signal(15));
        },
      },
    });
    expect(launched.stdout.trim().split("\n").toSorted()).toEqual(["child", "parent"]);
    expect(endOf(launched)).toEqual(ended(7 << 8));
  });

  test("ends a job that takes no signal when it is to be killed", async () => {
    const launched = await launchProgram(shell("trap '' TERM INT; while :; do sleep 1; done"), {
      on: { event: "started", act: (launch) => launch.kill() },
    });
    expect(endOf(launched)).toEqual(ended(9));
  });

  test("ends a job when its time is up: asks first, then kills", async () => {
    const polite = await launchProgram(shell("trap 'exit 5' TERM; while :; do sleep 0.01; done", { timeoutMs: 100 }));
    expect(endOf(polite)).toEqual({ names: ["started", "timeout", "ended"], status: 5 << 8 });
    const deaf = await launchProgram(shell("trap '' TERM; while :; do sleep 0.01; done", { timeoutMs: 100 }));
    expect(endOf(deaf)).toEqual({ names: ["started", "timeout", "ended"], status: 9 });
    expect(deaf.events[1]).toEqual({ event: "timeout", timeoutMs: 100 });
  });

  test.each([
    ["is not there", "/no/such/program", 2],
    ["is not executable", "/proc/version", 13],
    ["is in no directory of PATH", "no-such-program", 2],
  ])("says that a program cannot be executed which %s", async (_, program, errno) => {
    const { events } = await launchProgram(barePlan([program]));
    expect(events.filter(({ event }) => event !== "started")).toEqual([
      { event: "exec-failed", errno, subject: program },
    ]);
  });

  test("says which step of the set-up failed", async () => {
    const { events } = await launchProgram(barePlan(["/bin/true"], { directory: "/no/such" }));
    expect(events).toEqual([{ event: "failed", step: "working-directory", errno: 2, subject: "/no/such" }]);
  });

  test("gives no terminal where the caller has none, and runs nothing", async () => {
    const launched = await launchProgram(shell("echo ran", { terminal: "private" }));
    expect(launched.events).toEqual([{ event: "failed", step: "terminal", errno: 25, subject: "" }]);
    expect(launched.stdout).toBe("");
  });

  test("says that a control group is not there, and runs nothing", async () => {
    const launched = await launchProgram(shell("echo ran"), { binding: { controlGroups: ["/no/such/group"] } });
    expect(launched.events).toEqual([{ event: "failed", step: "control-group", errno: 2, subject: "" }]);
    expect(launched.stdout).toBe("");
  });

  test("runs nothing under a cap on CPU time that nothing counts", async () => {
    const launched = await launchProgram(shell("echo ran", { cpuTimeMs: 60_000 }));
    expect(launched).toMatchObject({ events: [{ event: "failed", step: "control-group", errno: 2 }], stdout: "" });
  });

  test("tells each event as it comes", async () => {
    const seen: LaunchEvent["event"][] = [];
    await launchProgram(shell("exit 0"), { on: { event: "started", act: () => seen.push("started") } });
    expect(seen).toEqual(["started"]);
  });

  test("throws before it starts anything where the plan cannot be said", async () => {
    using directory = makeTempDir();
    const launch = startLaunch(barePlan(["a\0"]), plainBinding(), placesIn(directory.at("state")), [-1, -1, -1]);
    const error: unknown = await launch.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CupelError);
    expect(readdirSync(directory.path)).toEqual([]);
  });

  test("throws where there is no place to run the launcher from, with each reason", async () => {
    const launch = startLaunch(barePlan(["a"]), plainBinding(), placesIn("/proc/one", "/proc/two"), [-1, -1, -1]);
    const error: unknown = await launch.catch((thrown: unknown) => thrown);
    expect(error).toEqual(
      new CupelError("set-up", "No place to run the launcher from: /proc/one: ENOENT; /proc/two: ENOENT", {
        hint: "Set XDG_STATE_HOME to a directory of yours on a file system that is not mounted noexec.",
      }),
    );
  });

  asRoot("goes on to the next place where one is mounted noexec", async () => {
    using directory = makeTempDir();
    const [noexec, second] = [directory.folder("noexec"), directory.at("second")];
    const mount = `mount -t tmpfs -o noexec,mode=700 none ${noexec} && exec "$@"`;
    const launch = `(await (async () => {
      const { startLaunch } = await import(src + "/launch/start-launch.ts");
      const plan = ${JSON.stringify(barePlan(["/bin/true"]))};
      const places = { directories: ${JSON.stringify([`${noexec}/state`, second])}, uid: 0 };
      const started = await startLaunch(plan, ${JSON.stringify(plainBinding())}, places, [-1, -1, -1]);
      return [(await started.ended).map(({ event }) => event), require("node:fs").readdirSync("${noexec}/state").length];
    })())`;
    const result = await evaluate(launch, { prefix: ["unshare", "--mount", "sh", "-c", mount, "sh"] });
    expect(result).toEqual([["started", "ended"], 1]);
    expect(readdirSync(second)).toHaveLength(1);
  });

  asRoot("says noexec where there is no other place", async () => {
    using directory = makeTempDir();
    const noexec = directory.folder("noexec");
    const mount = `mount -t tmpfs -o noexec,mode=700 none ${noexec} && exec "$@"`;
    const launch = `(await (async () => {
      const { startLaunch } = await import(src + "/launch/start-launch.ts");
      const places = { directories: ["${noexec}/state"], uid: 0 };
      return startLaunch(${JSON.stringify(barePlan(["a"]))}, ${JSON.stringify(plainBinding())}, places, [-1, -1, -1]).catch((error) => error.message);
    })())`;
    const message = await evaluate(launch, { prefix: ["unshare", "--mount", "sh", "-c", mount, "sh"] });
    expect(message).toMatch(/^No place to run the launcher from: .*\/noexec\/state\/launcher-[\da-f]{16}: EACCES$/);
  });

  test("says an instruction of a size that takes many writes", async () => {
    const words = Array.from({ length: 1000 }, (_, index) => `${index}-${"x".repeat(1000)}`);
    const plan = barePlan(["/bin/sh", "-c", 'echo $# "${1000}" | head -c 8', "sh", ...words]);
    expect(encodeInstruction(plan, plainBinding()).length).toBeGreaterThan(1_000_000);
    expect((await launchProgram(plan)).stdout).toBe("1000 999");
  });
});
