import { describe, expect, test } from "bun:test";
import { doctorExitCode } from "../../src/commands/doctor.ts";
import type { Standings } from "../../src/model/capability.ts";
import type { Trial } from "../../src/model/trial.ts";
import { buildReport } from "../../src/report/build-report.ts";
import namespaces from "../../src/strategies/namespaces.ts";
import process from "../../src/strategies/process.ts";
import { jobOf } from "../fixtures/jobs/jobs.ts";
import { matrixOf } from "../fixtures/matrices/matrix.ts";
import { except, nothingKnown, userEverything, userNamespacesBlocked } from "../fixtures/matrices/standings.ts";
import { createFixtureHost } from "../support/fixture-host.ts";

const strategies = [namespaces, process];

function exitCode(standings: Standings, results: Readonly<Record<string, Trial["result"]>> = {}): number {
  const report = buildReport({
    host: createFixtureHost({}),
    isWhole: true,
    skipped: [],
    matrix: matrixOf(standings),
    trials: strategies.map(({ id }) => ({
      strategy: id,
      result: results[id] ?? "passed",
      summary: "",
      evidence: [],
      durationMs: 1,
    })),
    strategies,
    defaultJob: jobOf(),
    fingerprintParts: {},
    durationMs: 1,
  });
  return doctorExitCode(report);
}

describe("doctorExitCode", () => {
  test("is 0 where a strategy keeps what the default job demands", () => expect(exitCode(userEverything)).toBe(0));

  test("is 1 where something stands in the way", () => {
    expect(exitCode(userNamespacesBlocked)).toBe(1);
    expect(exitCode(except(userEverything, "absent", "seccomp.filter"))).toBe(1);
    expect(exitCode(except(userEverything, "broken", "ns.network"))).toBe(1);
    expect(exitCode(userEverything, { namespaces: "failed" })).toBe(1);
  });

  test("is 3 where nothing could be told", () => expect(exitCode(nothingKnown)).toBe(3));

  test.each(["userns.create", "ns.mount", "mount.proc", "seccomp.filter", "ns.network"])(
    "is 3 where it hangs on %s, of which nothing could be told",
    (id) => expect(exitCode(except(userEverything, "unknown", id))).toBe(3),
  );

  test("is 3 where the one trial that counts could not be told", () =>
    expect(exitCode(userEverything, { namespaces: "unknown" })).toBe(3));

  test("is never 0 where what decides is unknown", () => {
    for (const id of Object.keys(userEverything)) {
      const [unknown, absent] = [
        exitCode(except(userEverything, "unknown", id)),
        exitCode(except(userEverything, "absent", id)),
      ];
      expect([id, unknown === 0]).toEqual([id, absent === 0]);
    }
  });
});
