import { expect, test } from "bun:test";
import { renameSync, symlinkSync } from "node:fs";
import { inodeAt, noInode } from "../../src/host/real-host.ts";
import { defaultRequest } from "../../src/run/job-request.ts";
import { resolveWorkspace } from "../../src/run/resolve-workspace.ts";
import { createFixtureHost } from "../support/fixture-host.ts";
import { makeTempDir } from "../support/temp-dir.ts";

test("the caller's directory is taken, and none that lies at its path by now", () => {
  using directory = makeTempDir();
  const [own, other] = [directory.folder("own"), directory.folder("other")];
  const resolveAt = (inode: string | undefined): unknown => {
    const standing = inode === undefined ? undefined : { directory: own, inode };
    const host = { ...createFixtureHost({ directory: own }), standing };
    return resolveWorkspace({ ...defaultRequest, workspace: "ro" }, { host, tools: undefined, stateDirectories: [] });
  };
  expect(resolveAt(inodeAt(own))).toEqual({ mode: "ro", path: own });
  expect(resolveAt(undefined)).toEqual({ mode: "ro", path: own });
  expect(() => resolveAt(inodeAt(other))).toThrow(
    `The current directory ${own} was moved, or replaced by another one; change to one that stays`,
  );
});

test("a current directory that a symlink leads to by now is refused, though it is the same one", () => {
  using directory = makeTempDir();
  const own = directory.folder("own");
  const standing = { directory: own, inode: inodeAt(own) ?? "" };
  renameSync(own, directory.at("moved"));
  symlinkSync("moved", own);
  const host = { ...createFixtureHost({ directory: own }), standing };
  expect(() =>
    resolveWorkspace({ ...defaultRequest, workspace: "ro" }, { host, tools: undefined, stateDirectories: [] }),
  ).toThrow(`The current directory ${own} was moved, or replaced by another one; change to one that stays`);
});

test("a directory that the caller may not enter is no workspace", () => {
  using directory = makeTempDir();
  const own = directory.folder("own");
  const host = { ...createFixtureHost({ directory: own }), standing: { directory: own, inode: noInode } };
  const surroundings = { host, tools: undefined, stateDirectories: [] };
  expect(resolveWorkspace(defaultRequest, surroundings)).toEqual({
    mode: "empty",
    why: `${own} is not taken as the workspace, since you may not enter it; the job starts in an empty one`,
  });
  expect(() => resolveWorkspace({ ...defaultRequest, workspace: "ro" }, surroundings)).toThrow(
    `--workspace ro: you may not enter ${own}; change to a directory of yours`,
  );
});
