import { describe, expect, test } from "bun:test";
import { readdirSync, utimesSync } from "node:fs";
import { createRealHost } from "../../src/host/real-host.ts";
import { recordOutcome } from "../../src/commands/record-outcome.ts";
import type { Outcome } from "../../src/model/outcome.ts";
import type { FinishedRun } from "../../src/run/record-run.ts";
import { OutputKeeper } from "../../src/run/keep-output.ts";
import { finishedRun, placesIn, recordIn } from "../fixtures/jobs/finished-runs.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";

/** Records a run whose changes are kept under this id; gives what is recorded then. */
async function record(
  directory: TempDir,
  id: string,
  kept?: FinishedRun["kept"],
): Promise<{ outcome: Outcome; ids: string[] }> {
  const { directories } = placesIn(directory);
  const host = { ...createRealHost(), environment: { HOME: directory.at("home") } };
  const { id: _id, outcome: plain, ...run } = finishedRun(id);
  const workspace = { manner: "overlay", id } as const;
  const outcome = await recordOutcome({ ...run, kept, outcome: { ...plain, workspace } }, { host, directories });
  return { outcome, ids: readdirSync(directory.at("cupel/runs")).toSorted() };
}

function recordOld(directory: TempDir): void {
  placesIn(directory);
  recordIn(directory, "zzzzzz");
  const at = new Date(Date.now() - 31 * 24 * 3_600_000);
  utimesSync(directory.at("cupel/runs/zzzzzz"), at, at);
}

describe("recordOutcome", () => {
  test("takes the id by which changes are kept, and says it", async () => {
    using directory = makeTempDir();
    const { outcome, ids } = await record(directory, "bbbbbb");
    expect([outcome.run, ids]).toEqual(["bbbbbb", ["bbbbbb"]]);
  });

  test("removes old records now and then: when its id begins with a b", async () => {
    using directory = makeTempDir();
    recordOld(directory);
    expect((await record(directory, "cccccc")).ids).toEqual(["cccccc", "zzzzzz"]);
    expect((await record(directory, "bbbbbb")).ids).toEqual(["bbbbbb", "cccccc"]);
  });

  test("removes them with each run whose output is kept", async () => {
    using directory = makeTempDir();
    recordOld(directory);
    const keeping = { bytesMax: 10, forms: [] };
    const keeper = new OutputKeeper(placesIn(directory).directories, process.getuid?.() ?? 0, keeping);
    expect((await record(directory, "bbbbbb", { place: keeper.place, output: keeper.close() })).ids).toEqual([
      "bbbbbb",
    ]);
  });

  test("gives the outcome without an id where it could not be recorded", async () => {
    using directory = makeTempDir();
    await record(directory, "bbbbbb");
    const { outcome } = await record(directory, "bbbbbb");
    expect([outcome.workspace?.id, outcome.run]).toEqual(["bbbbbb", undefined]);
  });
});
