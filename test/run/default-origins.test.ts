import { describe, expect, test } from "bun:test";
import { withDefaultOrigins } from "../../src/run/default-origins.ts";
import type { Origin } from "../../src/model/origin.ts";
import { jobOf } from "../fixtures/jobs/jobs.ts";

const command: Origin = { from: "flag", flag: "", field: "command", value: "a" };
const stated: readonly Origin[] = [
  { from: "job file", flag: "pids", field: "limits.pids", value: "64", place: "job.yaml:2:9" },
  { from: "flag", flag: "read", field: "filesystem.read.allow", value: "/b" },
  command,
];

function lines(origins: readonly Origin[]): string[] {
  return origins.map(({ field, value, from }) => `${field} ${value} ${from}`);
}

describe("withDefaultOrigins", () => {
  test("adds what nobody stated, all in one order", () =>
    expect(lines(withDefaultOrigins(stated, jobOf({ limits: { graceMs: 2000, pids: 64 } })))).toEqual([
      "command a flag",
      "workspace.mode ro default",
      "filesystem.read.allow /b flag",
      "filesystem.tools false default",
      "root host default",
      "network.mode none default",
      "syscalls.profile default default",
      "tty false default",
      "limits.grace 2 s default",
      "limits.memory 2.8 GiB default",
      "limits.pids 64 job file",
      "minimum.strict false default",
      "selection.prefer fastest default",
    ]));

  test("says none of a workspace that is not taken, and nothing of a cap that is not there", () => {
    const job = jobOf({
      workspace: { mode: "empty", why: "" },
      defaultLimits: { memoryBytes: undefined, pids: undefined },
    });
    const said = lines(withDefaultOrigins([command], job));
    expect(said).toContain("workspace.mode none default");
    expect(said.filter((line) => line.startsWith("limits."))).toEqual(["limits.grace 2 s default"]);
  });
});
