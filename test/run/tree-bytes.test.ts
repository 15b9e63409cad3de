import { expect, test } from "bun:test";
import { chmodSync, symlinkSync, writeFileSync } from "node:fs";
import { treeBytes } from "../../src/run/tree-bytes.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { isRoot } from "../support/tester.ts";

test("treeBytes counts files, names that are no text among them, follows nothing, and passes by what is closed", () => {
  using directory = makeTempDir();
  directory.file("outside/file", "kept");
  directory.file("tree/a/b", "12345");
  directory.file("tree/closed/c", "12");
  symlinkSync(directory.at("outside"), directory.at("tree/link"));
  writeFileSync(Buffer.concat([Buffer.from(directory.at("tree/")), Buffer.from([0x61, 0xff])]), "x");
  chmodSync(directory.at("tree/closed"), 0);
  expect(treeBytes(directory.at("tree"))).toBe(isRoot ? 8 : 6);
  chmodSync(directory.at("tree/closed"), 0o700);
  expect(treeBytes(directory.at("nowhere"))).toBe(0);
});
