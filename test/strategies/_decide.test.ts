import { describe, expect, test } from "bun:test";
import { guaranteeIds, type GuaranteeId } from "../../src/model/guarantee.ts";
import {
  controlGroupLimits,
  controlGroupRules,
  decideAll,
  firstOf,
  jobEnvironment,
  keptBy,
  notProvided,
  standardPath,
  type GuaranteeRule,
} from "../../src/strategies/_decide.ts";
import { jobOf } from "../fixtures/jobs/jobs.ts";
import { except, rootEverything } from "../fixtures/matrices/standings.ts";

const job = jobOf();
const circumstances = { job, matrix: rootEverything };

function without(...ids: readonly string[]): typeof circumstances {
  return { job, matrix: except(rootEverything, "blocked", ...ids) };
}

describe("keptBy", () => {
  const rule = keptBy("two things", "ns.pid", "ns.mount");

  test("keeps where all that it stands on is usable", () =>
    expect(rule(circumstances)).toEqual({ kept: true, mechanism: "two things", capabilities: ["ns.pid", "ns.mount"] }));

  test("keeps where a part of it is degraded", () =>
    expect(rule({ job, matrix: except(rootEverything, "degraded", "ns.pid") }).kept).toBeTrue());

  test("names the first that is not", () => {
    const reason = "two things: needs ns.pid";
    expect(rule(without("ns.mount", "ns.pid"))).toEqual({ kept: false, reason, missing: "ns.pid" });
    expect(rule(without("ns.mount"))).toEqual({
      kept: false,
      reason: "two things: needs ns.mount",
      missing: "ns.mount",
    });
  });

  test("keeps what stands on nothing, whatever the host", () =>
    expect(keptBy("air")({ job, matrix: {} })).toEqual({ kept: true, mechanism: "air", capabilities: [] }));
});

describe("a control group of the job's own", () => {
  test.each([
    ["/sys/fs/cgroup/ci", "a control group of the job's own (memory)"],
    [
      "/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice",
      "a control group of the job's own, below the user's systemd manager (memory)",
    ],
  ])("says whose %s is", (value, mechanism) => {
    const matrix = { ...rootEverything, "cgroup.memory": { state: "works", value } } as const;
    const kept = { kept: true, mechanism, capabilities: ["cgroup.memory"] } as const;
    expect(controlGroupRules["limit.memory"]({ job, matrix })).toEqual(kept);
  });
});

describe("notProvided", () => {
  test("keeps nothing, and names no capability whose lack it would be", () =>
    expect(notProvided("not yet")(circumstances)).toEqual({ kept: false, reason: "not yet" }));
});

describe("firstOf", () => {
  const rule = firstOf(keptBy("best", "ns.pid"), keptBy("second", "ns.ipc"), keptBy("third", "ns.uts"));

  test.each([
    [[], "best"],
    [["ns.pid"], "second"],
    [["ns.pid", "ns.ipc"], "third"],
  ])("without %p takes the next", (lacking, mechanism) =>
    expect(rule(without(...lacking))).toMatchObject({ kept: true, mechanism }),
  );

  test("without any gives the reason of the first", () =>
    expect(rule(without("ns."))).toEqual({ kept: false, reason: "best: needs ns.pid", missing: "ns.pid" }));
});

describe("decideAll", () => {
  test("decides each guarantee once, in report order, by its own rule", () => {
    const rules = Object.fromEntries(guaranteeIds.toReversed().map((id) => [id, notProvided(id)]));
    expect(decideAll(rules as Record<GuaranteeId, GuaranteeRule>, circumstances)).toEqual(
      guaranteeIds.map((id) => ({ id, kept: false, reason: id })),
    );
  });
});

describe("controlGroupLimits", () => {
  const limits = { graceMs: 0, memoryBytes: 5, pids: 6, cpus: 7 };

  test("are the defaults, and no cap on processors, where nothing is stated", () =>
    expect(controlGroupLimits(circumstances)).toEqual({ memoryBytes: 3_000_000_000, pids: 4096, cpus: undefined }));

  test("are what is stated", () =>
    expect(controlGroupLimits({ job: jobOf({ limits }), matrix: rootEverything })).toEqual({
      memoryBytes: 5,
      pids: 6,
      cpus: 7,
    }));

  test.each([
    ["cgroup.memory", { memoryBytes: undefined, pids: 6, cpus: 7 }],
    ["cgroup.pids", { memoryBytes: 5, pids: undefined, cpus: 7 }],
    ["cgroup.cpu", { memoryBytes: 5, pids: 6, cpus: undefined }],
  ])("leave out what %s cannot keep, also where it is stated", (id, expected) =>
    expect(controlGroupLimits({ job: jobOf({ limits }), matrix: without(id).matrix })).toEqual(expected),
  );
});

describe("jobEnvironment", () => {
  test("is what every program expects", () =>
    expect(jobEnvironment(job, "/h", "u")).toEqual({
      PATH: standardPath,
      HOME: "/h",
      USER: "u",
      LOGNAME: "u",
      SHELL: "/bin/sh",
      LANG: "C.UTF-8",
    }));

  test("lets what the job declares win, PATH as well", () => {
    const declared = jobOf({ toolDirectories: ["/t"], environment: { PATH: "/p", HOME: "/own" } });
    expect(jobEnvironment(declared, "/h", "u")).toMatchObject({ PATH: "/p", HOME: "/own", USER: "u" });
  });
});
