import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, symlinkSync } from "node:fs";
import { removeEmpty, removeEntry } from "../../src/run/removal.ts";
import { makeTempDir } from "../support/temp-dir.ts";

const really = { dryRun: false, mountPoints: [] };

describe("removeEntry", () => {
  test("removes a tree and tells its size; a symlink is removed, and not what it leads to", () => {
    using directory = makeTempDir();
    directory.file("tree/one", "12345");
    directory.file("tree/below/two", "678");
    directory.file("kept/three", "precious");
    symlinkSync(directory.at("kept"), directory.at("tree/link"));
    const path = directory.at("tree");
    const removed = [{ result: "removed", path, what: "a tree", bytes: 8 }] as const;
    expect(removeEntry(path, "a tree", { ...really, dryRun: true })).toEqual([...removed]);
    expect(existsSync(path)).toBe(true);
    expect(removeEntry(path, "a tree", really)).toEqual([...removed]);
    expect(readdirSync(directory.path)).toEqual(["kept"]);
    expect(readdirSync(directory.at("kept"))).toEqual(["three"]);
    expect(removeEntry(path, "a tree", really)).toEqual([]);
  });

  test.each(["", "/below"])("leaves all of it where something is mounted on it%s", (below) => {
    using directory = makeTempDir();
    directory.file("tree/one");
    const path = directory.at("tree");
    const reason = `something is mounted on ${path}${below}`;
    const context = { ...really, mountPoints: ["/", `${path}er`, `${path}${below}`] };
    expect(removeEntry(path, "a tree", context)).toEqual([{ result: "failed", path, reason }]);
    expect(readdirSync(path)).toEqual(["one"]);
  });
});

test("removeEmpty removes what is empty, and says nothing of what is not or is gone", () => {
  using directory = makeTempDir();
  const [empty, full] = [directory.folder("empty"), directory.folder("full")];
  directory.file("full/one");
  expect(removeEmpty(empty, "it", really)).toEqual([{ result: "removed", path: empty, what: "it", bytes: 0 }]);
  expect(removeEmpty(empty, "it", really)).toEqual([]);
  expect(removeEmpty(full, "it", really)).toEqual([]);
  expect(removeEmpty(directory.file("file"), "it", really)).toEqual([
    { result: "failed", path: directory.at("file"), reason: "ENOTDIR" },
  ]);
});
