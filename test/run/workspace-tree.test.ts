import { describe, expect, test } from "bun:test";
import { readFileSync, renameSync, symlinkSync } from "node:fs";
import { errnoOf } from "../../src/host/errno-of.ts";
import { nameOf, parentOf, WorkspaceTree } from "../../src/run/workspace-tree.ts";
import { makeTempDir } from "../support/temp-dir.ts";

function errno(act: () => unknown): string {
  try {
    return `done: ${String(act())}`;
  } catch (error) {
    return errnoOf(error);
  }
}

describe("WorkspaceTree", () => {
  test("enters directories by name, and none by a link", () => {
    using directory = makeTempDir();
    directory.file("root/a/b/file", "inner");
    directory.file("outside/file", "outer");
    symlinkSync("../outside", directory.at("root/link"));
    const tree = new WorkspaceTree(directory.at("root"));
    expect(readFileSync(tree.entry("a/b/file"), "utf8")).toBe("inner");
    expect(errno(() => tree.entry("link/file"))).toMatch(/^(ELOOP|ENOTDIR)$/);
    expect(errno(() => tree.directory("a/nothing"))).toBe("ENOENT");
    expect(readFileSync(tree.entry("a/b/file"), "utf8")).toBe("inner");
    tree.close();
    expect(errno(() => new WorkspaceTree(directory.at("root/link")))).toMatch(/^(ELOOP|ENOTDIR)$/);
  });

  test("stays in a directory that is moved away, and forgets it when told", () => {
    using directory = makeTempDir();
    directory.file("root/a/file", "old");
    const tree = new WorkspaceTree(directory.at("root"));
    tree.directory("a");
    renameSync(directory.at("root/a"), directory.at("moved"));
    directory.file("root/a/file", "new");
    expect(readFileSync(tree.entry("a/file"), "utf8")).toBe("old");
    tree.forget();
    expect(readFileSync(tree.entry("a/file"), "utf8")).toBe("new");
    tree.close();
  });
});

test("paths are taken apart", () => {
  expect(["a", "a/b/c"].map(parentOf)).toEqual(["", "a/b"]);
  expect(["a", "a/b/c"].map(nameOf)).toEqual(["a", "c"]);
});
