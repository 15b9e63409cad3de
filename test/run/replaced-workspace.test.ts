import { describe, expect, test } from "bun:test";
import { CupelError } from "../../src/model/error.ts";
import type { Workspace } from "../../src/model/job.ts";
import { refuseReplaced } from "../../src/run/replaced-workspace.ts";

function refusal(workspace: Workspace, errno: number, subject: string): unknown {
  try {
    return refuseReplaced(workspace, [{ event: "failed", step: "bind-source", errno, subject }]);
  } catch (error) {
    return error instanceof CupelError ? [error.code, error.message] : error;
  }
}

describe("refuseReplaced", () => {
  const workspace: Workspace = { mode: "rw", path: "/work" };
  const replaced = [
    "usage",
    "The current directory /work was moved, or replaced by another one; change to one that stays",
  ];

  test.each([
    ["nothing is there", 2],
    ["a file is there", 20],
    ["a link is there", 40],
    ["another directory is there", 116],
  ])("tells it where %s", (_what, errno) => {
    expect(refusal(workspace, errno, "/work")).toEqual(replaced);
  });

  test("says nothing of other failures, other places, and where there is no workspace", () => {
    expect([
      refusal(workspace, 1, "/work"),
      refusal(workspace, 2, "/other"),
      refusal({ mode: "empty", why: "" }, 2, "/work"),
      refuseReplaced(workspace, []),
    ]).toEqual([undefined, undefined, undefined, undefined]);
  });
});
