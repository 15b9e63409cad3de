import { describe, expect, test } from "bun:test";
import type { Capability } from "../../src/model/capability.ts";
import {
  commonDifferences,
  compareFacts,
  compareSnapshots,
  stablePart,
  unstableIn,
  type Difference,
} from "../../src/report/compare-snapshots.ts";
import { snapshotOf, type Snapshot } from "../../src/report/snapshot.ts";
import { blockedNamespaces } from "../fixtures/reports/blocked-namespaces.ts";
import { ada, parts, withCapability } from "../fixtures/reports/named-caller.ts";
import { perfectHost } from "../fixtures/reports/perfect-host.ts";

describe("compareSnapshots", () => {
  const differences = (was: Snapshot, is: Snapshot): string[] =>
    compareSnapshots(was, is).map(
      ({ kind, id, was: before, is: now, change }) => `${kind} ${id}: ${before} -> ${now}: ${change}`,
    );

  test("finds nothing between two of the same", () =>
    expect(compareSnapshots(snapshotOf(ada), snapshotOf({ ...ada, id: "other", createdAt: "later" }))).toEqual([]));

  test("tells worse from better, both ways", () => {
    const [good, bad] = [snapshotOf(perfectHost), snapshotOf(blockedNamespaces)];
    const there = compareSnapshots(good, bad).map(({ id, change }) => [id, change]);
    const back = compareSnapshots(bad, good).map(({ id, change }) => [
      id,
      change === "better" ? "worse" : change === "worse" ? "better" : "other",
    ]);
    expect(back).toEqual(there);
    expect(`\n${differences(good, bad).join("\n")}\n`).toMatchInlineSnapshot(`
      "
      selection the default job: namespaces -> refused: worse
      strategy namespaces: available -> not available: worse
      guarantee namespaces: env.clean: kept -> not kept: worse
      guarantee namespaces: fs.metadata: kept -> not kept: worse
      guarantee namespaces: fs.protected: kept -> not kept: worse
      guarantee namespaces: fs.read: kept -> not kept: worse
      guarantee namespaces: fs.write: kept -> not kept: worse
      guarantee namespaces: ipc.shared: kept -> not kept: worse
      guarantee namespaces: ipc.sockets: kept -> not kept: worse
      guarantee namespaces: kernel.syscalls: kept -> not kept: worse
      guarantee namespaces: limit.cpu: kept -> not kept: worse
      guarantee namespaces: limit.memory: kept -> not kept: worse
      guarantee namespaces: limit.pids: kept -> not kept: worse
      guarantee namespaces: limit.time: kept -> not kept: worse
      guarantee namespaces: net.loopback: kept -> not kept: worse
      guarantee namespaces: net.none: kept -> not kept: worse
      guarantee namespaces: priv.devices: kept -> not kept: worse
      guarantee namespaces: priv.escalation: kept -> not kept: worse
      guarantee namespaces: proc.hidden: kept -> not kept: worse
      guarantee namespaces: proc.signal: kept -> not kept: worse
      guarantee namespaces: proc.tree: kept -> not kept: worse
      guarantee namespaces: tty.safe: kept -> not kept: worse
      capability cgroup.cpu: works -> undefined: other
      capability cgroup.memory: works -> undefined: other
      capability ns.mount: works -> blocked (sysctl): worse
      capability ns.pid: works -> blocked (sysctl): worse
      capability privilege.no-new-privs: undefined -> works: other
      capability program.bwrap: absent -> undefined: other
      capability seccomp.filter: undefined -> works: other
      capability userns.capable: works -> blocked (sysctl): worse
      "
    `);
  });

  test.each([
    ["works", "degraded", "worse"],
    ["degraded", "blocked", "worse"],
    ["blocked", "absent", "other"],
    ["unknown", "works", "better"],
    ["works", "unknown", "worse"],
    ["works", "not-applicable", "other"],
    ["not-applicable", "blocked", "other"],
  ] as const)("of %s and then %s is %s", (was, is, change) => {
    const before = snapshotOf(withCapability(ada, "ns.mount", { state: was }));
    const now = snapshotOf(withCapability(ada, "ns.mount", { state: is }));
    expect(compareSnapshots(before, now)).toEqual([{ kind: "capability", id: "ns.mount", was, is, change }]);
  });

  test("finds another value, another blocker, and what is not there", () => {
    const before = snapshotOf(withCapability(ada, "ns.mount", { value: 7 }));
    const now = snapshotOf({
      ...withCapability(ada, "ns.mount", { value: 8 }),
      capabilities: withCapability(ada, "ns.mount", { value: 8 }).capabilities.filter(({ id }) => id !== "ns.pid"),
    });
    expect(differences(before, now)).toEqual([
      "capability ns.mount: works [7] -> works [8]: other",
      "capability ns.pid: works -> undefined: other",
    ]);
    const blocker = (code: "sysctl" | "seccomp"): Snapshot =>
      snapshotOf(withCapability(ada, "ns.mount", { state: "blocked", blockers: [{ code, detail: "d" }] }));
    expect(differences(blocker("sysctl"), blocker("seccomp"))).toEqual([
      "capability ns.mount: blocked (sysctl) -> blocked (seccomp): other",
    ]);
  });
});

describe("compareFacts", () => {
  test("gives each fact by its own name", () => {
    const later = {
      ...ada,
      fingerprintParts: { ...parts, kernel: "6.12.0 #1", sysctls: "user/max_user_namespaces=0" },
    };
    expect(compareFacts(snapshotOf(ada).host, snapshotOf(later).host)).toEqual([
      { fact: "kernel", was: "6.1.0-18-amd64 #1 SMP", is: "6.12.0 #1" },
      { fact: "sysctl kernel/x", was: "ENOENT" },
      { fact: "sysctl user/max_user_namespaces", was: "100", is: "0" },
    ]);
  });
});

describe("stablePart", () => {
  const value = (amount: number): Snapshot => snapshotOf(withCapability(ada, "ns.mount", { value: amount }));
  const state = (is: Capability["state"]): Snapshot => snapshotOf(withCapability(ada, "ns.pid", { state: is }));

  test("takes what two measurements agree on", () => {
    expect(stablePart([value(1), value(2)], value(1))).toEqual(value(1));
    expect(stablePart([state("works"), state("unknown")], state("works"))).toEqual(state("works"));
    expect(unstableIn(state("works"), state("unknown"))).toEqual(["ns.pid"]);
  });

  test("leaves out a value that was never the same twice, and a capability whose state was not", () => {
    expect(stablePart([value(1), value(2)], value(3)).capabilities["ns.mount"]).toEqual({ state: "works" });
    expect(stablePart([state("works"), state("unknown")], state("blocked")).capabilities["ns.pid"]).toBeUndefined();
  });
});

test("commonDifferences are those that were found twice in the same way", () => {
  const one: Difference = { kind: "capability", id: "a", was: "works", is: "unknown", change: "worse" };
  const other: Difference = { ...one, id: "b" };
  expect(commonDifferences([one, other], [{ ...one, is: "blocked" }, other])).toEqual([other]);
});
