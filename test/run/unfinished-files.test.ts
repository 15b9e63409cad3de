import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { removeUnfinished, unfinishedName } from "../../src/run/unfinished-files.ts";
import { makeTempDir } from "../support/temp-dir.ts";

test("what a process left that is gone is removed, and nothing else", () => {
  using directory = makeTempDir();
  const kept = [unfinishedName(3), ".cupel-apply-4194304", ".cupel-apply-4194304-x", "x.cupel-apply-4194304-1"];
  for (const name of [...kept, ".cupel-apply-4194304-1"]) directory.file(name, "");
  directory.folder(".cupel-apply-4194304-2");
  removeUnfinished(directory.path);
  expect(readdirSync(directory.path).toSorted()).toEqual([...kept, ".cupel-apply-4194304-2"].toSorted());
  removeUnfinished(directory.at("gone"));
});
