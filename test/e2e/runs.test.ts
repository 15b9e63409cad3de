/** Records of runs: each run has one, whatever becomes of the others, and it tells no secret. */
import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, truncateSync } from "node:fs";
import * as v from "valibot";
import { outcomeShape } from "../../src/run/outcome-shape.ts";
import { runRecordShape } from "../../src/run/run-records.ts";
import { idIn } from "../support/filled-workspace.ts";
import { usePrivatePlaces } from "../support/private-places.ts";
import { installCupel, type CallOptions } from "../support/run-cli.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";
import { callers, type Caller } from "../support/tester.ts";

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

const optionsFor = (home: TempDir, options: CallOptions = {}): CallOptions => ({
  ...options,
  env: { HOME: home.path, XDG_STATE_HOME: home.path, XDG_CONFIG_HOME: home.at("config") },
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
    await call(home, ["run", "--require", "kernel.boundary", "--", "true"]);
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
    await Promise.all(Array.from({ length: 8 }, (_, at) => call(home, ["run", "--", "sh", "-c", `exit ${at}`])));
    const codes = new Set((await list(home)).map(({ exitCode }) => exitCode));
    expect(codes).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7]));
    expect(readdirSync(home.at("cupel/runs")).length).toBe(8);
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
    [["runs", "prune", "--json"], "--json is for lists and records; leave it out"],
  ])("%j is refused in one sentence", async (words, message) => {
    using home = await freshState(caller);
    const { code, stdout, stderr } = await call(home, words);
    expect([code, stdout, stderr.replace(/^cupel: |\n$/g, "")]).toEqual([64, "", message]);
  });
});
