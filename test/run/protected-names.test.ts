import { describe, expect, test } from "bun:test";
import { isProtected } from "../../src/run/protected-names.ts";

describe("isProtected", () => {
  test.each([
    ".git/hooks",
    ".git/hooks/pre-commit",
    ".git/config",
    ".GIT/Config",
    "vendor/.git/modules/a/hooks/post-checkout",
    ".git/worktrees/w/gitdir",
    ".git/objects/info/alternates",
    ".git",
    ".gitmodules",
    "sub/.npmrc",
    ".vscode/tasks.json",
    ".claude",
    "cupel.yaml",
    ".ssh/authorized_keys",
  ])("%s", (path) => expect(isProtected(path, false)).toBe(true));

  test.each([
    "src/main.c",
    ".git/index",
    ".git/objects/00/11",
    ".git/refs/heads/main",
    "config",
    "hooks/a",
    "bashrc",
    ".gitignore",
  ])("not %s", (path) => expect(isProtected(path, false)).toBe(false));

  test("a new repository is judged by what lies in it", () => expect(isProtected("a/.git", true)).toBe(false));
});
