import { describe, expect, test } from "bun:test";
import type { Standings } from "../../src/model/capability.ts";
import type { CopyOnWrite } from "../../src/model/job.ts";
import { layerSize, layerStep, sizedStorage, unchangedWorkspace } from "../../src/strategies/_workspace-rules.ts";
import namespaces from "../../src/strategies/namespaces.ts";
import { jobOf } from "../fixtures/jobs/jobs.ts";
import { except, rootEverything, userEverything } from "../fixtures/matrices/standings.ts";

const program = "/usr/bin/fuse-overlayfs";

const cow: CopyOnWrite = {
  mode: "cow",
  path: "/srv/w",
  isStated: false,
  manner: "overlay",
  ignore: [],
  apply: "never",
};

function withProgram(standings: Standings): Standings {
  return { ...standings, "mount.overlay-fuse": { state: "works", value: program } };
}

const able = withProgram(userEverything);
const withoutKernel = except(able, "absent", "mount.overlay-user");
const withoutBoth = except(withoutKernel, "absent", "mount.overlay-fuse");
const root = except(withProgram(rootEverything), "absent", "mount.overlay");

describe("the layer of a copy-on-write workspace", () => {
  const rows: readonly (readonly [string, Standings, Partial<CopyOnWrite>, string, string])[] = [
    ["by the kernel, where it can", able, {}, "overlay", "overlay"],
    ["by a program, where the kernel cannot", withoutKernel, {}, "fuse", "fuse"],
    ["by a program, where the kernel has no place for it", able, { manner: "fuse" }, "fuse", "fuse"],
    ["for root, whose job is somebody else", root, {}, "none", "copy"],
    ["where neither can", withoutBoth, {}, "none", "copy"],
    ["where something is mounted in it", able, { manner: "copy" }, "none", "copy"],
    ["by a program that does not do all", except(withoutKernel, "degraded", "mount.overlay-fuse"), {}, "none", "copy"],
    ["without user namespaces", except(withoutKernel, "blocked", "userns.capable"), {}, "none", "copy"],
  ];
  test.each(rows)("%s", (_, matrix, parts, byDefault, stated) => {
    const steps = [false, true].map((isStated) =>
      layerStep(jobOf({ workspace: { ...cow, ...parts, isStated } }), matrix),
    );
    expect(steps).toEqual([byDefault as "none", stated as "none"]);
  });
});

test("a layer by a program is planned as one, named in what keeps the workspace, and has no size", () => {
  const limits = { graceMs: 1, layerBytes: 4096 };
  const circumstances = { job: jobOf({ workspace: cow, limits }), matrix: withoutKernel };
  const { root: steps } = namespaces.plan(circumstances.job, withoutKernel);
  expect(steps.filter(({ step }) => step === "overlay" || step === "copy")).toEqual([
    { step: "overlay", source: "/srv/w", destination: "/srv/w", mapOwner: "no", program },
  ]);
  expect(unchangedWorkspace(circumstances)).toMatchObject({
    kept: true,
    mechanism: "an overlay, laid by fuse-overlayfs: what the job changes goes to a layer, which the caller may apply",
  });
  expect(sizedStorage(circumstances)).toEqual({
    kept: false,
    reason: "the layer that fuse-overlayfs lays has no cap",
  });
  expect(layerSize(circumstances)).toBeUndefined();
});
