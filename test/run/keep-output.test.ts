import { describe, expect, test } from "bun:test";
import { chmodSync, existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { CupelError } from "../../src/model/error.ts";
import { OutputKeeper } from "../../src/run/keep-output.ts";
import { recordRun } from "../../src/run/record-run.ts";
import { readRunRecords } from "../../src/run/run-records.ts";
import { finishedRun, placesIn } from "../fixtures/jobs/finished-runs.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";

const forms = [{ name: "T", bytes: Buffer.from("token") }];

function keeperIn(directory: TempDir, bytesMax: number): OutputKeeper {
  const { directories, uid } = placesIn(directory);
  return new OutputKeeper(directories, uid, { bytesMax, forms });
}

function write(keeper: OutputKeeper, index: number, ...pieces: readonly string[]): void {
  const copy = keeper.copyOf(index);
  for (const piece of pieces) copy.push(Buffer.from(piece));
  copy.end();
}

describe("OutputKeeper", () => {
  test("keeps both outputs, and a terminal's as output, without secrets, in what becomes the record", () => {
    using directory = makeTempDir();
    const keeper = keeperIn(directory, 1000);
    write(keeper, 0, "a to", "ken, b");
    write(keeper, 1, "why: tok");
    write(keeper, 2, "\r\nterminal");
    const output = keeper.close();
    expect(output).toEqual({ output: { bytes: 25, cutBytes: 0 }, errors: { bytes: 8, cutBytes: 0 } });
    const run = finishedRun("abcdef", { kept: { place: keeper.place, output } });
    expect(recordRun(run, [directory.at("cupel")], process.getuid?.() ?? 0)).toEqual({ ok: true });
    const at = (name: string): string => directory.at(`cupel/runs/abcdef/${name}`);
    expect([readFileSync(at("output"), "utf8"), readFileSync(at("errors"), "utf8")]).toEqual([
      "a [secret T], b\r\nterminal",
      "why: tok",
    ]);
    expect([statSync(at("output")).mode & 0o777, statSync(at("errors")).mode & 0o777]).toEqual([0o600, 0o600]);
    expect(readRunRecords(placesIn(directory)).records).toEqual([
      expect.objectContaining({ id: "abcdef", keptOutput: output }),
    ]);
    expect(readdirSync(directory.at("cupel/runs"))).toEqual(["abcdef"]);
  });

  test("cuts each at its cap, counts the rest, and cuts no secret in two", () => {
    using directory = makeTempDir();
    const keeper = keeperIn(directory, 4);
    write(keeper, 0, "123tok", "en45", "6");
    write(keeper, 1, "1234");
    const text = readFileSync(`${keeper.place}/output`, "utf8");
    expect([text, keeper.close()]).toEqual([
      "123[",
      { output: { bytes: 4, cutBytes: 12 }, errors: { bytes: 4, cutBytes: 0 } },
    ]);
  });

  test("leaves nothing of what it abandons", () => {
    using directory = makeTempDir();
    const keeper = keeperIn(directory, 1000);
    write(keeper, 0, "text");
    keeper.abandon();
    expect(readdirSync(directory.at("cupel/runs"))).toEqual([]);
  });

  test("says where there is no place", () => {
    using directory = makeTempDir();
    directory.folder("cupel", 0o777);
    const open = (): OutputKeeper =>
      new OutputKeeper([directory.at("cupel")], process.getuid?.() ?? 0, { bytesMax: 1, forms });
    expect(open).toThrow(new CupelError("set-up", "There is no place to keep the job's output in"));
    chmodSync(directory.at("cupel"), 0o700);
    directory.file("cupel/runs");
    expect(() => keeperIn(directory, 1)).toThrow(
      new CupelError("set-up", `The job's output cannot be kept in ${directory.at("cupel")} (ENOTDIR)`),
    );
  });

  test("goes with a record that cannot be put in its place", () => {
    using directory = makeTempDir();
    const { directories, uid } = placesIn(directory);
    recordRun(finishedRun("abcdef"), directories, uid);
    const keeper = keeperIn(directory, 1000);
    write(keeper, 0, "text");
    const run = finishedRun("abcdef", { kept: { place: keeper.place, output: keeper.close() } });
    expect(recordRun(run, directories, uid)).toEqual({ ok: false, reason: `${directory.at("cupel/runs")}: ENOTEMPTY` });
    expect([existsSync(keeper.place), readdirSync(directory.at("cupel/runs"))]).toEqual([false, ["abcdef"]]);
  });
});
