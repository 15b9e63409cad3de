import { expect, test } from "bun:test";
import { chmodSync, rmSync, writeFileSync } from "node:fs";
import { differencesOf, readTreeState } from "../../../src/verify/canaries/tree-state.ts";
import { makeTempDir } from "../../support/temp-dir.ts";

test("names, modes and contents that differ are told one by one", () => {
  using directory = makeTempDir();
  const [gone, changed, closed] = ["gone", "changed", "closed"].map((name) => directory.file(name, "before"));
  const before = readTreeState(directory.path);
  expect(differencesOf("x", before, readTreeState(directory.path))).toEqual([]);
  rmSync(gone ?? "");
  writeFileSync(changed ?? "", "after");
  chmodSync(closed ?? "", 0o600);
  const made = directory.file("made", "new");
  const told = differencesOf("x", before, readTreeState(directory.path)).map(({ text }) => text);
  expect(told.filter((text) => text.startsWith(closed ?? "?"))).toHaveLength(1);
  expect(told).toEqual(
    expect.arrayContaining([`${gone} is gone`, `${changed} was changed: after`, `${made} was made: new`]),
  );
  expect(told).toHaveLength(4);
});
