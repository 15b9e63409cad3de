import { describe, expect, test } from "bun:test";
import { isUsable, type Standings } from "../../src/model/capability.ts";
import namespaces from "../../src/strategies/namespaces.ts";
import systemd from "../../src/strategies/systemd.ts";
import { jobOf } from "../fixtures/jobs/jobs.ts";
import { rootEverything, userEverything, userNamespacesBlocked } from "../fixtures/matrices/standings.ts";

/** What it requires there and has not. */
function missingFrom(standings: Standings): string[] {
  return systemd.requires(standings).filter((id) => !isUsable(standings[id]));
}

describe("what it requires", () => {
  const ofAll = ["program.systemd-run", "systemd.run", "privilege.no-new-privs", "seccomp.filter", "mount.setattr"];

  test("of root is the right to take ids of nobody's", () =>
    expect(systemd.requires(rootEverything)).toEqual([...ofAll, "privilege.drop-identity"] as never));

  test("of anybody else is a user namespace, without which it is not here", () => {
    expect(systemd.requires(userEverything)).toEqual([...ofAll, "userns.create", "userns.capable"] as never);
    expect([missingFrom(userEverything), missingFrom(userNamespacesBlocked)]).toEqual([
      [],
      ["systemd.run", "mount.setattr", "userns.create", "userns.capable"],
    ]);
  });
});

test("namespaces that the launcher makes stand on themselves, all others on the unit", () => {
  const standsOn = (id: string): unknown => {
    const found = systemd.guarantees(jobOf(), userEverything).find((decision) => decision.id === id);
    return found?.kept === true && found.capabilities;
  };
  expect([standsOn("net.none"), standsOn("priv.escalation")]).toEqual([
    ["systemd.run"],
    ["privilege.no-new-privs", "userns.capable"],
  ]);
});

test("caps by a control group are the job's own, whoever calls", () => {
  const capped = jobOf({ limits: { graceMs: 0, memoryBytes: 9, cpus: 1 } });
  for (const standings of [rootEverything, userEverything])
    expect(systemd.plan(capped, standings).controlGroup).toMatchObject({ memoryBytes: 9, cpus: 1 });
});

test("a layer is none of systemd's, and a workspace is read-only without one", () => {
  const decision = systemd
    .guarantees(jobOf({ workspace: { path: "/srv/project", mode: "cow", source: "stated" } } as never), rootEverything)
    .find(({ id }) => id === "fs.workspace");
  expect(decision).toMatchObject({ kept: true, mechanism: "nothing of the workspace is writable" });
});

test("root that may become nobody else is promised nothing", () => {
  const reason = "root without the right to become another user has no manager whose services are not root's";
  const standings: Standings = { ...userEverything, "systemd.run": { state: "works", value: "system" } };
  const all = systemd.guarantees(jobOf(), userEverything).map(({ id }) => ({ id, kept: false, reason }) as const);
  expect(systemd.guarantees(jobOf(), standings)).toEqual(all);
  const users: Standings = { ...userEverything, "systemd.run": { state: "works", value: "user" } };
  expect(systemd.guarantees(jobOf(), users)).toEqual(systemd.guarantees(jobOf(), userEverything));
});

describe("plan", () => {
  test("is that of namespaces, with the manager of whoever calls as its maker", () => {
    const parts = { program: "systemd-run", path: "/usr/bin/systemd-run", controlPath: "/usr/bin/systemctl" } as const;
    const { maker, ...rest } = systemd.plan(jobOf(), rootEverything);
    expect(maker).toEqual({ ...parts, manager: "system" });
    expect(rest).toEqual(namespaces.plan(jobOf(), rootEverything));
    expect(systemd.plan(jobOf(), userEverything).maker).toEqual({ ...parts, manager: "user" });
  });

  test("takes the client that was tried, and what lies beside it", () => {
    const path = "/opt/bin/systemd-run";
    const standings: Standings = { ...userEverything, "program.systemd-run": { state: "works", value: path } };
    expect(systemd.plan(jobOf(), standings).maker).toMatchObject({ path, controlPath: "/opt/bin/systemctl" });
  });
});
