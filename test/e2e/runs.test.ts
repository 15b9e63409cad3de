/** Records of runs: each run has one, whatever becomes of the others, and it tells no secret. */
import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, truncateSync } from "node:fs";
import * as v from "valibot";
import { outcomeShape } from "../../src/run/outcome-shape.ts";
import { runRecordShape } from "../../src/run/run-records.ts";
import { idIn } from "../support/filled-workspace.ts";
import { usePrivatePlaces } from "../support/private-places.ts";
import { installCupel, type CallOptions } from "../support/run-cli.ts";
import { findProcesses, freshMark } from "../support/processes.ts";
import { openTerminal } from "../support/terminal.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";
import { callers, type Caller } from "../support/tester.ts";
import { until } from "../support/until.ts";

const cupel = installCupel();
const apart = usePrivatePlaces();

/** A state of the test's own; what was measured is taken from the file's, so that nothing is measured anew. */
async function freshState(caller: Caller): Promise<TempDir> {
  await cupel.run(caller, ["run", "--no-record", "--", "true"]);
  const home = makeTempDir({ owner: caller });
  await cupel.outside(caller, ["cp", "-r", cupel.state(caller), home.at("cupel")]);
  return home;
}

interface Listed {
  readonly id: string;
  readonly status: string;
  readonly exitCode: number;
  readonly command: readonly string[];
}

const variablesFor = (home: TempDir): Record<string, string> => ({
  HOME: home.path,
  XDG_STATE_HOME: home.path,
  XDG_CONFIG_HOME: home.at("config"),
});

const optionsFor = (home: TempDir, options: CallOptions = {}): CallOptions => ({
  ...options,
  env: variablesFor(home),
});

describe.each(callers)("runs, called by $name", (caller) => {
  const call = (home: TempDir, words: readonly string[], options?: CallOptions) =>
    cupel.run(apart(caller, options?.cwd ?? cupel.workspace(caller)), words, optionsFor(home, options));
  const list = async (home: TempDir): Promise<Listed[]> =>
    JSON.parse((await call(home, ["runs", "--json"])).stdout) as Listed[];

  test("are listed, newest first, whatever became of them, and shown in whole", async () => {
    using home = await freshState(caller);
    expect((await call(home, ["runs"])).stdout).toBe("runs: nothing is recorded\n");
    await call(home, ["run", "--", "true"]);
    const result = home.at("result.json");
    await call(home, ["run", "--result", result, "--env", "TOKEN=very-secret", "--", "sh", "-c", "exit 3"]);
    await call(home, ["run", "--require", "net.allowlist", "--", "true"]);
    await call(home, ["run", "--", "no-such-program"]);
    await call(home, ["run", "--no-record", "--", "true"]);
    const listed = await list(home);
    expect(listed.map(({ status, exitCode, command }) => [status, exitCode, command.join(" ")])).toEqual([
      ["setup-failed", 127, "no-such-program"],
      ["refused", 125, "true"],
      ["nonzero", 3, "sh -c exit 3"],
      ["ok", 0, "true"],
    ]);
    const id = listed[2]?.id ?? "";
    const outcome = v.parse(outcomeShape, JSON.parse(readFileSync(result, "utf8")));
    const shown = await call(home, ["runs", "show", id, "--json"]);
    const record = v.parse(runRecordShape, JSON.parse(shown.stdout));
    expect({ ...record, outcome: record.outcome }).toMatchObject({ id, command: ["sh", "-c", "exit 3"], outcome });
    expect([outcome.run, record.plan?.launch["environment"]]).toEqual([id, expect.arrayContaining(["TOKEN"])]);
    expect(readFileSync(home.at(`cupel/runs/${id}/run.json`), "utf8")).not.toContain("very-secret");
    const text = await call(home, ["runs", "show", id.slice(0, 5)]);
    expect(text.stdout.split("\n")[0]).toBe(`run        ${id}: nonzero: the job exited with 3; exit code 3`);
  });

  test("have the id that their changes have", async () => {
    using home = await freshState(caller);
    using workspace = makeTempDir({ owner: caller });
    const ran = await call(home, ["run", "--", "sh", "-c", "echo 1 > new"], { cwd: workspace.path });
    const id = idIn(ran.stderr);
    expect(await list(home)).toEqual([expect.objectContaining({ id })]);
    await call(home, ["discard", id]);
    expect((await call(home, ["runs", "show", id])).code).toBe(0);
  });

  test("are removed when they are too old or too many, or by clean", async () => {
    using home = await freshState(caller);
    using workspace = makeTempDir({ owner: caller });
    const kept = await call(home, ["run", "--", "sh", "-c", "echo 1 > new"], { cwd: workspace.path });
    await call(home, ["run", "--", "true"]);
    await call(home, ["run", "--", "true"]);
    home.folder("config/cupel", 0o700);
    home.file("config/cupel/config.yaml", "records: {runs: 1}\n", 0o600);
    const pruned = await call(home, ["runs", "prune"]);
    expect(pruned).toMatchObject({ code: 0, stderr: "" });
    expect(pruned.stdout).toMatch(/^runs: removed 1 record \(.* KiB\); 2 left\n$/);
    expect((await list(home)).map(({ id }) => id)).toContain(idIn(kept.stderr));
    await call(home, ["clean"]);
    expect(existsSync(home.at("cupel/runs"))).toBe(false);
  });

  test("are not recorded where the configuration says so", async () => {
    using home = await freshState(caller);
    home.folder("config/cupel", 0o700);
    home.file("config/cupel/config.yaml", "records: {off: true}\n", 0o600);
    expect(await call(home, ["run", "--", "true"])).toMatchObject({ code: 0, stderr: "" });
    expect(await list(home)).toEqual([]);
    expect(existsSync(home.at("cupel/runs"))).toBe(false);
  });

  test("eight at once are all recorded", async () => {
    using home = await freshState(caller);
    const jobs = Array.from({ length: 8 }, (_, at) => call(home, ["run", "--", "sh", "-c", `exit ${at}`]));
    const ends = (await Promise.all(jobs)).map(({ code, stderr }) => [code, stderr]);
    expect(ends).toEqual(jobs.map((_, at) => [at, ""]));
    const codes = new Set((await list(home)).map(({ exitCode }) => exitCode));
    expect(codes).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7]));
    expect(readdirSync(home.at("cupel/runs")).length).toBe(8);
  });

  test("keep the output where that is asked for, up to its cap, and show it byte for byte", async () => {
    using home = await freshState(caller);
    const job = home.file(
      "job.yaml",
      `command: [sh, -c, "printf '1\\t2\\r345678'; echo why >&2"]\nrecords: {output: 5}\n`,
      0o644,
    );
    const ran = await call(home, ["run", "--job", job]);
    expect(ran).toMatchObject({ code: 0, stdout: "1\t2\r345678", stderr: "why\n" });
    await call(home, ["run", "--keep-output", "--", "sh", "-c", "echo whole; exit 3"]);
    const [whole, cut] = (await list(home)).map(({ id }) => id);
    const shown = async (...words: string[]) => {
      const { code, stdout, stderr } = await call(home, ["runs", "show", ...words]);
      return [code, stdout, stderr];
    };
    expect(await shown(cut ?? "", "--output")).toEqual([
      0,
      "1\t2\r3",
      "cupel: the job wrote 5 bytes more, beyond the 5 bytes that were kept\n",
    ]);
    expect(await shown(cut ?? "", "--errors")).toEqual([0, "why\n", ""]);
    expect(await shown(whole ?? "", "--output")).toEqual([0, "whole\n", ""]);
    const text = await call(home, ["runs", "show", cut ?? ""]);
    expect(text.stdout.split("\n").filter((line) => line.startsWith("wrote "))).toEqual([
      `wrote      output: 5 bytes kept, the first of 10 bytes: cupel runs show ${cut} --output`,
      `wrote      errors: 4 bytes kept: cupel runs show ${cut} --errors`,
    ]);
    await call(home, ["run", "--", "true"]);
    const [bare] = (await list(home)).map(({ id }) => id);
    expect(await shown(bare ?? "", "--output")).toEqual([
      64,
      "",
      `cupel: Nothing of what run ${bare} wrote was kept; cupel run --keep-output keeps it\n`,
    ]);
  });

  test("keep no secret with the output, masked for its reader or not", async () => {
    using home = await freshState(caller);
    const secret = home.file("secret", "very-secret", 0o600);
    const script = "head -c 5 /run/secrets/A; sleep 0.4; tail -c 6 /run/secrets/A; base64 /run/secrets/A >&2";
    const flags = ["--secret", `A=file:${secret}`, "--keep-output"];
    const ran = await call(home, ["run", ...flags, "--", "sh", "-c", script]);
    expect(ran).toMatchObject({ code: 0, stdout: "very-secret", stderr: "dmVyeS1zZWNyZXQ=\n" });
    await call(home, ["run", ...flags, "--mask-output", "--", "cat", "/run/secrets/A"]);
    const kept = (await list(home)).map(({ id }) =>
      ["output", "errors"].map((name) => readFileSync(home.at(`cupel/runs/${id}/${name}`), "utf8")),
    );
    expect(kept).toEqual([
      ["[secret A]", ""],
      ["[secret A]", "[secret A]\n"],
    ]);
    home.file("secret", "abc", 0o600);
    const refused = await call(home, ["run", ...flags, "--", "true"]);
    expect([refused.code, refused.stderr]).toEqual([
      125,
      "cupel: --keep-output: the secret A is shorter than 4 bytes, and taking it out would leave nothing readable; leave one of the two out\n",
    ]);
  });

  test("keep output that nobody reads", async () => {
    using home = await freshState(caller);
    const script = '"$CUPEL" run --keep-output -- sh -c "echo kept; echo too >&2" >&- 2>/dev/full';
    expect(await cupel.shell(caller, script, { env: variablesFor(home) })).toMatchObject({ code: 0, stdout: "" });
    const [only] = await list(home);
    const kept = ["output", "errors"].map((name) => readFileSync(home.at(`cupel/runs/${only?.id}/${name}`), "utf8"));
    expect(kept).toEqual(["kept\n", "too\n"]);
  });

  test("keep what comes from a terminal of the job's own as its output", async () => {
    using home = await freshState(caller);
    const job = ["sh", "-c", "echo one; echo two >&2; echo three >/dev/tty"];
    const words = [...caller.prefix, cupel.path, "run", "--tty", "--keep-output", "--", ...job];
    const env = { ...cupel.environment(caller), ...variablesFor(home) };
    await using session = openTerminal(words, { cwd: cupel.workspace(caller), env });
    expect(await session.ended).toEqual({ code: 0, signal: null });
    const [only] = await list(home);
    const kept = ["output", "errors"].map((name) => readFileSync(home.at(`cupel/runs/${only?.id}/${name}`), "utf8"));
    expect(kept).toEqual(["one\r\ntwo\r\nthree\r\n", ""]);
    expect(session.text()).toContain("one\r\ntwo\r\nthree\r\n");
  });

  test("show it as it was written on a terminal that takes it only when the job is long over", async () => {
    using home = await freshState(caller);
    const mark = freshMark();
    const job = ["sh", "-c", "echo ready; read word; echo one; echo two", mark];
    const words = [...caller.prefix, cupel.path, "run", "--tty", "--keep-output", "--", ...job];
    const env = { ...cupel.environment(caller), ...variablesFor(home) };
    await using session = openTerminal(words, { cwd: cupel.workspace(caller), env });
    await session.shows("ready");
    session.hold(true);
    session.type("\r");
    await until("the job is over", () => !findProcesses(mark).some((found) => found.words[0] === "sh"));
    // As long as whoever looked after it has something to do.
    await Bun.sleep(300);
    session.hold(false);
    expect(await session.ended).toEqual({ code: 0, signal: null });
    await session.shows("two");
    expect(session.text().replaceAll(/^[^]*ready/g, "")).toBe("\r\n\r\none\r\ntwo\r\n");
  });

  test.each([
    [
      ["--no-record"],
      "--keep-output keeps the output with the run's record, and --no-record keeps none; leave one out",
    ],
    [["--batch", "-"], "--batch and --keep-output do not go together; leave one out"],
  ])("keep no output with %j", async (flags, message) => {
    using home = await freshState(caller);
    const command = flags[0] === "--batch" ? [] : ["--", "true"];
    const { code, stdout, stderr } = await call(home, ["run", "--keep-output", ...flags, ...command]);
    expect([code, stdout, stderr]).toEqual([125, "", `cupel: ${message}\n`]);
  });

  test("keep no more of it than records may take, and none where a flag has no record", async () => {
    using home = await freshState(caller);
    home.folder("config/cupel", 0o700);
    home.file("config/cupel/config.yaml", "records: {size: 1M, output: 513k}\n", 0o600);
    const { code, stderr } = await call(home, ["run", "--", "true"]);
    expect([code, stderr.replace(/^cupel: .*config\.yaml:1:29: /, "")]).toEqual([
      125,
      "records.output: twice 513 KiB is more than all records may take together (1 MiB); keep less, or raise records.size in your configuration\n",
    ]);
    expect(await call(home, ["run", "--no-record", "--", "true"])).toMatchObject({ code: 0, stderr: "" });
    expect(existsSync(home.at("cupel/runs"))).toBe(false);
  });

  test("a torn record, or a killed cupel, is in nobody's way", async () => {
    using home = await freshState(caller);
    for (const code of [1, 2, 3]) await call(home, ["run", "--", "sh", "-c", `exit ${code}`]);
    const before = await list(home);
    truncateSync(home.at(`cupel/runs/${before[0]?.id}/run.json`), 100);
    const rounds = Number(process.env["KILLED_RUNS"] ?? 6);
    for (let round = 0; round < rounds; round++) {
      await using running = cupel.start(caller, ["run", "--", "true"], optionsFor(home));
      await Bun.sleep(Math.random() * 60);
      running.kill("SIGKILL");
      await running.ended;
    }
    const after = await list(home);
    expect(after.slice(-2)).toEqual(before.slice(1));
    expect((await call(home, ["runs"])).stdout).toContain(
      "\n1 record cannot be read: cut short, or of another version\n",
    );
  });

  test.each([
    [["runs", "show"], "cupel runs show needs the id of a run, or its beginning"],
    [["runs", "show", "zzz"], 'No run is recorded as "zzz": there is no record at all'],
    [["runs", "prune", "zzz"], 'cupel runs does not take "zzz" there'],
    [["runs", "show", "a", "b"], expect.stringContaining('"b"')],
    [["runs", "--output"], "--output is for cupel runs show ID; leave it out"],
    [["runs", "show", "a", "--output", "--json"], "--output and --json do not go together; leave one out"],
    [["runs", "prune", "--json"], "--json is for lists and records; leave it out"],
  ])("%j is refused in one sentence", async (words, message) => {
    using home = await freshState(caller);
    const { code, stdout, stderr } = await call(home, words);
    expect([code, stdout, stderr.replace(/^cupel: |\n$/g, "")]).toEqual([64, "", message]);
  });
});
