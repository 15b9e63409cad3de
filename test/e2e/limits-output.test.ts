/** Caps on output: of all streams together, whatever the caller's streams are; dropped beyond, or the job's end. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { byLine, runBatch, scripts } from "../support/run-batch.ts";
import { isolationSet } from "../../src/model/guarantee.ts";
import { installCupel } from "../support/run-cli.ts";
import { limitOf, runLimited, told } from "../support/run-limited.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { openTerminal } from "../support/terminal.ts";
import { callers } from "../support/tester.ts";

const cupel = installCupel();

describe.each(callers)("called by $name", (caller) => {
  test("what is more is dropped, counted all the same, and the job goes on", async () => {
    const script = "head -c 300000 /dev/zero; echo done >/tmp/after; cat /tmp/after >&2; exit 3";
    const ran = await runLimited(cupel, caller, ["--output-size", "1000", "--", "sh", "-c", script]);
    const said = "cupel: the job wrote 300005 bytes of output, of which 1000 were passed on, its cap\n";
    expect([ran.code, ran.stdout.length, ran.stderr]).toEqual([3, 1000, said]);
    expect(ran.outcome).toMatchObject({
      status: "nonzero",
      output: [
        { stream: "stdout", bytes: 300_000, isTruncated: true },
        { stream: "stderr", bytes: 5, isTruncated: true },
      ],
    });
    expect(limitOf(ran, "output")).toMatchObject({ id: "limit.output", requested: 1000, stated: true, enforced: true });
  });

  test("exactly as much as may be is passed on whole, byte for byte", async () => {
    const words = ["--output-size", "5", "--on-output", "kill", "--", "printf", "12345"];
    const ran = await runLimited(cupel, caller, words);
    expect(ran).toMatchObject({ code: 0, stdout: "12345", stderr: "", outcome: { status: "ok" } });
    expect(ran.outcome.output).toEqual([{ stream: "stdout", bytes: 5, isTruncated: false }]);
  });

  test("told to, cupel ends a job at the first byte more, at once and whatever it does about signals", async () => {
    const script = "trap '' TERM; yes & yes >&2 & yes";
    const words = ["--output-size", "2K", "--on-output", "kill", "--grace", "60s", "--", "sh", "-c", script];
    const ran = await runLimited(cupel, caller, words);
    expect(ran.code).toBe(137);
    const said = "cupel: the job wrote more than 2048 bytes of output, its cap\n";
    expect(ran.stderr).toEndWith(said);
    expect(ran.stdout.length + ran.stderr.length - said.length).toBe(2048);
    expect(ran.outcome).toMatchObject({ status: "limit-output", cause: { code: "output-size" }, exitCode: 137 });
    expect(told(ran, "output-limit")).toEqual({ bytesMax: 2048 });
  });

  test.each(["", "> FILE", "> FILE 2>&1", ">> FILE", "2>&1 | cat > FILE"])(
    "holds whether the output is a pipe or goes elsewhere: %p",
    async (redirection) => {
      using directory = makeTempDir({ owner: caller });
      const [file, result] = [directory.at("file"), directory.at("result")];
      const run = `"$CUPEL" run --quiet --result ${result} --output-size 7 -- sh -c 'echo 12345; sleep 0.1; echo 678'`;
      const ran = await cupel.shell(caller, `${run} ${redirection.replace("FILE", file)}`);
      expect(redirection === "" ? ran.stdout : readFileSync(file, "utf8")).toBe("12345\n6");
    },
  );

  test("holds for what is thrown away, too: it is the job's output, not the reader's, that has a cap", async () => {
    const run = `"$CUPEL" run --output-size 1K --on-output kill -- yes >/dev/null; echo $?`;
    expect(await cupel.shell(caller, run)).toMatchObject({ stdout: "137\n" });
  });

  test("holds for the job's own terminal", async () => {
    const run = `"$CUPEL" run --tty --output-size 1000 --on-output kill -- sh -c 'echo begun; yes; echo never'; echo "code $?"`;
    const env = cupel.environment(caller);
    await using session = openTerminal([...caller.prefix, "sh", "-c", run], { cwd: cupel.workspace(caller), env });
    await session.shows("code 137");
    expect(session.text()).toContain("begun");
    expect(session.text().length).toBeLessThan(1300);
  });

  test("holds for each job of a batch", async () => {
    const jobs = scripts("printf 123; printf 456 >&2", "head -c 3000000 /dev/zero", "yes");
    const flags = ["--parallel", "1", "--output-size", "5", "--capture", "4"];
    const truncated = byLine((await runBatch(cupel, caller, jobs.slice(0, 2), flags)).outcomes);
    const totals = truncated.map(({ status, stdout, stderr }) => [status, stdout?.bytes, stderr?.bytes]);
    expect(totals).toEqual([
      ["ok", 3, 3],
      ["ok", 3_000_000, 0],
    ]);
    const kept = truncated.map(({ stdout, stderr }) =>
      [stdout, stderr].map((one) => (one !== undefined && "text" in one ? one.text.length : -1)),
    );
    expect(kept[0]?.reduce((one, other) => one + other)).toBe(5);
    expect(kept[1]).toEqual([4, 0]);
    const killed = byLine((await runBatch(cupel, caller, jobs, [...flags, "--on-output", "kill"])).outcomes);
    expect(killed.map(({ status, exitCode }) => [status, exitCode])).toEqual([
      ["limit-output", 137],
      ["limit-output", 137],
      ["limit-output", 137],
    ]);
  });

  test("holds for a job that has ended by itself before it was noticed", async () => {
    const jobs = scripts(...Array.from({ length: 40 }, () => "printf 123456"));
    const flags = ["--parallel", "2", "--output-size", "5", "--on-output", "kill"];
    const ends = byLine((await runBatch(cupel, caller, jobs, flags)).outcomes).map(({ status }) => status);
    expect(ends).toEqual(jobs.map(() => "limit-output"));
    const words = ["--output-size", "5", "--on-output", "kill", "--", "printf", "123456"];
    const ran = await runLimited(cupel, caller, words);
    expect(ran).toMatchObject({ code: 137, stdout: "12345", outcome: { status: "limit-output" } });
  });

  test("given to a strategy that does not keep it, it is refused", async () => {
    const words = [
      "--strategy",
      "process",
      "--accept-missing",
      isolationSet.join(),
      "--output-size",
      "1K",
      "--",
      "echo",
      "ran",
    ];
    const ran = await runLimited(cupel, caller, words);
    expect(ran).toMatchObject({ code: 125, stdout: "", outcome: { status: "refused" } });
    expect(ran.stderr.replaceAll(/\s+/g, " ")).toContain("limit.output");
  });

  test("what is to become of too much is refused without a size", async () => {
    const ran = await cupel.run(caller, ["run", "--on-output", "kill", "--", "true"]);
    expect(ran).toMatchObject({ code: 125, stderr: expect.stringMatching(/^cupel: [^\n]*--output-size[^\n]*\n$/) });
  });
});
