import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { isUsable, type Standings } from "../../src/model/capability.ts";
import { CupelError } from "../../src/model/error.ts";
import type { ControlGroupLimits } from "../../src/model/plan.ts";
import { controlGroupPlaces, createControlGroups, reachControlGroups } from "../../src/run/control-groups.ts";
import { readTreeUsage } from "../../src/run/control-group-usage.ts";
import { execute, start } from "../support/execute.ts";
import { createFixtureHost, exited } from "../support/fixture-host.ts";
import { measureControlGroups } from "../support/measured-control-groups.ts";
import { needs } from "../support/must-work.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";
import { isRoot } from "../support/tester.ts";
import { until } from "../support/until.ts";

const matrix = await measureControlGroups();
const controllers = ["memory", "pids", "cpu"].filter((name) => isUsable(matrix[`cgroup.${name}`]));
const withGroups = needs(controllers.length === 3 && isRoot, "no control groups can be made here");

/** A place that is a plain directory: what is written to a group lies there as files. */
function pretend(directory: TempDir, mode: "v1" | "v2"): Standings {
  const place = (name: string): { state: "works"; value: string } => ({
    state: "works",
    value: directory.folder(name),
  });
  return {
    "cgroup.mode": { state: "works", value: mode },
    "cgroup.memory": place(mode === "v2" ? "all" : "memory"),
    "cgroup.pids": place(mode === "v2" ? "all" : "pids"),
    "cgroup.cpu": place(mode === "v2" ? "all" : "cpu"),
  };
}

const all = { memoryBytes: 1024 ** 3, pids: 50, cpus: 1.5 };

function written(directory: string): Record<string, string> {
  return Object.fromEntries(readdirSync(directory).map((name) => [name, readFileSync(`${directory}/${name}`, "utf8")]));
}

function leftovers(name: string): string[] {
  const places = ["memory", "pids", "cpu"].map((controller) => matrix[`cgroup.${controller}`]?.value);
  return places.map((place) => `${place}/${name}`).filter((path) => existsSync(path));
}

function refusal(limits: ControlGroupLimits, standings: Standings, name: string): unknown {
  try {
    createControlGroups(limits, standings, name).remove();
    return "made";
  } catch (error) {
    return error instanceof CupelError ? [error.code, error.message] : error;
  }
}

describe("createControlGroups", () => {
  test("says limits in the words of v2, all in one group", () => {
    using directory = makeTempDir();
    const groups = createControlGroups(all, pretend(directory, "v2"), "job");
    expect(groups.directories).toEqual([directory.at("all/job")]);
    expect(written(directory.at("all/job"))).toEqual({
      "memory.max": "1073741824",
      "memory.swap.max": "0",
      "memory.oom.group": "1",
      "pids.max": "50",
      "cpu.max": "150000 100000",
    });
  });

  test("says limits in the words of v1, in a group for each controller", () => {
    using directory = makeTempDir();
    const groups = createControlGroups(all, pretend(directory, "v1"), "job");
    expect(groups.directories).toEqual(["memory", "pids", "cpu"].map((name) => directory.at(`${name}/job`)));
    expect(groups.directories.map(written)).toEqual([
      { "memory.limit_in_bytes": "1073741824", "memory.memsw.limit_in_bytes": "1073741824" },
      { "pids.max": "50" },
      { "cpu.cfs_period_us": "100000", "cpu.cfs_quota_us": "150000" },
    ]);
  });

  test("says rates for every disk, in a line of its own", () => {
    using directory = makeTempDir();
    const io = { disks: ["8:0", "8:16"], readBytes: 5, writeBytes: 6 };
    const place = { state: "works", value: directory.folder("io") } as const;
    const standings = (mode: "v1" | "v2"): Standings => ({ ...pretend(directory, mode), "cgroup.io": place });
    createControlGroups({ io }, standings("v1"), "one");
    createControlGroups({ io: { ...io, writeBytes: undefined } }, standings("v2"), "two");
    // Of a plain file the last line is left.
    expect([written(directory.at("io/one")), written(directory.at("io/two"))]).toEqual([
      { "blkio.throttle.read_bps_device": "8:16 5", "blkio.throttle.write_bps_device": "8:16 6" },
      { "io.max": "8:16 rbps=5 wbps=max" },
    ]);
    expect(createControlGroups({ io: { disks: ["8:0"] } }, standings("v2"), "three").directories).toEqual([]);
  });

  test("keeps all caps of version 2 in one group, the highest that was found for one of them", () => {
    using directory = makeTempDir();
    const [above, below] = [directory.folder("a"), directory.folder("a/b")];
    const found = (value: string) => ({ state: "works", value }) as const;
    const standings = {
      "cgroup.mode": found("v2"),
      "cgroup.memory": found(below),
      "cgroup.cpu-time": found(directory.folder("c")),
      "cgroup.io-write": found(above),
    };
    const limits = { memoryBytes: 1, countsCpuTime: true, io: { disks: ["8:0"], writeBytes: 6 } } as const;
    expect(createControlGroups(limits, standings, "job").directories).toEqual([`${above}/job`]);
    expect(controlGroupPlaces(limits, standings)).toEqual([above]);
    expect(controlGroupPlaces({ memoryBytes: 1 }, standings)).toEqual([below]);
  });

  test("does without a setting that not every kernel has, and with no other", () => {
    using directory = makeTempDir();
    const missing = (name: string): string => {
      directory.folder("all/job");
      // Writing through it fails with ENOENT, as to a file that a control group does not have.
      symlinkSync("/no/such/file", directory.at(`all/job/${name}`));
      const result = refusal({ memoryBytes: 5 }, pretend(directory, "v2"), "job");
      rmSync(directory.at("all/job"), { recursive: true, force: true });
      return Array.isArray(result) ? String(result[1]) : String(result);
    };
    expect([missing("memory.swap.max"), missing("memory.oom.group")]).toEqual(["made", "made"]);
    expect(missing("memory.max")).toBe(`${directory.at("all/job/memory.max")} does not take 5 (ENOENT)`);
    directory.folder("memory/job");
    symlinkSync("/no/such/file", directory.at("memory/job/memory.memsw.limit_in_bytes"));
    expect(refusal({ memoryBytes: 5 }, pretend(directory, "v1"), "job")).toBe("made");
  });

  test("does not do without a setting that is there and is not taken", () => {
    using directory = makeTempDir();
    directory.folder("memory/job/memory.memsw.limit_in_bytes");
    expect(refusal({ memoryBytes: 5 }, pretend(directory, "v1"), "job")).toEqual([
      "set-up",
      `${directory.at("memory/job/memory.memsw.limit_in_bytes")} does not take 5 (EISDIR)`,
    ]);
  });

  test("makes groups for what is limited alone", () => {
    using directory = makeTempDir();
    const groups = createControlGroups({ pids: 1, cpus: undefined }, pretend(directory, "v1"), "job");
    expect(groups.directories).toEqual([directory.at("pids/job")]);
    expect(readdirSync(directory.at("memory"))).toEqual([]);
  });

  test("counts CPU time in a group of its own, or in any of version 2", () => {
    using directory = makeTempDir();
    const counted = { state: "works", value: directory.folder("counted") } as const;
    const [separate, unified] = [pretend(directory, "v1"), pretend(directory, "v2")];
    const directoriesOf = (limits: ControlGroupLimits, standings: Standings): readonly string[] => {
      const groups = createControlGroups(limits, { ...standings, "cgroup.cpu-time": counted }, "job");
      expect(groups.directories).toContain(`${groups.counting.byController["cpu-time"]}`);
      return groups.directories;
    };
    const [time, both] = [{ countsCpuTime: true }, { pids: 1, countsCpuTime: true }] as const;
    expect(directoriesOf(time, separate)).toEqual([directory.at("counted/job")]);
    expect(directoriesOf(both, separate)).toEqual([directory.at("pids/job"), directory.at("counted/job")]);
    expect(directoriesOf(time, unified)).toEqual([directory.at("counted/job")]);
    expect(directoriesOf(both, unified)).toEqual([directory.at("all/job")]);
    expect(readdirSync(directory.at("counted/job"))).toEqual([]);
  });

  test("says that no place is known", () =>
    expect(refusal({ cpus: 1 }, {}, "job")).toEqual(["set-up", "No place is known for a cpu control group"]));

  test("says why a group cannot be made, and leaves none behind", () => {
    using directory = makeTempDir();
    const standings = { ...pretend(directory, "v1"), "cgroup.pids": { state: "works", value: "/no/such" } } as const;
    const [code, message] = refusal({ pids: 5 }, standings, "job") as [string, string];
    expect([code, message]).toEqual(["set-up", "Control group /no/such/job cannot be made (ENOENT)"]);
    expect(readdirSync(directory.at("memory"))).toEqual([]);
  });

  withGroups("limits the real tree: processes", async () => {
    const groups = createControlGroups({ pids: 3 }, matrix, "cupel-test-pids");
    try {
      const join = `echo $$ >${groups.directories[0]}/cgroup.procs`;
      const { stderr } = await execute(["sh", "-c", `${join}; for i in 1 2 3 4 5; do sleep 0.2 & done; wait`]);
      expect(stderr).toMatch(/fork|Resource/i);
      expect(groups.read().refusedForks).toBeGreaterThan(0);
    } finally {
      groups.remove();
    }
    expect(leftovers("cupel-test-pids")).toEqual([]);
  });

  withGroups("limits the real tree: memory, and counts who was killed for it", async () => {
    const groups = createControlGroups({ memoryBytes: 32 * 1024 ** 2 }, matrix, "cupel-test-memory");
    try {
      const join = `echo $$ >${groups.directories[0]}/cgroup.procs`;
      const { code } = await execute(["sh", "-c", `${join}; head -c 200M /dev/zero | tail`]);
      expect(code).not.toBe(0);
      expect(groups.read().outOfMemoryKills).toBeGreaterThan(0);
      const { peakMemoryBytes = 0, cpuMs } = readTreeUsage(groups.counting) ?? {};
      expect(peakMemoryBytes).toBeGreaterThan(16 * 1024 ** 2);
      expect(peakMemoryBytes).toBeLessThanOrEqual(32 * 1024 ** 2);
      // Version 1 counts it in a hierarchy of its own.
      expect(cpuMs === undefined || cpuMs > 0).toBe(true);
    } finally {
      groups.remove();
    }
    expect(leftovers("cupel-test-memory")).toEqual([]);
  });

  withGroups("leaves none of several groups behind where one limit is not taken", () => {
    const name = "cupel-test-refused";
    const result = refusal({ memoryBytes: 1024 ** 3, pids: 10, cpus: 1e9 }, matrix, name) as [string, string];
    expect(result[0]).toBe("set-up");
    expect(result[1]).toMatch(/cpu\.\S+ does not take .+ \(E[A-Z]+\)$/);
    expect(leftovers(name)).toEqual([]);
  });

  withGroups("gives a group up that still holds a process", async () => {
    const groups = createControlGroups({ pids: 5 }, matrix, "cupel-test-held");
    const holder = start(["sh", "-c", `echo $$ >${groups.directories[0]}/cgroup.procs; echo in; exec sleep 60`]);
    await holder.wrote("in");
    groups.remove();
    expect(leftovers("cupel-test-held")).toHaveLength(1);
    await holder[Symbol.asyncDispose]();
    await until("the group is empty", () => {
      groups.remove();
      return leftovers("cupel-test-held").length === 0;
    });
  });
});

describe("controlGroupPlaces", () => {
  test("gives each place once, for what is limited alone", () => {
    using directory = makeTempDir();
    const separate = pretend(directory, "v1");
    expect(controlGroupPlaces(all, separate)).toEqual(["memory", "pids", "cpu"].map((name) => directory.at(name)));
    expect(controlGroupPlaces(all, pretend(directory, "v2"))).toEqual([directory.at("all")]);
    expect(controlGroupPlaces({ pids: 1, cpus: undefined }, separate)).toEqual([directory.at("pids")]);
    expect([controlGroupPlaces({}, separate), controlGroupPlaces(all, {})]).toEqual([[], []]);
  });

  test("are those in which the groups are made", () => {
    using directory = makeTempDir();
    for (const mode of ["v1", "v2"] as const) {
      const standings = pretend(directory, mode);
      const { directories } = createControlGroups(all, standings, "job");
      expect(directories).toEqual(controlGroupPlaces(all, standings).map((place) => `${place}/job`));
    }
  });
});

describe("reachControlGroups", () => {
  const session = "0::/user.slice/user-1000.slice/session-3.scope\n";
  const files = { "/proc/self/cgroup": session, "/proc/1/comm": "systemd\n" };
  const programs = { "/usr/bin/busctl": exited(1, "", "Access denied\n") };
  const reach = (limits: ControlGroupLimits, value: string): Promise<unknown> =>
    reachControlGroups(limits, { "cgroup.memory": { state: "works", value } }, createFixtureHost({ files, programs }));
  const users = "/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice";

  test("says why a job cannot get from a session into a group below the user's manager", async () => {
    const message = "cupel cannot leave session-3.scope for a control group of the job's own: Access denied";
    const failure = await reach({ memoryBytes: 1 }, users).catch((error: unknown) => error);
    expect(failure instanceof CupelError && [failure.code, failure.message]).toEqual(["set-up", message]);
  });

  test("asks nobody for a group elsewhere, nor without a limit", async () =>
    expect([await reach({ memoryBytes: 1 }, "/sys/fs/cgroup/ci"), await reach({}, users)]).toEqual([
      undefined,
      undefined,
    ]));
});
