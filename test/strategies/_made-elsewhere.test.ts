import { describe, expect, test } from "bun:test";
import type { Standings } from "../../src/model/capability.ts";
import type { GuaranteeDecision } from "../../src/model/guarantee.ts";
import type { Job } from "../../src/model/job.ts";
import { madeElsewhere, textOf, writableSecrets, type Making } from "../../src/strategies/_made-elsewhere.ts";
import namespaces from "../../src/strategies/namespaces.ts";
import { jobOf } from "../fixtures/jobs/jobs.ts";
import { userEverything } from "../fixtures/matrices/standings.ts";

/** A program that makes PID namespaces, and nothing else of its own. */
const making: Making = {
  title: "Potter",
  standIns: () => ({
    program: "program.bwrap",
    made: ["ns.pid"],
    lacking: [{ ids: ["mount.overlay-user"], why: "none" }],
  }),
  maker: (matrix) => ({ program: "bubblewrap", path: textOf(matrix, "program.bwrap", "/usr/bin/potter") }),
};

function guaranteesOf(parts: Partial<Making>, job: Partial<Job> = {}): GuaranteeDecision[] {
  return madeElsewhere({ ...making, ...parts }).guarantees(jobOf(job), userEverything);
}

function ofId(decisions: readonly GuaranteeDecision[], id: string): GuaranteeDecision | undefined {
  return decisions.find((decision) => decision.id === id);
}

test("a value that is a text is taken, and nothing else for one", () => {
  const standings: Standings = {
    "program.bwrap": { state: "works", value: "/opt/bwrap" },
    "cgroup.memory": { state: "works", value: 7 },
  };
  expect([
    textOf(standings, "program.bwrap", "other"),
    textOf(standings, "cgroup.memory", "other"),
    textOf(standings, "ns.pid", "other"),
  ]).toEqual(["/opt/bwrap", "other", "other"]);
});

describe("guarantees", () => {
  test("are those of namespaces, on what they really stand on", () => {
    const byItself = namespaces.guarantees(jobOf(), userEverything);
    const named = byItself.map((decision) =>
      decision.kept
        ? {
            ...decision,
            capabilities: [...new Set(decision.capabilities.map((id) => (id === "ns.pid" ? "program.bwrap" : id)))],
          }
        : decision,
    );
    expect(named).not.toEqual(byItself);
    expect(guaranteesOf({})).toEqual(named as GuaranteeDecision[]);
  });

  test("have the program's own words, where it keeps the guarantee", () => {
    const words: Making["words"] = {
      "proc.hidden": (mechanism, matrix) => `${mechanism}, in ${textOf(matrix, "cgroup.mode", "none")}`,
      "limit.disk": () => "never said",
    };
    const uncounted = { limits: { graceMs: 0, diskBytes: 4096, diskFiles: 5 } };
    const [plain, own] = [guaranteesOf({}, uncounted), guaranteesOf({ words }, uncounted)];
    expect(ofId(own, "proc.hidden")).toEqual({
      ...(ofId(plain, "proc.hidden") as Extract<GuaranteeDecision, { kept: true }>),
      mechanism: expect.stringMatching(/.+, in v2$/) as never,
    });
    expect(ofId(own, "limit.disk")).toEqual({
      id: "limit.disk",
      kept: false,
      reason: "Potter caps the bytes of a file system, not its files (--tmp-files)",
    });
    const isOther = ({ id }: GuaranteeDecision): boolean => id !== "proc.hidden";
    expect(own.filter(isOther)).toEqual(plain.filter(isOther));
  });

  test("are none where the program keeps nothing, whatever it lacks besides", () => {
    const uncounted = { limits: { graceMs: 0, diskBytes: 4096, diskFiles: 5 } };
    const decisions = guaranteesOf({ keepsNothing: () => "a reason" }, uncounted);
    expect(decisions.length).toBe(guaranteesOf({}).length);
    expect(decisions).toEqual(decisions.map(({ id }) => ({ id, kept: false, reason: "a reason" })));
    expect(guaranteesOf({ keepsNothing: () => undefined })).toEqual(guaranteesOf({}));
  });
});

test("the plan is that of namespaces for what is left of the job, with the program as its maker", () => {
  const job = jobOf({
    limits: { graceMs: 0, diskBytes: 4096, diskFiles: 5 },
    workspace: { mode: "cow", path: "/w", isStated: false, manner: "overlay", ignore: [], apply: "never" },
  });
  const standings: Standings = { ...userEverything, "program.bwrap": { state: "works", value: "/opt/potter" } };
  const { maker, ...rest } = madeElsewhere(making).plan(job, standings);
  expect(maker).toEqual({ program: "bubblewrap", path: "/opt/potter" });
  const left = jobOf({ ...job, limits: { graceMs: 0, diskBytes: 4096 } });
  expect(rest).toEqual(namespaces.plan(left, { ...standings, "mount.overlay-user": { state: "absent" } }));
  expect(rest).not.toEqual(namespaces.plan(left, standings));
});

test("files of the job's own are not called read-only", () =>
  expect([
    writableSecrets("a private file system in memory, read-only, for A"),
    writableSecrets("nothing of it"),
  ]).toEqual(["a private file system in memory, for A", "nothing of it"]));
