import { describe, expect, test } from "bun:test";
import { describeWorktree, parseGitDirectory } from "../../src/run/git-worktree.ts";
import { makeTempDir } from "../support/temp-dir.ts";

function git(directory: string, ...words: string[]): void {
  const identity = ["-c", "user.name=a", "-c", "user.email=a@b"];
  const ran = Bun.spawnSync(["git", ...identity, ...words], {
    cwd: directory,
    env: { PATH: process.env["PATH"] ?? "", HOME: directory },
  });
  expect([ran.exitCode, words]).toEqual([0, words]);
}

test("parseGitDirectory takes what Git writes and nothing else", () => {
  expect(parseGitDirectory("gitdir: /a/b c\n")).toBe("/a/b c");
  expect(parseGitDirectory("gitdir: /a\nmore\n")).toBeUndefined();
  expect(parseGitDirectory("")).toBeUndefined();
});

describe("describeWorktree", () => {
  test("names the repository that a real worktree belongs to, until the job sees it", () => {
    using directory = makeTempDir();
    const repository = directory.folder("repository");
    git(repository, "init", "-q", ".");
    git(repository, "commit", "-q", "--allow-empty", "-m", "a");
    git(repository, "worktree", "add", "-q", directory.at("tree"));
    const workspace = { mode: "ro", path: directory.at("tree") } as const;
    const own = `${repository}/.git`;
    expect(describeWorktree({ workspace, grants: [] })).toBe(
      `${workspace.path} is a worktree of the repository in ${own}, which the job does not see; --read ${own} has git work there`,
    );
    expect(describeWorktree({ workspace, grants: [{ path: own, access: "read" }] })).toBeUndefined();
    expect(describeWorktree({ workspace: { mode: "ro", path: repository }, grants: [] })).toBeUndefined();
  });
});
