import { expect, test } from "bun:test";
import { utimesSync } from "node:fs";
import { mayHoldExpired } from "../../src/run/records-due.ts";
import { makeTempDir } from "../support/temp-dir.ts";

test("records may have to go when one is a day old, or when there are many", () => {
  using directory = makeTempDir();
  const isDue = (): boolean => mayHoldExpired([directory.at("none"), directory.path], Date.now());
  expect(isDue()).toBe(false);
  const one = directory.folder("runs/aaaaaa");
  expect(isDue()).toBe(false);
  const yesterday = new Date(Date.now() - 25 * 3_600_000);
  utimesSync(one, yesterday, yesterday);
  expect(isDue()).toBe(true);
  utimesSync(one, new Date(), new Date());
  for (let count = 0; count < 100; count++) directory.folder(`runs/${count}`);
  expect(isDue()).toBe(true);
});
