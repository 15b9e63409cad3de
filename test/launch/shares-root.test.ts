import { describe, expect, test } from "bun:test";
import { sharesRoot } from "../../src/launch/shares-root.ts";
import type { LauncherPlan } from "../../src/model/plan.ts";
import type { RootStep } from "../../src/model/root-step.ts";
import { barePlan } from "../fixtures/jobs/plans.ts";

const tmpfs: RootStep = {
  step: "tmpfs",
  destination: "/tmp",
  mode: 0o1777,
  sizeBytes: 0,
  owned: true,
  writable: true,
};

function bind(destination: string): RootStep {
  return { step: "bind", source: "/s", destination, optional: false, writable: false, mapOwner: "no" };
}

function plan(root: readonly RootStep[], parts: Partial<LauncherPlan> = {}): LauncherPlan {
  return barePlan(["true"], { namespaces: ["user", "mount", "pid"], root, ...parts });
}

const usual: readonly RootStep[] = [
  { step: "mirror", path: "/usr" },
  tmpfs,
  { step: "proc", destination: "/proc" },
  { step: "devices", destination: "/dev", shmBytes: 1 },
];

describe("sharesRoot", () => {
  test("is so for a root of its own", () => expect(sharesRoot(plan(usual))).toBeTrue());

  test.each<[string, LauncherPlan]>([
    ["no root", plan([])],
    ["no mount namespace", plan(usual, { namespaces: ["user", "pid"] })],
    ["no PID namespace", plan(usual, { namespaces: ["user", "mount"] })],
    ["a grant below /tmp", plan([...usual, bind("/tmp/work")])],
    ["a grant of /tmp itself", plan([...usual, bind("/tmp")])],
    ["a grant far below", plan([...usual, bind("/tmp/a/b/c")])],
    ["a grant before the directory that hides it", plan([bind("/tmp/work"), tmpfs])],
    ["a part of the host's root below /tmp", plan([...usual, { step: "mirror", path: "/tmp/usr" }])],
    ["a grant below /proc", plan([...usual, bind("/proc/fs")])],
  ])("is not so with %s", (_name, one) => expect(sharesRoot(one)).toBeFalse());

  test.each<[string, RootStep]>([
    ["beside", bind("/tmpfs")],
    ["above", bind("/")],
    ["elsewhere", bind("/workspace")],
    ["a directory of the job's own in it", { step: "directory", destination: "/tmp/own", mode: 0o700 }],
    ["a mask in it", { step: "mask", destination: "/proc/kcore" }],
  ])("is so with something %s", (_name, step) => expect(sharesRoot(plan([...usual, step]))).toBeTrue());
});
