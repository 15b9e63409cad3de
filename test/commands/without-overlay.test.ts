import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { withoutOverlay } from "../../src/commands/without-overlay.ts";
import type { Job } from "../../src/model/job.ts";
import { jobOf } from "../fixtures/jobs/jobs.ts";
import { makeTempDir } from "../support/temp-dir.ts";

function jobIn(path: string, isStated: boolean): Job {
  return jobOf({ workspace: { mode: "cow", path, isStated, manner: "overlay", ignore: [], apply: "never" } });
}

describe("withoutOverlay", () => {
  const path = "/work";

  function instead(isStated: boolean, errno: number): unknown {
    using directory = makeTempDir();
    const layer = directory.folder("layer");
    const job = withoutOverlay(jobIn(path, isStated), {
      events: [{ event: "failed", step: "overlay", errno, subject: path }],
      layer: { path: layer, stateDirectory: directory.path, workspace: path, manner: "overlay", startedNs: 0n },
    });
    return { workspace: job?.workspace, hasLayer: existsSync(layer) };
  }

  test("takes a copy where the kernel lays none, or reads only where none was asked for", () => {
    const copied = { mode: "cow", path, isStated: true, manner: "copy", ignore: [], apply: "never" };
    expect(instead(true, 22)).toEqual({ workspace: copied, hasLayer: false });
    expect(instead(false, 22)).toEqual({ workspace: { mode: "ro", path }, hasLayer: false });
  });

  test.each([2, 20, 40])("takes nothing else where another thing stands in the directory's place (%d)", (errno) => {
    for (const isStated of [true, false])
      expect(instead(isStated, errno)).toEqual({ workspace: undefined, hasLayer: true });
  });
});
