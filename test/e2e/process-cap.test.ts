/** A cap on the caller's processes, filled by a job: it fails jobs, and takes nothing from cupel. */
import { expect, test } from "bun:test";
import { linesOf, parseOutcomes, script } from "../support/run-batch.ts";
import { installCupel } from "../support/run-cli.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { ordinaryCaller } from "../support/tester.ts";

const cupel = installCupel();

const fill =
  "for (;;) { my $child = fork; last unless defined $child; if (!$child) { sleep 2; exit } } sleep 2; exit 7";

test("a job that fills it ends as it ends", async () => {
  using directory = makeTempDir({ owner: ordinaryCaller });
  const path = directory.file("fill", fill);
  const limited = `prlimit --nproc=60 -- "$CUPEL" run --workspace none --read ${path} --timeout 9s -- perl ${path}`;
  const result = await cupel.shell(ordinaryCaller, `timeout 30 ${limited}`);
  expect(result).toMatchObject({ stdout: "", stderr: "", code: 7 });
});

test("a cap on processes that another job fills fails jobs, and stops nothing", async () => {
  using directory = makeTempDir({ owner: ordinaryCaller });
  const hog = { id: "hog", command: ["perl", "-e", fill] };
  const others = Array.from({ length: 32 }, (_, index) => script(`t${index}`, "sleep 0.05"));
  const jobs = directory.file("jobs", linesOf([hog, ...others]));
  const limited = `prlimit --nproc=60 -- "$CUPEL" run --workspace none --parallel 2 --timeout 4s --batch ${jobs}`;
  const { stdout } = await cupel.shell(ordinaryCaller, `timeout 30 ${limited}`);
  const expected = ["hog", ...others.map(({ id }) => id)];
  expect(parseOutcomes(stdout)).toHaveLength(expected.length);
  expect(new Set(parseOutcomes(stdout).map(({ id }) => id))).toEqual(new Set(expected));
});
