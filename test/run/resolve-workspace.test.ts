import { expect, test } from "bun:test";
import { renameSync, symlinkSync } from "node:fs";
import { inodeAt } from "../../src/host/real-host.ts";
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
