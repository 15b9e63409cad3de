/**
 * Jobs that die in many ways, while their launchers are killed with -9: each has one outcome, and nothing is left. A few
 * hundred here; `CUPEL_SOAK_JOBS=100000 bun test --timeout 3600000 test/e2e/batch-soak.test.ts` prints what it measured.
 */
import { describe, expect, test } from "bun:test";
import { findProcesses } from "../support/processes.ts";
import { installCupel } from "../support/run-cli.ts";
import { soak } from "../support/soak.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { callers } from "../support/tester.ts";
import { cupelControlGroups, mountLines, noneBut, processesFrom, temporaryFiles } from "../support/traces.ts";
import { until } from "../support/until.ts";

const cupel = installCupel();

const asked = process.env["CUPEL_SOAK_JOBS"];
const jobs = Number(asked ?? 300);
const seed = Number(process.env["CUPEL_SOAK_SEED"] ?? crypto.getRandomValues(new Uint32Array(1))[0]);
const parallel = 4;

describe.each(callers)("a soak, called by $name", (caller) => {
  test.each([
    ["a root that is shared", false],
    ["a root for each", true],
  ])(
    `${jobs} jobs, with %s, seed ${seed}`,
    async (name, isGranted) => {
      using directory = makeTempDir();
      // The cap on processes takes a control group, and an ordinary user may have none.
      const probe = await cupel.run(caller, ["run", "--pids", "32", "--", "true"]);
      const bombs = probe.code === 0;
      const before = { mounts: mountLines(), files: temporaryFiles() };
      const soaked = await soak(cupel, caller, directory, {
        jobs,
        parallel,
        seed,
        bombs,
        killEveryMs: 80,
        flags: [
          "--workspace",
          "none",
          ...(bombs ? ["--pids", "32"] : []),
          ...(isGranted ? ["--read", directory.path] : []),
        ],
      });
      const { pid, mark, openInCupel, openInLauncher, kills, lost, seconds, ...outcomes } = soaked;
      if (asked !== undefined)
        console.log(
          `${caller.name}, ${name}, bombs ${bombs}: ${JSON.stringify({ jobs, perSecond: Math.round(jobs / seconds), ...soaked })}`,
        );
      expect(outcomes).toEqual({ code: 1, stderr: "", surplus: 0, missing: 0, wrong: [] });
      expect([kills > 0, lost <= kills]).toEqual([true, true]);
      // The runtime's own, the batch, and two or three for each launcher that lives or is just ending.
      expect(openInCupel).toBeLessThan(40);
      expect(openInLauncher).toBeLessThan(40);
      await until(
        "every process is gone",
        () => findProcesses(mark).length + processesFrom(cupel.state(caller)).length === 0,
        1000,
      );
      await until(
        "every control group is gone",
        () => !cupelControlGroups().some((path) => path.includes(`/cupel-${pid}-`)),
        1000,
      );
      await noneBut(before.mounts, mountLines);
      await noneBut(before.files, temporaryFiles);
    },
    Math.max(60_000, jobs * 50),
  );
});
