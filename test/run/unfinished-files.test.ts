import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { removeUnfinished, unfinishedName } from "../../src/run/unfinished-files.ts";
import { ownPlace } from "../../src/run/maker.ts";
import { makeTempDir } from "../support/temp-dir.ts";

test("what a process left that is gone is removed, and nothing else", () => {
  using directory = makeTempDir();
  const [gone, elsewhere] = [ownPlace(), "1".repeat(24)].map((place) => `.cupel-apply-4194304-${place}`);
  const kept = [unfinishedName(3), `${gone}`, `${gone}-x`, `x${gone}-1`, `${elsewhere}-1`];
  for (const name of [...kept, `${gone}-1`]) directory.file(name, "");
  directory.folder(`${gone}-2`);
  removeUnfinished(directory.path);
  expect(readdirSync(directory.path).toSorted()).toEqual([...kept, `${gone}-2`].toSorted());
  removeUnfinished(directory.at("gone"));
});
