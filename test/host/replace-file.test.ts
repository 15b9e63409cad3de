import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { isThere } from "../../src/host/is-there.ts";
import { removeIfThere, replaceFile } from "../../src/host/replace-file.ts";
import { makeTempDir } from "../support/temp-dir.ts";

describe.each([true, false])("replaceFile, synced: %p", (isSynced) => {
  test("puts a whole file in place of another, with its mode whatever the umask", () => {
    using directory = makeTempDir();
    directory.file("name", "old");
    const mask = process.umask(0o077);
    const failure = replaceFile(directory.at("name"), "new", { mode: 0o555, isSynced });
    process.umask(mask);
    expect(failure).toBeUndefined();
    expect(readFileSync(directory.at("name"), "utf8")).toBe("new");
    expect(statSync(directory.at("name")).mode & 0o777).toBe(0o555);
    expect(readdirSync(directory.path)).toEqual(["name"]);
  });

  test("is not stopped by what a killed one of the same number left", () => {
    using directory = makeTempDir();
    writeFileSync(`${directory.at("name")}.${process.pid}`, "half");
    expect(replaceFile(directory.at("name"), "whole", { mode: 0o600, isSynced })).toBeUndefined();
    expect(readdirSync(directory.path)).toEqual(["name"]);
  });

  test("says why it could not, and leaves nothing", () => {
    using directory = makeTempDir();
    const path = directory.at("missing/name");
    expect(replaceFile(path, "text", { mode: 0o600, isSynced })).toBe(`${path}: ENOENT`);
    directory.folder("taken");
    directory.file("taken/file");
    expect(replaceFile(directory.at("taken"), "text", { mode: 0o600, isSynced })).toContain(directory.at("taken"));
    expect(readdirSync(directory.path)).toEqual(["taken"]);
  });
});

test("removeIfThere removes a file, and says nothing where there is none", () => {
  using directory = makeTempDir();
  directory.file("name");
  removeIfThere(directory.at("name"));
  removeIfThere(directory.at("name"));
  expect(isThere(directory.at("name"))).toBeFalse();
});
