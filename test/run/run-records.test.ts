import { describe, expect, test } from "bun:test";
import { readFileSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { CupelError } from "../../src/model/error.ts";
import { findRunRecord, readRunRecords, summaryOf } from "../../src/run/run-records.ts";
import { placesIn, recordIn } from "../fixtures/jobs/finished-runs.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";

function refusal(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return error instanceof CupelError ? [error.code, error.message] : error;
  }
}

const recordOf = (directory: TempDir, id: string): string => directory.at(`cupel/runs/${id}/run.json`);

describe("readRunRecords", () => {
  test("gives the newest first", () => {
    using directory = makeTempDir();
    const places = placesIn(directory);
    recordIn(directory, "aaaaaa", { startedAt: new Date("2026-01-02T00:00:00.000Z") });
    recordIn(directory, "bbbbbb", { startedAt: new Date("2026-01-03T00:00:00.000Z") });
    recordIn(directory, "cccccc", { startedAt: new Date("2026-01-01T00:00:00.000Z") });
    const { records, unreadable } = readRunRecords(places);
    expect([records.map(({ id }) => id), unreadable]).toEqual([["bbbbbb", "aaaaaa", "cccccc"], []]);
  });

  test.each([
    ["empty", (path: string) => truncateSync(path, 0)],
    ["cut short", (path: string) => truncateSync(path, 300)],
    ["of another version", (path: string) => edit(path, '{"schema":1', '{"schema":2')],
    ["of another's id", (path: string) => edit(path, '"id":"aaaaaa"', '"id":"bbbbbb"')],
    ["with a field more", (path: string) => edit(path, '{"schema":1', '{"more":1,"schema":1')],
  ])("one that is %s stands in nobody's way", (_name, damage) => {
    using directory = makeTempDir();
    const places = placesIn(directory);
    recordIn(directory, "aaaaaa");
    recordIn(directory, "abbbbb");
    damage(recordOf(directory, "aaaaaa"));
    const { records, unreadable } = readRunRecords(places);
    expect([records.map(({ id }) => id), unreadable]).toEqual([["abbbbb"], ["aaaaaa"]]);
    expect(refusal(() => findRunRecord("aaaaaa", places))).toEqual([
      "usage",
      "The record of run aaaaaa cannot be read: it is cut short, or of another version",
    ]);
  });

  test("passes over what is no record, and follows no symlink", () => {
    using directory = makeTempDir();
    using other = makeTempDir();
    const places = placesIn(directory);
    placesIn(other);
    recordIn(other, "aaaaaa");
    recordIn(directory, "bbbbbb");
    directory.file("cupel/runs/notes.txt");
    directory.folder("cupel/runs/running-1-abc");
    symlinkSync(other.at("cupel/runs/aaaaaa"), directory.at("cupel/runs/aaaaaa"));
    const { records, unreadable } = readRunRecords(places);
    expect([records.map(({ id }) => id), unreadable]).toEqual([["bbbbbb"], ["aaaaaa"]]);
  });
});

function edit(path: string, from: string, to: string): void {
  writeFileSync(path, readFileSync(path, "utf8").replace(from, to));
}

describe("findRunRecord", () => {
  test("takes the beginning of an id that only one has", () => {
    using directory = makeTempDir();
    const places = placesIn(directory);
    expect(refusal(() => findRunRecord("aaaaaa", places))).toEqual([
      "usage",
      'No run is recorded as "aaaaaa": there is no record at all',
    ]);
    for (const id of ["aabbbb", "aacccc", "bbbbbb"]) recordIn(directory, id);
    expect(findRunRecord("b", places)).toMatchObject({
      path: directory.at("cupel/runs/bbbbbb"),
      record: { id: "bbbbbb" },
    });
    expect(findRunRecord("aab", places).record.id).toBe("aabbbb");
    expect(refusal(() => findRunRecord("aa", places))).toEqual([
      "usage",
      '"aa" is the beginning of several runs\' ids: aabbbb, aacccc',
    ]);
    expect(refusal(() => findRunRecord("bbbbbc", places))).toEqual([
      "usage",
      'No run is recorded as "bbbbbc": did you mean bbbbbb?',
    ]);
    expect(refusal(() => findRunRecord("../..", places))).toEqual([
      "usage",
      'No run is recorded as "../..": cupel runs lists what there is',
    ]);
    expect(refusal(() => findRunRecord("", places))).toEqual([
      "usage",
      expect.stringMatching(/^No run is recorded as ""/),
    ]);
  });
});

test("summaryOf says what a list shows", () => {
  using directory = makeTempDir();
  const places = placesIn(directory);
  recordIn(directory, "aaaaaa");
  expect(readRunRecords(places).records.map(summaryOf)).toEqual([
    {
      id: "aaaaaa",
      startedAt: "2026-01-01T00:00:00.000Z",
      endedAt: expect.any(String),
      status: "cancelled",
      exitCode: 125,
      strategy: undefined,
      wallMs: undefined,
      command: ["make", "test"],
    },
  ]);
});
