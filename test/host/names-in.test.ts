import { expect, test } from "bun:test";
import { namesIn } from "../../src/host/names-in.ts";
import { makeTempDir } from "../support/temp-dir.ts";

test("gives what lies in a directory, and nothing of one that is gone or is none", () => {
  using directory = makeTempDir();
  directory.file("a");
  directory.folder("b");
  expect(namesIn(directory.path).toSorted()).toEqual(["a", "b"]);
  expect([namesIn(directory.at("gone")), namesIn(directory.at("a"))]).toEqual([[], []]);
});
