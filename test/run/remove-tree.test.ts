import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { removeTree, treeBytes } from "../../src/run/remove-tree.ts";
import { makeTempDir } from "../support/temp-dir.ts";

describe("removeTree", () => {
  test("removes what is there, names that are no text among it, and follows nothing", () => {
    using directory = makeTempDir();
    const outside = directory.file("outside/file", "kept");
    directory.file("tree/a/b", "12345");
    symlinkSync(directory.at("outside"), directory.at("tree/link"));
    writeFileSync(Buffer.concat([Buffer.from(directory.at("tree/")), Buffer.from([0x61, 0xff])]), "x");
    expect(treeBytes(directory.at("tree"))).toBe(6);
    expect(removeTree(directory.at("tree"))).toBeUndefined();
    expect([existsSync(directory.at("tree")), readFileSync(outside, "utf8")]).toEqual([false, "kept"]);
  });

  test("removes directories that nobody may enter", () => {
    using directory = makeTempDir();
    directory.file("tree/a/b/c", "x");
    for (const name of ["tree/a/b", "tree/a", "tree"]) chmodSync(directory.at(name), 0);
    expect(removeTree(directory.at("tree"))).toBeUndefined();
    expect(lstatSync(directory.at("tree"), { throwIfNoEntry: false })).toBeUndefined();
  });

  test("removes paths that are too long to be said", () => {
    using directory = makeTempDir();
    const name = "n".repeat(250);
    let inner = directory.folder("inner");
    writeFileSync(`${inner}/file`, "x");
    for (let depth = 0; depth < 40; depth++) {
      mkdirSync(directory.at(`tree-${depth}`));
      renameSync(inner, `${directory.at(`tree-${depth}`)}/${name}`);
      inner = directory.at(`tree-${depth}`);
    }
    expect(removeTree(inner)).toBeUndefined();
    expect(existsSync(inner)).toBe(false);
  });

  test("has nothing to do where there is nothing", () => {
    using directory = makeTempDir();
    expect(removeTree(directory.at("nowhere"))).toBeUndefined();
  });
});
