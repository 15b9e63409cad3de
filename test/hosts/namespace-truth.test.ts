/** On this machine, under one fabricated condition after the other: its cause is named, and nothing else changes. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import type { Finding } from "../../src/model/capability.ts";
import type { Condition, ConditionWith } from "../support/condition.ts";
import { needs } from "../support/must-work.ts";
import {
  asIdentity,
  clearStage,
  identities,
  runRealProbes,
  setStage,
  type Stage,
  type TestIdentity,
} from "../support/run-real-probes.ts";
import { isRoot } from "../support/tester.ts";

type Findings = Readonly<Record<string, Finding>>;

const probes = [
  "control-group-acts",
  "control-groups",
  "fuse",
  "kernel-file-systems",
  "landlock",
  "mounts",
  "namespaces",
  "overlay",
  "process-file-system",
  "seccomp",
  "user-namespaces",
];

let stage: Stage;
const usual = new Map<TestIdentity, Findings>();

beforeAll(async () => {
  stage = await setStage();
  for (const identity of identities) usual.set(identity, runRealProbes(stage, identity, [], probes));
}, 30_000);

afterAll(() => clearStage(stage));

function stateAndCodes(finding: Finding | undefined): string {
  return [finding?.state, ...new Set(finding?.blockers.map(({ code }) => code))].join(" ");
}

/** What is otherwise than without the condition. */
function changes(identity: TestIdentity, found: Findings): Record<string, string> {
  const before = usual.get(identity) ?? {};
  const told = Object.entries(found).map(([id, finding]) => [id, stateAndCodes(finding)] as const);
  return Object.fromEntries(told.filter(([id, now]) => now !== stateAndCodes(before[id])));
}

function every(ids: readonly string[], what: string): Record<string, string> {
  return Object.fromEntries(ids.map((id) => [id, what]));
}

/** Everything that takes a mount namespace, and so mounts. */
const mounts = [
  "mount.cgroup",
  "mount.detached",
  "mount.devpts",
  "mount.mqueue",
  "mount.overlay-user",
  "mount.private-root",
  "mount.proc",
  "mount.propagation",
  "mount.setattr",
  "mount.sysfs",
  "mount.tmpfs",
  "userns.capable",
];

/** Root of an inner user namespace mounts overlays as users do. */
const innerRoot = { "mount.overlay": "not-applicable" };
/** The program fails at the same steps, for a user even before it comes to the device, which is root's. */
const mountsOfAll = [...mounts, "mount.overlay-fuse"];
const deviceMounts = ["mount.fuse", "mount.overlay-fuse"];

interface Case {
  readonly conditions: readonly (Condition | ConditionWith)[];
  readonly changed: Record<string, string>;
  /** What changes for root besides. */
  readonly forRoot?: Record<string, string>;
}

const cases: Readonly<Record<string, Case>> = {
  "no PID namespaces": {
    conditions: [{ "namespace-quota": "pid" }],
    changed: every(["ns.pid", "mount.proc"], "blocked ns-limit"),
    forRoot: innerRoot,
  },
  "no UTS namespaces": {
    conditions: [{ "namespace-quota": "uts" }],
    changed: every(["ns.uts", "userns.capable"], "blocked ns-limit"),
    forRoot: innerRoot,
  },
  "no IPC namespaces": {
    conditions: [{ "namespace-quota": "ipc" }],
    changed: every(["ns.ipc", "mount.mqueue"], "blocked ns-limit"),
    forRoot: innerRoot,
  },
  "no network namespaces": {
    conditions: [{ "namespace-quota": "net" }],
    changed: every(["ns.network", "mount.sysfs", "userns.capable"], "blocked ns-limit"),
    forRoot: innerRoot,
  },
  "no time namespaces": {
    conditions: [{ "namespace-quota": "time" }],
    changed: { "ns.time": "blocked ns-limit" },
    forRoot: innerRoot,
  },
  "no mount namespaces": {
    conditions: [{ "namespace-quota": "mnt" }],
    changed: every([...mountsOfAll, "ns.mount"], "blocked ns-limit"),
    forRoot: { ...innerRoot, "mount.fuse": "blocked ns-limit" },
  },
  "a filter without clone3, as container engines have it": {
    conditions: ["clone3-hidden"],
    changed: {},
    forRoot: { "cgroup.delegation": "absent kernel-version" },
  },
  "a filter with a listener": {
    conditions: ["listener-taken"],
    changed: { "seccomp.user-notification": "blocked seccomp" },
  },
  "a shared root": { conditions: ["shared-root"], changed: {} },
  "a /sys that is partly covered": {
    conditions: ["masked-sys"],
    changed: { "mount.sysfs": "blocked outer-container" },
    forRoot: innerRoot,
  },
  "a kernel without overlays": {
    conditions: [{ "no-file-system": "overlay" }],
    changed: { "mount.overlay-user": "absent module-missing" },
    forRoot: { "mount.overlay": "absent module-missing" },
  },
  "two Landlock domains around": {
    conditions: [{ landlocked: 2 }],
    changed: every(mountsOfAll, "blocked lsm:landlock"),
    forRoot: every(["mount.fuse", "mount.overlay"], "blocked lsm:landlock"),
  },
  "all Landlock domains that fit": {
    conditions: [{ landlocked: 16 }],
    changed: every(
      [...mountsOfAll, "landlock.file-system", "landlock.network", "landlock.devices", "landlock.scopes"],
      "blocked lsm:landlock",
    ),
    forRoot: every(["mount.fuse", "mount.overlay"], "blocked lsm:landlock"),
  },
};

describe.each(identities)("as %s", (identity) => {
  test("without any condition, what the conditions take away works", () => {
    const found = usual.get(identity) ?? {};
    const taken = Object.values(cases).flatMap(({ changed }) => Object.keys(changed));
    for (const id of new Set(taken)) {
      if (id === "mount.overlay-fuse" && identity === "user") continue;
      expect({ id, state: found[id]?.state, blockers: found[id]?.blockers }).toEqual({
        id,
        state: "works",
        blockers: [],
      });
    }
  });

  test.each(Object.entries(cases))("%s", (_, { conditions, changed, forRoot = {} }) => {
    const found = runRealProbes(stage, identity, conditions, probes);
    const expected = identity === "root" ? { ...changed, ...forRoot } : changed;
    expect(changes(identity, without(found, identity, conditions))).toEqual(expected);
  });

  test("how the root is mounted is told", () => {
    const found = runRealProbes(stage, identity, ["shared-root"], ["mounts"]);
    expect(found["mount.propagation"]).toMatchObject({ state: "works", value: "shared" });
  });

  test("each level of user namespaces is one less for those within", () => {
    const outside = usual.get(identity)?.["userns.nested"]?.value;
    const found = runRealProbes(stage, identity, [{ "namespace-quota": "time" }], ["user-namespaces"]);
    expect(found["userns.nested"]?.value).toBe(Number(outside) - 1);
  });
});

/** A user's cover of a file in /proc cannot be taken off below, and so masks /proc: a matter of truth.test.ts. */
function without(found: Findings, identity: TestIdentity, conditions: Case["conditions"]): Findings {
  const isCover = conditions.some((condition) => typeof condition === "object" && "no-file-system" in condition);
  if (!isCover || identity === "root") return found;
  const { "mount.proc": _, ...rest } = found;
  return rest;
}

const tryRoot = needs(isRoot, "only root can make it");

tryRoot("a /proc that hides other users' processes changes nothing", () => {
  expect(changes("root", runRealProbes(stage, "root", ["hidden-processes"], probes))).toEqual({});
});

const tryHierarchy = needs(isRoot && existsSync("/sys/fs/cgroup/pids"), "no version 1 of control groups");

tryHierarchy("one controller that is mounted read-only", () => {
  const found = runRealProbes(stage, "root", [{ "read-only-hierarchy": "pids" }], probes);
  expect(changes("root", found)).toEqual({ "cgroup.pids": "blocked cgroup-delegation" });
});

const tryFuse = needs(isRoot && existsSync("/dev/fuse"), "no /dev/fuse");

tryFuse("a device that is everybody's is a user's, too", () => {
  const command = [stage.bun, stage.script, stage.directory.at("user"), "fuse", "overlay"];
  const child = Bun.spawnSync(asIdentity("root", ["open-fuse", { "as-user": 61_000 }], command), { cwd: "/" });
  const found = JSON.parse(child.stdout.toString()) as Findings;
  for (const id of ["device.fuse", ...deviceMounts]) {
    expect({ id, state: found[id]?.state, blockers: found[id]?.blockers }).toEqual({
      id,
      state: "works",
      blockers: [],
    });
  }
});

const devices = "/sys/fs/cgroup/devices";
const tryDevices = needs(
  isRoot && existsSync("/dev/fuse") && existsSync(`${devices}/devices.deny`),
  "no device groups",
);

tryDevices("a device group denies with another errno than a mode", () => {
  const group = `${devices}/cupel-test-${process.pid}`;
  mkdirSync(group);
  try {
    writeFileSync(`${group}/devices.deny`, "c 10:229 rwm");
    const command = [stage.bun, stage.script, stage.directory.at("root"), "fuse", "overlay"];
    const child = Bun.spawnSync(["sh", "-c", `echo $$ > ${group}/cgroup.procs && exec "$@"`, "sh", ...command], {
      cwd: "/",
    });
    const found = JSON.parse(child.stdout.toString()) as Findings;
    expect(changes("root", found)).toEqual(every(["device.fuse", ...deviceMounts], "blocked device-cgroup"));
  } finally {
    rmdirSync(group);
  }
});
