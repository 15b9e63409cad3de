import { describe, expect, test } from "bun:test";
import { snapshotOf } from "../../src/report/snapshot.ts";
import { blockedNamespaces } from "../fixtures/reports/blocked-namespaces.ts";
import { firecrackerRoot } from "../fixtures/reports/firecracker-root.ts";
import { ada, parts, withCapability } from "../fixtures/reports/named-caller.ts";

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
