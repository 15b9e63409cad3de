/** Strategy `namespaces` and copy-on-write workspaces. */
import { expect, test } from "bun:test";
import type { Standings } from "../../src/model/capability.ts";
import type { GuaranteeDecision } from "../../src/model/guarantee.ts";
import namespaces from "../../src/strategies/namespaces.ts";
import { jobOf } from "../fixtures/jobs/jobs.ts";
import { except, rootEverything, userEverything } from "../fixtures/matrices/standings.ts";

const workspace = { mode: "cow", path: "/w", isStated: true, manner: "overlay", ignore: [], apply: "never" } as const;

function decide(standings: Standings, id: string, parts: object): GuaranteeDecision | undefined {
  const job = jobOf({ workspace: { ...workspace, ...parts } });
  return namespaces.guarantees(job, standings).find((one) => one.id === id);
}

test("of a job with a copy-on-write workspace say how it is made", () => {
  const mechanism = (standings: Standings, parts: object = {}): unknown => {
    const found = decide(standings, "fs.workspace", parts);
    return found?.kept === true ? [found.mechanism, ...found.capabilities.slice(4)] : found;
  };
  const overlay = "an overlay: what the job changes goes to a layer, which the caller may apply";
  const copy = "the job has a copy of it, whose changes the caller may apply";
  const none = "nothing of the workspace is writable";
  expect(mechanism(rootEverything)).toEqual([overlay, "mount.overlay", "mount.idmap"]);
  expect(mechanism(userEverything)).toEqual([overlay, "mount.overlay-user"]);
  expect(mechanism(userEverything, { manner: "copy" })).toEqual([copy]);
  const without = except(userEverything, "absent", "mount.overlay-user");
  expect(mechanism(without)).toEqual([copy]);
  expect(mechanism(without, { isStated: false })).toEqual([none]);
  const disk = (standings: Standings, parts: object): boolean | undefined =>
    decide(standings, "limit.disk", parts)?.kept;
  expect([disk(userEverything, {}), disk(without, {}), disk(without, { isStated: false })]).toEqual([
    false,
    false,
    true,
  ]);
});

test("keep a cap on disk with a layer that has a size, where the kernel takes one in memory", () => {
  const sized = { graceMs: 1, layerBytes: 5, diskFiles: 6 };
  const of = (standings: Standings, manner: "overlay" | "copy" = "overlay"): unknown => {
    const job = jobOf({ workspace: { ...workspace, manner }, limits: sized });
    const found = namespaces.guarantees(job, standings).find(({ id }) => id === "limit.disk");
    const layer = namespaces.plan(job, standings).root.find(({ step }) => step === "overlay");
    return [found?.kept === true || found?.missing || found?.reason, layer];
  };
  const overlay = { step: "overlay", source: "/w", destination: "/w", sizeBytes: 5, filesMax: 6 };
  expect(of(rootEverything)).toEqual([true, { ...overlay, mapOwner: "must" }]);
  expect(of(userEverything)).toEqual([true, { ...overlay, mapOwner: "no" }]);
  const { sizeBytes: _size, filesMax: _files, ...plain } = overlay;
  expect(of(except(userEverything, "degraded", "mount.overlay-user"))).toEqual([
    "mount.overlay-user",
    { ...plain, mapOwner: "no" },
  ]);
  expect(of(userEverything, "copy")).toEqual(["the copy that the workspace is has no cap", undefined]);
});
