import { expect, test } from "bun:test";
import { symlinkSync } from "node:fs";
import { lookUpHere } from "../../src/launch/look-up.ts";
import { makeTempDir } from "../support/temp-dir.ts";

test("tells what lies at a path, and follows no link there", () => {
  using directory = makeTempDir();
  const file = directory.file("file", "");
  symlinkSync(directory.path, directory.at("link"));
  const paths = [directory.path, file, directory.at("link"), directory.at("none"), `${file}/below`, "/dev/null"];
  expect(paths.map(lookUpHere)).toEqual(["directory", "file", "link", "none", "none", "file"]);
});
