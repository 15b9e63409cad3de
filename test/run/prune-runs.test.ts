import { describe, expect, test } from "bun:test";
import { readdirSync, utimesSync } from "node:fs";
import { expiredRecords, pruneRuns, type RecordEntry } from "../../src/run/prune-runs.ts";
import { recordLimitsOf } from "../../src/run/record-settings.ts";
import { placesIn, recordIn } from "../fixtures/jobs/finished-runs.ts";
import { ownPlace } from "../../src/run/maker.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";

const entry = (path: string, writtenMs: number, bytes = 10, isHeld = false): RecordEntry => ({
  path,
  writtenMs,
  bytes,
  isHeld,
});

describe("expiredRecords", () => {
  const entries = [entry("c", 30), entry("a", 10), entry("d", 40), entry("b", 20)];
  const gone = (limits: Partial<ReturnType<typeof recordLimitsOf>>, of = entries): string[] =>
    expiredRecords(of, 100, { ageMs: 1000, runs: 1000, bytes: 1000, ...limits }).map(({ path }) => path);

  test.each([
    [{}, []],
    [{ ageMs: 75 }, ["b", "a"]],
    [{ runs: 3 }, ["a"]],
    [{ bytes: 20 }, ["b", "a"]],
    [{ bytes: 9 }, ["d", "c", "b", "a"]],
    [{ ageMs: 65, runs: 1 }, ["c", "b", "a"]],
  ])("with %j are %j", (limits, expected) => expect(gone(limits)).toEqual(expected));

  test("are none whose changes are kept, and those count", () => {
    const held = [entry("new", 40), entry("held", 10, 10, true), entry("held too", 9, 10, true), entry("old", 8)];
    expect(gone({ ageMs: 1 }, held)).toEqual(["new", "old"]);
    expect(gone({ runs: 2 }, held)).toEqual(["old"]);
  });
});

test("the limits are those of the configuration, or 30 days, 1000 runs and 64 MiB", () => {
  expect(recordLimitsOf()).toEqual({ ageMs: 2_592_000_000, runs: 1000, bytes: 67_108_864 });
  expect(recordLimitsOf({ days: 1, runs: 2, size: "1K" })).toEqual({ ageMs: 86_400_000, runs: 2, bytes: 1024 });
});

/** Sets when it was written. */
function age(directory: TempDir, name: string, hours: number): void {
  const at = new Date(Date.now() - hours * 3_600_000);
  utimesSync(directory.at(`cupel/runs/${name}`), at, at);
}

describe("pruneRuns", () => {
  test("removes old records, torn ones as well, and what killed writers left", () => {
    using directory = makeTempDir();
    const places = placesIn(directory);
    for (const id of ["aaaaaa", "bbbbbb", "cccccc"]) recordIn(directory, id);
    directory.folder("cupel/runs/eeeeee");
    // 2^22 is beyond any process id (proc(5), pid_max).
    const [dead, alive, young] = ["4194305 abc", `${process.pid} abc`, "4194305 new"].map((words) => {
      const [pid, mark] = words.split(" ");
      return `running-${pid}-${ownPlace()}-${mark}`;
    }) as [string, string, string];
    for (const name of [dead, alive, young]) directory.folder(`cupel/runs/${name}`);
    for (const name of ["bbbbbb", "cccccc", "eeeeee", dead, alive]) age(directory, name, 25);
    directory.folder("cupel/layers/cccccc");
    const pruned = pruneRuns(places, recordLimitsOf({ days: 1 }));
    expect(pruned).toEqual({ removed: 2, removedBytes: expect.any(Number), left: 2 });
    expect(readdirSync(directory.at("cupel/runs")).toSorted()).toEqual(["aaaaaa", "cccccc", young, alive].toSorted());
    expect(readdirSync(directory.at("cupel/layers"))).toEqual(["cccccc"]);
  });

  test("leaves what is not cupel's", () => {
    using directory = makeTempDir();
    const places = placesIn(directory);
    recordIn(directory, "aaaaaa");
    directory.file("cupel/runs/notes.txt");
    directory.file("cupel/runs/bbbbbb");
    pruneRuns(places, recordLimitsOf({ runs: 1 }));
    expect(readdirSync(directory.at("cupel/runs")).toSorted()).toEqual(["aaaaaa", "bbbbbb", "notes.txt"]);
  });
});
