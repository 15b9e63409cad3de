import { expect, test } from "bun:test";
import { chmodSync, chownSync, statSync, symlinkSync } from "node:fs";
import { closeTree } from "../../src/host/close-tree.ts";
import { needs } from "../support/must-work.ts";
import { makeTempDir } from "../support/temp-dir.ts";
import { isRoot } from "../support/tester.ts";

const uid = process.geteuid?.() ?? -1;

function modeOf(path: string): number {
  return statSync(path).mode & 0o777;
}

test("directories become the caller's alone, and links lead nowhere", () => {
  using tree = makeTempDir();
  using elsewhere = makeTempDir();
  const open = tree.folder("open/below");
  const file = tree.file("open/file", "", 0o666);
  for (const path of [tree.path, tree.at("open"), open]) chmodSync(path, 0o777);
  symlinkSync(elsewhere.path, tree.at("open/link"));
  closeTree(tree.path, uid);
  expect([tree.path, tree.at("open"), open].map(modeOf)).toEqual([0o700, 0o700, 0o700]);
  expect([modeOf(file), modeOf(elsewhere.path)]).toEqual([0o666, 0o755]);
});

needs(isRoot, "only root can give files to others")("root takes over what others have made", () => {
  using tree = makeTempDir();
  const foreign = tree.folder("foreign", 0o777);
  chownSync(foreign, 65534, 65534);
  closeTree(tree.path, uid);
  expect([statSync(foreign).uid, modeOf(foreign)]).toEqual([0, 0o700]);
});
