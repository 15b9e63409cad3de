import { describe, expect, test } from "bun:test";
import { closeSync, existsSync, openSync, readdirSync, readFileSync } from "node:fs";
import { createRealHost } from "../../src/host/real-host.ts";
import { createNativeHelpers } from "../../src/launch/native-helpers.ts";
import { buildMatrix } from "../../src/matrix/build-matrix.ts";
import { isUsable, type Matrix } from "../../src/model/capability.ts";
import { CupelError } from "../../src/model/error.ts";
import type { LauncherPlan, Plan } from "../../src/model/plan.ts";
import controlGroupsProbe from "../../src/probes/control-groups.ts";
import { carryOut, type CarriedOut } from "../../src/run/carry-out.ts";
import { barePlan } from "../fixtures/jobs/plans.ts";
import { runCode } from "../support/evaluate.ts";
import { needs } from "../support/must-work.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { isRoot } from "../support/tester.ts";

const host = createRealHost();

async function measure(): Promise<Matrix> {
  using directory = makeTempDir();
  const helpers = createNativeHelpers(host, [directory.at("state")]);
  return buildMatrix({ host, helpers, deep: false }, [controlGroupsProbe]);
}

const matrix = await measure();
const places = ["memory", "pids", "cpu"].map((name) => String(matrix[`cgroup.${name}`]?.value));
const withGroups = needs(isUsable(matrix["cgroup.memory"]) && isRoot, "no control groups can be made here");

/** Groups that cupel made for a job of this process's, and did not remove. */
function leftGroups(): string[] {
  const names = places.filter((place) => existsSync(place)).flatMap((place) => readdirSync(place));
  return names.filter((name) => name.startsWith(`cupel-${process.pid}-`));
}

function planOf(launch: LauncherPlan): Plan {
  return { strategy: "process", isolation: "process", launch, guarantees: [] };
}

function shell(script: string, parts: Partial<LauncherPlan> = {}): Plan {
  return planOf(barePlan(["/bin/sh", "-c", script], parts));
}

/** Carries a plan out with a file as the job's output. */
async function carry(plan: Plan, standings: Matrix = matrix): Promise<CarriedOut & { stdout: string }> {
  using directory = makeTempDir();
  const nothing = openSync("/dev/null", "r+");
  const output = openSync(directory.at("stdout"), "w");
  try {
    const carried = await carryOut(plan, {
      host,
      matrix: standings,
      stateDirectories: [directory.at("state")],
      streams: [nothing, output, output],
      forwardSignals: false,
    });
    return { ...carried, stdout: readFileSync(directory.at("stdout"), "utf8") };
  } finally {
    closeSync(nothing);
    closeSync(output);
  }
}

describe("carryOut", () => {
  test("runs the job, and counts nothing where nothing is limited", async () => {
    const { events, controlGroups, stdout } = await carry(shell("echo ran; exit 3"));
    expect(events.map(({ event }) => event)).toEqual(["started", "ended", "output"]);
    expect(events[1]).toMatchObject({ status: 3 << 8 });
    expect([controlGroups, stdout]).toEqual([undefined, "ran\n"]);
  });

  withGroups("runs the job in groups of its own, and leaves none", async () => {
    const limits = { memoryBytes: 64 * 1024 ** 2, pids: 20, cpus: 1 };
    const { stdout, controlGroups } = await carry(shell("cat /proc/self/cgroup", { controlGroup: limits }));
    const joined = stdout.split("\n").filter((line) => line.includes(`/cupel-${process.pid}-`));
    expect(joined.length).toBeGreaterThan(0);
    expect(controlGroups).toMatchObject({ outOfMemoryKills: 0, refusedForks: 0 });
    expect(leftGroups()).toEqual([]);
  });

  withGroups("counts a kill for memory, of the tree and not of the process alone", async () => {
    const hungry = shell("sh -c 'head -c 200M /dev/zero | tail' ; exit 5", {
      controlGroup: { memoryBytes: 32 * 1024 ** 2 },
    });
    const { events, controlGroups } = await carry(hungry);
    expect(events.map(({ event }) => event)).toContain("ended");
    expect(controlGroups?.outOfMemoryKills).toBeGreaterThan(0);
    expect(leftGroups()).toEqual([]);
  });

  withGroups("leaves no group where the launcher cannot be started", async () => {
    const context = {
      host,
      matrix,
      stateDirectories: ["/proc/cupel"],
      streams: [-1, -1, -1],
      forwardSignals: false,
    } as const;
    const plan = shell("true", { controlGroup: { pids: 5, memoryBytes: 1024 ** 3 } });
    const error: unknown = await carryOut(plan, context).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CupelError);
    expect(leftGroups()).toEqual([]);
  });

  test("runs nothing where a group that is asked for has no place", async () => {
    using directory = makeTempDir();
    const plan = shell(`touch ${directory.at("touched")}`, { controlGroup: { cpus: 1 } });
    const error: unknown = await carry(plan, {}).catch((thrown: unknown) => thrown);
    expect(error).toEqual(new CupelError("set-up", "No place is known for a cpu control group"));
    expect(existsSync(directory.at("touched"))).toBeFalse();
  });

  /** A process that carries a job out and sends itself signals while the job runs; prints what the job and it gave. */
  const signalled = async (script: string, signals: string): Promise<string> => {
    using directory = makeTempDir();
    const code = `
      const { carryOut } = await import(src + "/run/carry-out.ts");
      const { createRealHost } = await import(src + "/host/real-host.ts");
      const { existsSync } = await import("node:fs");
      const launch = ${JSON.stringify(barePlan(["/bin/sh", "-c", script.replaceAll("UP", directory.at("up"))]))};
      const plan = { strategy: "process", isolation: "process", launch, guarantees: [] };
      const before = process.listenerCount("SIGTERM");
      const carried = carryOut(plan, { host: createRealHost(), matrix: {}, stateDirectories: ["${directory.at("state")}"],
        streams: [-1, -1, -1], forwardSignals: true });
      const raise = (name) => process.kill(process.pid, name);
      while (!existsSync("${directory.at("up")}")) await Bun.sleep(2);
      ${signals}
      const ended = (await carried).events.at(-1);
      console.log(ended.event, ended.status, process.listenerCount("SIGTERM") - before);`;
    const { stdout, stderr, code: exit } = await runCode(code);
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: "" });
    return stdout.trim();
  };

  test.each([
    ["SIGTERM", 15],
    ["SIGINT", 2],
    ["SIGHUP", 1],
    ["SIGQUIT", 3],
    ["SIGUSR1", 10],
    ["SIGUSR2", 12],
  ])("passes %s on to the job, and listens no longer when it has ended", async (name, number) => {
    const ended = await signalled("touch UP; exec sleep 60", `raise("${name}");`);
    expect([`ended ${number} 0`, `ended ${number | 0x80} 0`]).toContain(ended);
  });

  test("ends a job that ignores Ctrl-C at the third", async () => {
    const ignoring = "trap '' INT; touch UP; while :; do sleep 0.05; done";
    const thrice = `for (let times = 0; times < 3; times++) { raise("SIGINT"); await Bun.sleep(20); }`;
    expect(await signalled(ignoring, thrice)).toBe("ended 9 0");
  });
});
