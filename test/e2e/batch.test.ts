/** `cupel run --batch`: what comes out for what goes in. */
import { describe, expect, test } from "bun:test";
import { endOf } from "../support/end-of.ts";
import { byLine, openBatch, parseOutcomes, runBatch, said, scripts } from "../support/run-batch.ts";
import { installCupel } from "../support/run-cli.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { callers, ordinaryCaller } from "../support/tester.ts";

const cupel = installCupel();

describe.each(callers)("a batch, called by $name", (caller) => {
  test("gives each line one outcome, of every kind, and ends with 1 where one failed", async () => {
    const jobs = [
      { id: "fine", command: ["echo", "süß"] },
      { command: ["sh", "-c", "echo out; echo err >&2; exit 3"] },
      { command: ["sh", "-c", "kill -ABRT $$"] },
      { id: "", command: ["cupel-no-such-program"] },
      { command: ["/etc/passwd"] },
      { command: ["sleep", "60"], limits: { timeout: "50ms", grace: "10ms" } },
      { comand: ["true"] },
      "nonsense",
      { command: ["a\0b"] },
      { command: ["env"], env: { set: { A: "1" } } },
    ];
    const { code, stderr, outcomes } = await runBatch(cupel, caller, jobs, ["--env", "A=0", "--env", "B=2"]);
    expect({ code, stderr }).toEqual({ code: 1, stderr: "" });
    const summary = byLine(outcomes).map((outcome) => [outcome.line, outcome.id, endOf(outcome), outcome.exitCode]);
    expect(summary).toEqual([
      [1, "fine", "ok: 0", 0],
      [2, undefined, "nonzero: 3", 3],
      [3, undefined, "signalled: SIGABRT", 134],
      [4, "", "setup-failed: cupel-no-such-program: not found", 127],
      [5, undefined, "setup-failed: /etc/passwd: cannot be executed (EACCES)", 126],
      [6, undefined, "timeout-wall: the job was ended after 0.05 s, its time limit", 124],
      [7, undefined, 'setup-failed: standard input:7:2: there is no field "comand" here, did you mean command?', 125],
      [8, undefined, expect.stringContaining("setup-failed: standard input:8: the line is not JSON"), 125],
      [9, undefined, expect.stringMatching(/^setup-failed: .*NUL/), 125],
      [10, undefined, "ok: 0", 0],
    ]);
    expect(byLine(outcomes)[1]).toMatchObject({
      schema: 2,
      strategy: "namespaces",
      report: expect.stringMatching(/^[0-9a-f-]{36}$/),
      kept: expect.arrayContaining(["net.none", "proc.tree"]),
      accepted: [],
      usage: { wallMs: expect.any(Number) },
      stdout: { bytes: 4, isTruncated: false, text: "out\n" },
      stderr: { bytes: 4, isTruncated: false, text: "err\n" },
    });
    const variables = said(byLine(outcomes)[9])?.split("\n") ?? [];
    expect([variables.includes("A=1"), variables.includes("B=2"), variables.includes("A=0")]).toEqual([
      true,
      true,
      false,
    ]);
  });

  test("ends with 0 where all did", async () => {
    const { code, outcomes } = await runBatch(cupel, caller, scripts("exit 0", ":", "true"));
    expect([code, outcomes.length]).toEqual([0, 3]);
  });

  test.each(["", "\n\n  \n"])("of no line at all (%j) is fine, and says nothing", async (text) =>
    expect(await runBatch(cupel, caller, text === "" ? [] : [text])).toEqual({
      code: 0,
      signal: null,
      stderr: "",
      outcomes: [],
    }),
  );

  test("gives an outcome while its input is still open, and takes more", async () => {
    await using batch = openBatch(cupel, caller, ["--parallel", "2"]);
    for (let round = 1; round <= 4; round++) {
      batch.send({ id: `${round}`, command: ["echo", `${round}`] });
      expect((await batch.outcomes(round)).map(said)).toContain(`${round}\n`);
    }
    batch.close();
    expect(await batch.ended).toMatchObject({ code: 0, stderr: "" });
  });

  test("gives outcomes in the order in which jobs end", async () => {
    await using batch = openBatch(cupel, caller, ["--parallel", "2"]);
    batch.send({ command: ["sleep", "60"], limits: { timeout: "1s" } }, { command: ["true"] });
    batch.close();
    expect((await batch.ended).outcomes.map(({ line }) => line)).toEqual([2, 1]);
  });

  test("keeps as much of the outputs as --capture says, and counts them whole", async () => {
    const jobs = scripts("printf 12345; printf abcdef >&2", "printf 1234; head -c 3000000 /dev/zero >&2", "printf 1€");
    const { outcomes } = await runBatch(cupel, caller, jobs, ["--capture", "4"]);
    expect(byLine(outcomes).map(({ stdout, stderr }) => [stdout, stderr])).toEqual([
      [
        { bytes: 5, isTruncated: true, text: "1234" },
        { bytes: 6, isTruncated: true, text: "abcd" },
      ],
      [
        { bytes: 4, isTruncated: false, text: "1234" },
        { bytes: 3_000_000, isTruncated: true, text: "\0\0\0\0" },
      ],
      [
        { bytes: 4, isTruncated: false, text: "1€" },
        { bytes: 0, isTruncated: false, text: "" },
      ],
    ]);
  });

  test("passes on outputs of megabytes whole, byte for byte", async () => {
    const script = "head -c 3000000 /dev/urandom > /tmp/a; cat /tmp/a; base64 -w0 /tmp/a >&2";
    const { outcomes } = await runBatch(cupel, caller, scripts(script), ["--capture", "16M"]);
    const [{ stdout, stderr } = {}] = outcomes;
    expect([stdout?.bytes, stderr?.bytes, stdout?.isTruncated]).toEqual([3_000_000, 4_000_000, false]);
    expect(stdout !== undefined && "base64" in stdout && stderr !== undefined && "text" in stderr).toBeTrue();
    if (stdout !== undefined && "base64" in stdout && stderr !== undefined && "text" in stderr)
      expect(stdout.base64 === stderr.text).toBeTrue();
  });

  test("goes on behind a job that floods both outputs until its time is up", async () => {
    const flood = {
      command: ["sh", "-c", "for i in 1 2 3 4; do yes & yes >&2 & done; yes"],
      limits: { timeout: "200ms" },
    };
    const { outcomes } = await runBatch(cupel, caller, [flood, { command: ["echo", "next"] }], ["--parallel", "1"]);
    const [first, second] = byLine(outcomes);
    expect([first?.status, first?.stdout?.isTruncated]).toEqual(["timeout-wall", true]);
    expect(said(second)).toBe("next\n");
  });

  test("sends jobs of a megabyte while outputs of megabytes come: neither side waits for the other", async () => {
    const set = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`V${index}`, "x".repeat(100_000)]));
    const loud = { command: ["sh", "-c", "head -c 3000000 /dev/zero"], env: { set } };
    const jobs = [...scripts("true", "true", "true"), loud, loud, loud, loud];
    const { code, outcomes } = await runBatch(cupel, caller, jobs, ["--parallel", "1", "--capture", "16M"]);
    expect([code, outcomes.length]).toEqual([0, jobs.length]);
    expect(outcomes.at(-1)?.stdout?.bytes).toBe(3_000_000);
  });

  test("refuses a line that is too long, alone", async () => {
    const long = { command: ["true", "x".repeat(5_000_000)] };
    const { code, outcomes } = await runBatch(cupel, caller, [long, { command: ["true"] }]);
    expect([code, byLine(outcomes).map(endOf)]).toEqual([
      1,
      ["setup-failed: standard input:1: the line is longer than 4 MiB", "ok: 0"],
    ]);
  });

  test("says that a job's words are too many for the kernel, and goes on", async () => {
    const jobs = [{ command: ["true", "x".repeat(200_000)] }, { command: ["true"] }];
    const { outcomes } = await runBatch(cupel, caller, jobs, ["--parallel", "1"]);
    expect(byLine(outcomes).map(endOf)).toEqual([
      expect.stringMatching(/^setup-failed: .*true: cannot be executed \(E2BIG\)/),
      "ok: 0",
    ]);
  });

  test("never mixes up two hundred jobs, eight at once", async () => {
    const tokens = Array.from({ length: 200 }, () => crypto.randomUUID());
    const jobs = tokens.map((token, index) => ({
      id: token,
      command: ["sh", "-c", 'echo "$0 $TOKEN"; echo "$TOKEN" >&2; exit "$1"', token, `${index % 100}`],
      env: { set: { TOKEN: token } },
    }));
    const { outcomes } = await runBatch(cupel, caller, jobs, ["--parallel", "8"]);
    expect(
      byLine(outcomes).map(({ line, id, exitCode, stdout, stderr }) => [line, id, exitCode, stdout, stderr]),
    ).toEqual(
      tokens.map((token, index) => [
        index + 1,
        token,
        index % 100,
        { bytes: 74, isTruncated: false, text: `${token} ${token}\n` },
        { bytes: 37, isTruncated: false, text: `${token}\n` },
      ]),
    );
  });

  test("works in the strategy process, as far as that goes", async () => {
    const flags = ["--strategy", "process", "--accept-missing", "all", "--parallel", "1"];
    const jobs = scripts("echo $PPID; exit 4", "(setsid sleep 60 &) ; echo second", "echo third");
    const { code, outcomes } = await runBatch(cupel, caller, jobs, flags);
    const [first, ...rest] = byLine(outcomes);
    expect([code, first?.exitCode, first?.strategy, rest.map(said)]).toEqual([
      1,
      4,
      "process",
      ["second\n", "third\n"],
    ]);
  });

  test("judges each job by caps of its own", async () => {
    const fork = "for i in 1 2 3 4 5 6 7 8 9; do sleep 1 & done 2>/dev/null; true";
    const flags = ["--pids", "4", "--accept-missing", "limit.pids", "--timeout", "10s"];
    const jobs = [{ command: ["sh", "-c", fork] }, { command: ["true"], limits: { timeout: "5s" } }];
    const { outcomes } = await runBatch(cupel, caller, jobs, flags);
    const caps = byLine(outcomes).map(({ limits }) => limits.find(({ id }) => id === "limit.time")?.requested);
    expect(caps).toEqual([10_000, 5000]);
  });
});

describe("what is asked for wrongly", () => {
  const caller = ordinaryCaller;

  test.each<[words: string[], message: string]>([
    [["--batch"], "--batch needs a value"],
    [["--batch", "-", "--", "true"], '--batch takes its commands from a file; leave "true" out'],
    [["--batch", "-", "--result", "r"], "--batch and --result do not go together; leave one out"],
    [
      ["--batch", "/nowhere/at/all"],
      "--batch /nowhere/at/all cannot be read (ENOENT); name a file of JSON lines, or -",
    ],
    [["--batch", "/"], "--batch / is a directory; name a file"],
    [["--batch", "/etc/shadow"], "--batch /etc/shadow cannot be read (EACCES); name a file of JSON lines, or -"],
    [
      ["--batch", "-", "--parallel", "0"],
      '--parallel "0" is not a number of jobs; write a whole number from 1 to 1024',
    ],
    [["--batch", "-", "--parallel", "1025"], '--parallel "1025" is not'],
    [["--batch", "-", "--parallel", "two"], '--parallel "two" is not'],
    [["--batch", "-", "--parallel", "1e1"], '--parallel "1e1" is not'],
    [["--batch", "-", "--parallel", ""], "--parallel"],
    [["--batch", "-", "--capture", "much"], '--capture "much" is not a size'],
    [["--batch", "-", "--capture", "17M"], '--capture "17M" is more than 16M, the most that is kept of an output'],
    [["--parallel", "2", "--", "true"], "--parallel is about a batch; give --batch FILE too, or leave it out"],
    [["--capture", "2", "--", "true"], "--capture is about a batch; give --batch FILE too, or leave it out"],
  ])("run %p is refused with one sentence, and 125", async (words, message) => {
    const { code, stdout, stderr } = await cupel.run(caller, ["run", ...words], { stdin: "" });
    expect({ code, stdout }).toEqual({ code: 125, stdout: "" });
    expect(stderr).toStartWith("cupel: ");
    expect(stderr).toContain(message);
    expect(stderr.trimEnd().split("\n")).toHaveLength(1);
  });

  test("a demand that nothing here keeps ends it before the first job: 125, and why", async () => {
    const { code, outcomes, stderr } = await runBatch(cupel, caller, scripts("true"), ["--min", "vm"]);
    expect([code, outcomes]).toEqual([125, []]);
    expect(stderr).toContain("cupel: ");
  });

  test("a file that fails while it is read: what came before has its outcome, 125", async () => {
    const { code, stdout, stderr } = await cupel.run(caller, ["run", "--batch", "/proc/self/mem"], { stdin: "" });
    expect({ code, stdout }).toEqual({ code: 125, stdout: "" });
    expect(stderr).toBe("cupel: --batch /proc/self/mem cannot be read (EIO); name a file of JSON lines, or -\n");
  });

  test("standard input that is closed has no lines", async () =>
    expect(await cupel.shell(caller, '"$CUPEL" run --batch - <&-')).toMatchObject({ code: 0, stdout: "", stderr: "" }));

  test("standard input that is a directory cannot be read", async () =>
    expect(await cupel.shell(caller, '"$CUPEL" run --batch - </')).toMatchObject({
      code: 125,
      stdout: "",
      stderr: "cupel: --batch - cannot be read (EISDIR); name a file of JSON lines, or -\n",
    }));

  test("a name is said in what is wrong with a line of a file", async () => {
    using directory = makeTempDir({ owner: caller });
    const file = directory.file("jobs.jsonl", '\n{"command":["true"],"env":{"st":{}}}\n');
    const { code, stdout } = await cupel.run(caller, ["run", "--batch", file]);
    expect(code).toBe(1);
    expect(parseOutcomes(stdout)).toMatchObject([
      {
        line: 2,
        status: "setup-failed",
        cause: { code: "set-up", summary: `${file}:2:28: there is no field "st" here, did you mean set?` },
        exitCode: 125,
        kept: [],
        limits: [],
      },
    ]);
  });
});
