/** A batch that meets a slow reader or a full disk: outcomes stay true, and nothing hangs. */
import { describe, expect, test } from "bun:test";
import { linesOf, parseOutcomes, script } from "../support/run-batch.ts";
import { installCupel } from "../support/run-cli.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { callers } from "../support/tester.ts";

const cupel = installCupel();

describe.each(callers)("called by $name", (caller) => {
  /** An outcome that no pipe takes whole: whoever writes it in one go waits for the reader. */
  const big = script("big", "head -c 1000000 /dev/zero | tr '\\0' x");

  test("what ended in time did so, however slow the reader is", async () => {
    using directory = makeTempDir({ owner: caller });
    const quick = script("quick", "sleep 0.4; head -c 330000 /dev/zero | tr '\\0' x; exit 0");
    const jobs = directory.file("jobs", linesOf([big, quick]));
    const flags = "--workspace none --timeout 1s --capture 4M --parallel 2";
    const { stdout } = await cupel.shell(caller, `"$CUPEL" run ${flags} --batch ${jobs} | { sleep 2; cat; }`);
    expect(parseOutcomes(stdout).map(({ status }) => status)).toEqual(["ok", "ok"]);
  });

  test("a deadline holds while nobody reads: the outcomes wait, not the jobs", async () => {
    using directory = makeTempDir({ owner: caller });
    const slow = script("slow", "head -c 6000000 /dev/zero & sleep 4; wait");
    const jobs = directory.file("jobs", linesOf([big, slow]));
    const flags = "--workspace none --timeout 1s --capture 16M --parallel 2";
    const { stdout } = await cupel.shell(caller, `"$CUPEL" run ${flags} --batch ${jobs} | { sleep 5; cat; }`);
    const outcome = parseOutcomes(stdout).find(({ id }) => id === "slow");
    expect([outcome?.status, (outcome?.usage?.wallMs ?? Infinity) < 3000]).toEqual(["timeout-wall", true]);
  });

  test("outcomes that cannot be written are a failure, said and coded", async () => {
    using directory = makeTempDir({ owner: caller });
    const jobs = directory.file("jobs", linesOf([script("a", "exit 0"), script("b", "exit 0")]));
    const commandLine = `"$CUPEL" run --workspace none --parallel 1 --batch ${jobs} > /dev/full; echo "code $?"`;
    expect(await cupel.shell(caller, commandLine)).toMatchObject({
      stdout: "code 125\n",
      stderr: "cupel: the outcomes cannot be written to standard output any more: ENOSPC\n",
    });
  });

  test("no line waits behind a long job while a slot is free", async () => {
    using directory = makeTempDir({ owner: caller });
    const mark = directory.folder("mark", 0o777);
    const long = script("long", `i=0; until [ -e ${mark}/done ] || [ $i = 200 ]; do sleep 0.05; i=$((i+1)); done`);
    const quick = ["a", "b"].map((id) => script(id, "exit 0"));
    const jobs = linesOf([...quick, long, script("d", "exit 0"), script("e", `touch ${mark}/done`)]);
    const flags = ["--workspace", "none", "--write", mark, "--parallel", "2"];
    const { stdout } = await cupel.run(caller, ["run", ...flags, "--batch", directory.file("jobs", jobs)]);
    expect(parseOutcomes(stdout).at(-1)).toMatchObject({ id: "long", status: "ok" });
    expect(parseOutcomes(stdout).filter(({ id, usage }) => id === "long" && (usage?.wallMs ?? 0) > 9000)).toEqual([]);
  });
});
