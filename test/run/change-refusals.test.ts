import { describe, expect, test } from "bun:test";
import type { Change } from "../../src/model/layer.ts";
import { isSameEntry, judgeChange, leadsOut } from "../../src/run/change-refusals.ts";

const file: Change = { path: "a", change: "added", kind: "file", mode: 0o644, sizeBytes: 1 };

describe("leadsOut", () => {
  test.each([
    ["a", "b"],
    ["a/b", "../c"],
    ["a/b/c", "../../d"],
    ["node_modules/.bin/tsc", "../typescript/bin/tsc"],
    ["a", "./b/./c"],
    ["a", "/home/me/project/b"],
    ["a", "."],
  ])("not %s -> %s", (path, target) => expect(leadsOut(path, target, "/home/me/project")).toBe(false));

  test.each([
    ["a", "/etc/passwd"],
    ["a", "/"],
    ["a", "/home/me/project2"],
    ["a", "/home/me/project/../.ssh"],
    ["a", ".."],
    ["a/b", "../../c"],
    ["a", "b/.."],
    ["a/b", "x/../../../c"],
    ["a", "b/../../c"],
  ])("%s -> %s", (path, target) => expect(leadsOut(path, target, "/home/me/project")).toBe(true));
});

describe("judgeChange", () => {
  test.each([
    [{}, undefined],
    [{ mode: 0o4755 }, "it has a set-user-ID or set-group-ID bit"],
    [{ mode: 0o2755 }, "it has a set-user-ID or set-group-ID bit"],
    [{ kind: "directory", mode: 0o2755 }, undefined],
    [{ kind: "special" }, "it is a device, a FIFO or a socket"],
    [{ kind: "special", change: "deleted" }, undefined],
    [{ isUnreadable: true }, "its name is not valid UTF-8"],
    [{ kind: "symlink", target: "/etc" }, 'it is a link that leads out of the workspace ("/etc")'],
    [{ path: ".envrc" }, "other programs take orders from it; name it to have it applied"],
    [{ path: ".envrc", change: "deleted" }, "other programs take orders from it; name it to have it applied"],
  ] satisfies [Partial<Change>, string | undefined][])("%j: %p", (changes, reason) =>
    expect(judgeChange({ ...file, ...changes }, "/w", [])).toBe(reason),
  );

  test("counts names that the job's caller protected", () => {
    const isProtectedToo = (path: string): boolean => path === "build.sh";
    const change = { ...file, path: "build.sh" };
    expect(judgeChange(change, "/w", [], isProtectedToo)).toBe(
      "other programs take orders from it; name it to have it applied",
    );
    expect(judgeChange(change, "/w", ["build.sh"], isProtectedToo)).toBeUndefined();
    expect(judgeChange(file, "/w", [], isProtectedToo)).toBeUndefined();
  });

  test("takes the caller at the word", () =>
    expect(judgeChange({ ...file, path: ".envrc" }, "/w", [".envrc"])).toBe(undefined));
});

describe("isSameEntry", () => {
  const entry = { kind: "file", mode: 0o644, sizeBytes: 1, inode: "7", modifiedNs: "1", changedNs: "2" } as const;
  test("of a file, by inode and the kernel's own time", () => {
    expect(isSameEntry(entry, { ...entry, modifiedNs: "5" })).toBe(true);
    expect(isSameEntry(entry, { ...entry, changedNs: "3" })).toBe(false);
    expect(isSameEntry(entry, { ...entry, inode: "8" })).toBe(false);
    expect(isSameEntry(entry, { ...entry, kind: "symlink" })).toBe(false);
  });

  test("of a directory, by inode: what is in it changes its times", () =>
    expect(isSameEntry({ ...entry, kind: "directory" }, { ...entry, kind: "directory", changedNs: "3" })).toBe(true));
});
