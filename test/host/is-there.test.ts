import { expect, test } from "bun:test";
import { symlinkSync } from "node:fs";
import { isThere } from "../../src/host/is-there.ts";
import { makeTempDir } from "../support/temp-dir.ts";

test("anything is there, a symlink that leads nowhere too", () => {
  using directory = makeTempDir();
  directory.file("file");
  symlinkSync("/no/such/file", directory.at("dangling"));
  expect(["file", "dangling", "nothing", "file/below"].map((name) => isThere(directory.at(name)))).toEqual([
    true,
    true,
    false,
    false,
  ]);
});
