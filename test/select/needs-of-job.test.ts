import { expect, test } from "bun:test";
import { isNeededBy, needsOfJob } from "../../src/select/needs-of-job.ts";
import { jobOf } from "../fixtures/jobs/jobs.ts";
import { rootEverything, userEverything } from "../fixtures/matrices/standings.ts";

test("a cap without a guarantee needs what keeps it, in its direction", () => {
  const needs = (limits: object): string[] => needsOfJob(jobOf({ limits: { graceMs: 1, ...limits } }), {});
  expect([
    needs({}),
    needs({ ioReadBytes: 1 }),
    needs({ ioWriteBytes: 1 }),
    needs({ ioReadBytes: 1, ioWriteBytes: 1 }),
  ]).toEqual([[], ["cgroup.io"], ["cgroup.io-write"], ["cgroup.io", "cgroup.io-write"]]);
});

test("a cap on writing needs the layer to be an overlay, where one is asked for", () => {
  const cow = { mode: "cow", path: "/w", manner: "overlay", ignore: [], apply: "never" } as const;
  const limits = { graceMs: 1, ioWriteBytes: 1 };
  const needs = (isStated: boolean, standings = rootEverything): string[] =>
    needsOfJob(jobOf({ workspace: { ...cow, isStated }, limits }), standings);
  expect([needs(false), needs(true), needs(true, userEverything)]).toEqual([
    ["cgroup.io-write"],
    ["cgroup.io-write", "mount.overlay", "mount.idmap"],
    ["cgroup.io-write", "mount.overlay-user"],
  ]);
});

test("a cap on writing needs a job that writes where it may, and nowhere else", () => {
  const of = (limits: object): boolean[] =>
    (["fs.write", "fs.read"] as const).map((id) => isNeededBy(jobOf({ limits: { graceMs: 1, ...limits } }), id));
  expect([of({ ioWriteBytes: 1 }), of({ ioReadBytes: 1 })]).toEqual([
    [true, false],
    [false, false],
  ]);
});
