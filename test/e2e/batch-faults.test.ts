/** A batch that meets a slow reader, a full disk, or a cap that other jobs fill: outcomes stay true, and nothing hangs. */
import { describe, expect, test } from "bun:test";
import type { BatchOutcome } from "../../src/run/batch-outcome.ts";
import { installCupel } from "../support/run-cli.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { callers, ordinaryCaller } from "../support/tester.ts";

const cupel = installCupel();

function linesOf(jobs: readonly object[]): string {
  return jobs.map((job) => `${JSON.stringify(job)}\n`).join("");
}

function outcomesOf(stdout: string): BatchOutcome[] {
  return stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as BatchOutcome);
}

const shell = (script: string, id: string) => ({ id, command: ["sh", "-c", script] });

describe.each(callers)("called by $name", (caller) => {
  test("what ended in time did so, however slow the reader is", async () => {
    using directory = makeTempDir({ owner: caller });
    const jobs = directory.file("jobs", linesOf([shell("head -c 400000 /dev/zero; sleep 0.1; exit 0", "a")]));
    const script = `"$CUPEL" run --workspace none --timeout 1s --capture 1M --batch ${jobs} | { sleep 1.5; cat; }`;
    const { stdout } = await cupel.shell(caller, script);
    expect(outcomesOf(stdout).map(({ status }) => status)).toEqual([{ kind: "exited", code: 0 }]);
  });

  test("a deadline holds while nobody reads: the outcomes wait, not the jobs", async () => {
    using directory = makeTempDir({ owner: caller });
    const loud = "head -c 3000000 /dev/zero | tr '\\0' x; sleep 20";
    const jobs = directory.file("jobs", linesOf([shell(loud, "a"), shell(loud, "b"), shell(loud, "c")]));
    const flags = "--workspace none --timeout 500ms --capture 4M --parallel 3";
    const { stdout } = await cupel.shell(caller, `"$CUPEL" run ${flags} --batch ${jobs} | { sleep 3; cat; }`);
    const outcomes = outcomesOf(stdout);
    expect(outcomes.map(({ status }) => status.kind)).toEqual(["timeout", "timeout", "timeout"]);
    expect(outcomes.filter(({ usage }) => (usage?.wallMs ?? Infinity) > 2500)).toEqual([]);
  });

  test("outcomes that cannot be written are a failure, said and coded", async () => {
    using directory = makeTempDir({ owner: caller });
    const jobs = directory.file("jobs", linesOf([shell("exit 0", "a"), shell("exit 0", "b")]));
    const script = `"$CUPEL" run --workspace none --parallel 1 --batch ${jobs} > /dev/full; echo "code $?"`;
    expect(await cupel.shell(caller, script)).toMatchObject({
      stdout: "code 125\n",
      stderr: "cupel: the outcomes cannot be written to standard output any more: ENOSPC\n",
    });
  });

  test("no line waits behind a long job while a slot is free", async () => {
    using directory = makeTempDir({ owner: caller });
    const mark = directory.folder("mark", 0o777);
    const long = shell(`i=0; until [ -e ${mark}/done ] || [ $i = 200 ]; do sleep 0.05; i=$((i+1)); done`, "long");
    const quick = ["a", "b"].map((id) => shell("exit 0", id));
    const jobs = linesOf([...quick, long, shell("exit 0", "d"), shell(`touch ${mark}/done`, "e")]);
    const flags = ["--workspace", "none", "--write", mark, "--parallel", "2"];
    const { stdout } = await cupel.run(caller, ["run", ...flags, "--batch", directory.file("jobs", jobs)]);
    expect(outcomesOf(stdout).at(-1)).toMatchObject({ id: "long", status: { kind: "exited", code: 0 } });
    expect(outcomesOf(stdout).filter(({ id, usage }) => id === "long" && (usage?.wallMs ?? 0) > 9000)).toEqual([]);
  });
});

test("a cap on processes that another job fills fails jobs, and stops nothing", async () => {
  using directory = makeTempDir({ owner: ordinaryCaller });
  const hog = shell("i=0; while [ $i -lt 200 ]; do sleep 1 & i=$((i+1)); done 2>/dev/null; wait; exit 0", "hog");
  const others = Array.from({ length: 24 }, (_, index) => shell("sleep 0.05", `t${index}`));
  const jobs = directory.file("jobs", linesOf([hog, ...others]));
  const limited = `prlimit --nproc=80 -- "$CUPEL" run --workspace none --parallel 2 --timeout 4s --batch ${jobs}`;
  const { stdout } = await cupel.shell(ordinaryCaller, `timeout 30 ${limited}`);
  const expected = ["hog", ...others.map(({ id }) => id)];
  expect(outcomesOf(stdout)).toHaveLength(expected.length);
  expect(new Set(outcomesOf(stdout).map(({ id }) => id))).toEqual(new Set(expected));
});
