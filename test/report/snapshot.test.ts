import { describe, expect, test } from "bun:test";
import type { Capability } from "../../src/model/capability.ts";
import type { Report } from "../../src/model/report.ts";
import {
  commonDifferences,
  compareFacts,
  compareSnapshots,
  snapshotOf,
  stablePart,
  unstableIn,
  type Difference,
  type Snapshot,
} from "../../src/report/snapshot.ts";
import { blockedNamespaces } from "../fixtures/reports/blocked-namespaces.ts";
import { firecrackerRoot } from "../fixtures/reports/firecracker-root.ts";
import { perfectHost } from "../fixtures/reports/perfect-host.ts";

const parts = {
  boot: "11111111",
  kernel: "6.1.0-18-amd64 #1 SMP",
  uidMap: "0          0 4294967295",
  privileges: "CapEff=0000 NoNewPrivs=0",
  lsmLabel: "unconfined",
  namespaces: "user:[1] net:[2]",
  controlGroup: "0::/user.slice/*.scope",
  sysctls: "user/max_user_namespaces=100 kernel/x=ENOENT",
  resourceLimits: "Max processes             96365                96365                processes ",
  programs: "bwrap=/home/ada/bin/bwrap 72160 167 podman=",
  user: "1000:1000:27",
};

/** A report with one capability changed. */
function withCapability(report: Report, id: string, change: Partial<Capability>): Report {
  return {
    ...report,
    capabilities: report.capabilities.map((capability) =>
      capability.id === id ? { ...capability, ...change } : capability,
    ),
  };
}

const ada: Report = { ...perfectHost, fingerprintParts: parts };

describe("snapshotOf", () => {
  test("holds states, lasting values and blockers, sorted", () => {
    expect(snapshotOf({ ...blockedNamespaces, fingerprintParts: parts })).toMatchInlineSnapshot(`
      {
        "capabilities": {
          "host.kernel": {
            "state": "works",
          },
          "ns.mount": {
            "blockers": [
              "sysctl",
            ],
            "state": "blocked",
          },
          "ns.pid": {
            "blockers": [
              "sysctl",
            ],
            "state": "blocked",
          },
          "privilege.no-new-privs": {
            "state": "works",
          },
          "seccomp.filter": {
            "state": "works",
          },
          "userns.capable": {
            "blockers": [
              "sysctl",
            ],
            "state": "blocked",
          },
        },
        "host": {
          "caller": "an ordinary user",
          "cupel": "0.1.0 (build 3d1f)",
          "kernel": "6.1.0-18-amd64 #1 SMP",
          "limit Max processes": "96365 96365",
          "lsm label": "unconfined",
          "privilege CapEff": "0000",
          "privilege NoNewPrivs": "0",
          "sysctl kernel/x": "ENOENT",
          "sysctl user/max_user_namespaces": "100",
          "uid map": "0 0 4294967295",
        },
        "selection": {},
        "strategies": {
          "namespaces": {
            "available": false,
            "isolation": "namespace",
            "keeps": [],
          },
          "process": {
            "available": true,
            "isolation": "process",
            "keeps": [
              "limit.time",
              "env.clean",
              "tty.safe",
            ],
          },
        },
      }
    `);
  });

  test("holds no time, path, id of a session or user, and nothing of one boot", () => {
    const report = withCapability(
      withCapability(ada, "cgroup.memory", { value: "/sys/fs/cgroup/user.slice/user-1000.slice" }),
      "host.kernel",
      { value: "6.1.0-18-amd64" },
    );
    const text = JSON.stringify(snapshotOf(report));
    for (const word of ["/sys/fs", "/home", "1000", "11111111", report.id, report.createdAt, "slice"]) {
      expect([word, text.includes(word)]).toEqual([word, false]);
    }
    expect(snapshotOf(report).capabilities["host.kernel"]).toEqual({ state: "works" });
  });

  test("with everything holds values and facts that do not last, too", () => {
    const report = withCapability(ada, "cgroup.memory", { value: "/sys/fs/cgroup" });
    const all = snapshotOf(report, "all");
    expect(all.capabilities["cgroup.memory"]).toEqual({ state: "works", value: "/sys/fs/cgroup" });
    expect(all.host).toMatchObject({
      boot: "11111111",
      "namespace net": "[2]",
      "program bwrap": "/home/ada/bin/bwrap 72160 167",
    });
  });

  test("is the same for every order of the capabilities", () => {
    const turned = { ...firecrackerRoot, capabilities: firecrackerRoot.capabilities.toReversed() };
    expect(JSON.stringify(snapshotOf(turned))).toBe(JSON.stringify(snapshotOf(firecrackerRoot)));
  });
});

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
