/** A cap on the caller's processes, filled by a job: it fails jobs, and takes nothing from cupel. */
import { expect, test } from "bun:test";
import { linesOf, parseOutcomes, script } from "../support/run-batch.ts";
import { installCupel } from "../support/run-cli.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";
import { isRoot, ordinaryCaller, type Caller } from "../support/tester.ts";
import type { Ran } from "../support/execute.ts";

const cupel = installCupel();

/** Somebody whose processes are this test's alone: the cap counts all that a user has, whoever started them. */
function lonely(): Caller {
  if (!isRoot) return ordinaryCaller;
  const uid = 2_000_000 + Math.floor(Math.random() * 1_000_000);
  const prefix = ["setpriv", `--reuid=${uid}`, `--regid=${uid}`, "--clear-groups", "--"];
  return { name: String(uid), uid, gid: uid, home: "/", prefix };
}

const fill =
  "for (;;) { my $child = fork; last unless defined $child; if (!$child) { sleep 2; exit } } sleep 2; exit 7";

function runCapped(caller: Caller, directory: TempDir, words: string): Promise<Ran> {
  const limited = `prlimit --nproc=60 -- "$CUPEL" run --workspace none ${words}`;
  return cupel.shell(caller, `timeout 30 ${limited}`, { env: { XDG_STATE_HOME: directory.path } });
}

test("a job that fills it ends as it ends", async () => {
  const caller = lonely();
  using directory = makeTempDir({ owner: caller });
  const path = directory.file("fill", fill);
  const result = await runCapped(caller, directory, `--read ${path} --timeout 9s -- perl ${path}`);
  expect(result).toMatchObject({ stdout: "", stderr: "", code: 7 });
});

test("a cap on processes that another job fills fails jobs, and stops nothing", async () => {
  const caller = lonely();
  using directory = makeTempDir({ owner: caller });
  const hog = { id: "hog", command: ["perl", "-e", fill] };
  const others = Array.from({ length: 32 }, (_, index) => script(`t${index}`, "sleep 0.05"));
  const jobs = directory.file("jobs", linesOf([hog, ...others]));
  const { stdout, stderr } = await runCapped(caller, directory, `--parallel 2 --timeout 4s --batch ${jobs}`);
  const ids = parseOutcomes(stdout).map(({ id }) => String(id));
  const expected = ["hog", ...others.map(({ id }) => id)].toSorted();
  expect({ ids: ids.toSorted(), stderr }).toEqual({ ids: expected, stderr: expect.any(String) });
});
