/** On this machine, as root and as somebody without an account: each fabricated cause is named, and no other. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import type { Finding } from "../../src/model/capability.ts";
import { needs } from "../support/must-work.ts";
import {
  clearStage,
  identities,
  ownDirectory,
  runRealProbes,
  setStage,
  type Stage,
} from "../support/run-real-probes.ts";
import { isRoot } from "../support/tester.ts";

let stage: Stage;

beforeAll(async () => {
  stage = await setStage();
});

afterAll(() => clearStage(stage));

function codes(finding: Finding | undefined): string[] {
  return [...new Set(finding?.blockers.map(({ code }) => code))];
}

describe.each(identities)("as %s", (identity) => {
  test("without any condition, everything that the conditions take away works", () => {
    const found = runRealProbes(
      stage,
      identity,
      [],
      ["user-namespaces", "namespaces", "process-file-system", "mounts"],
    );
    for (const [id, finding] of Object.entries(found))
      expect({ id, ...finding }).toMatchObject({ id, state: "works", blockers: [] });
  });

  test("a filter that denies unshare", () => {
    const found = runRealProbes(
      stage,
      identity,
      ["unshare-denied"],
      ["user-namespaces", "namespaces", "process-file-system"],
    );
    for (const [id, finding] of Object.entries(found)) {
      expect({ id, state: finding.state, codes: codes(finding) }).toEqual({ id, state: "blocked", codes: ["seccomp"] });
      expect(finding.ruledOut).toContain("chroot");
      expect(finding.ruledOut).toContain("sysctl");
      expect(finding.ruledOut).toContain("no-new-privs");
    }
  });

  test("a filter that denies mounts leaves namespaces alone", () => {
    const found = runRealProbes(stage, identity, ["mount-denied"], ["user-namespaces", "namespaces", "mounts"]);
    expect(found["userns.create"]?.state).toBe("works");
    expect(found["ns.pid"]?.state).toBe("works");
    for (const id of ["mount.private-root", "mount.tmpfs", "mount.setattr"]) {
      expect({ id, codes: codes(found[id]) }).toEqual({ id, codes: ["seccomp"] });
    }
  });

  test.each(["userns-quota", "userns-quota-above", "userns-depth"] as const)("%s", (condition) => {
    const found = runRealProbes(stage, identity, [condition], ["user-namespaces", "process-limits"]);
    for (const [id, finding] of Object.entries(found)) {
      expect({ id, state: finding.state, codes: codes(finding) }).toEqual({
        id,
        state: "blocked",
        codes: ["ns-limit"],
      });
      expect(finding.ruledOut).toContain("seccomp");
    }
    const detail = found["userns.create"]?.blockers[0]?.detail;
    if (condition === "userns-quota") expect(detail).toBe("user.max_user_namespaces is 0");
    else expect(detail).toContain("a surrounding user namespace has reached its limit");
  });

  test("a chroot", () => {
    const directory = ownDirectory(stage, identity, "root");
    // Its parent is nobody else's to enter; from inside it is not seen.
    const found = runRealProbes(
      stage,
      identity,
      [{ chroot: directory }],
      ["user-namespaces", "mounts", "process-file-system"],
    );
    for (const [id, finding] of Object.entries(found)) {
      expect({ id, state: finding.state, codes: codes(finding) }).toEqual({ id, state: "blocked", codes: ["chroot"] });
      expect(finding.ruledOut).toContain("seccomp");
      expect(finding.ruledOut).toContain("ns-limit");
    }
  });

  test("a masked /proc", () => {
    const found = runRealProbes(stage, identity, ["masked-proc"], ["user-namespaces", "process-file-system", "mounts"]);
    expect(found["mount.proc"]?.state).toBe("blocked");
    expect(codes(found["mount.proc"])).toEqual(["proc-masked"]);
    expect(found["mount.proc"]?.blockers[0]?.detail).toContain("/proc/fs");
    expect(found["userns.capable"]?.state).toBe("works");
    expect(found["mount.private-root"]?.state).toBe("works");
  });

  test("no_new_privs is nobody's cause", () => {
    const found = runRealProbes(stage, identity, ["no-new-privs"], ["user-namespaces", "namespaces", "privileges"]);
    expect(found["userns.capable"]?.state).toBe("works");
    expect(found["privilege.no-new-privs"]?.summary).toContain("set already by whoever started cupel");
  });

  const tryGroups = needs(existsSync("/sys/fs/cgroup"), "no control groups");
  tryGroups("control groups that are mounted read-only", () => {
    const found = runRealProbes(stage, identity, ["read-only-cgroups"], ["control-groups"]);
    for (const id of ["cgroup.pids", "cgroup.memory", "cgroup.cpu"]) {
      expect({ id, isUsable: found[id]?.state === "works" }).toEqual({ id, isUsable: false });
    }
  });
});

needs(isRoot, "only root has capabilities to lose")("root without capabilities lacks these, and nothing else", () => {
  const found = runRealProbes(stage, "root", ["bounding-empty"], ["namespaces", "privileges"]);
  expect(codes(found["ns.pid"])).toEqual(["capability"]);
  expect(codes(found["privilege.drop-identity"])).toEqual(["capability"]);
});
