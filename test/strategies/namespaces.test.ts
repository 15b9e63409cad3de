import { describe, expect, test } from "bun:test";
import type { Standings } from "../../src/model/capability.ts";
import { guaranteeIds, type GuaranteeDecision } from "../../src/model/guarantee.ts";
import type { Job } from "../../src/model/job.ts";
import { sandboxRoot } from "../../src/strategies/_sandbox-root.ts";
import namespaces from "../../src/strategies/namespaces.ts";
import { jobOf } from "../fixtures/jobs/jobs.ts";
import { namespacesForRoot, namespacesWhereBlocked } from "../fixtures/matrices/decisions.ts";
import {
  except,
  nothingKnown,
  rootEverything,
  userEverything,
  userNamespacesBlocked,
  userWithoutControlGroups,
} from "../fixtures/matrices/standings.ts";
import { printChanges, printDecisions } from "../support/print-decisions.ts";

const job = jobOf();

function decide(standings: Standings, parts: Partial<Job> = {}): readonly GuaranteeDecision[] {
  return namespaces.guarantees(jobOf(parts), standings);
}

function decision(standings: Standings, id: string, parts: Partial<Job> = {}): GuaranteeDecision | undefined {
  return decide(standings, parts).find((one) => one.id === id);
}

describe("guarantees", () => {
  test("of root, where everything works", () => {
    expect(printDecisions(decide(rootEverything))).toBe(namespacesForRoot);
  });

  test("of a user differ in who the job is outside", () => {
    expect(printChanges(decide(rootEverything), decide(userEverything))).toMatchInlineSnapshot(`
      "
      priv.escalation: no capability in any set, no_new_privs, and an unprivileged id outside [privilege.no-new-privs userns.capable]
      "
    `);
  });

  test("of a user without a control group lack caps, but for one on processes", () => {
    expect(printChanges(decide(userEverything), decide(userWithoutControlGroups))).toMatchInlineSnapshot(`
      "
      limit.cpu NOT: a control group of the job's own (cpu): needs cgroup.cpu [cgroup.cpu]
      limit.memory NOT: a control group of the job's own (memory): needs cgroup.memory [cgroup.memory]
      limit.pids: RLIMIT_NPROC in a user namespace of the job's own [limit.processes-in-userns userns.capable]
      "
    `);
  });

  test("where user namespaces are blocked", () => {
    expect(printDecisions(decide(userNamespacesBlocked))).toBe(namespacesWhereBlocked);
  });

  test("where nothing is known are those of a host where nothing is there", () => {
    const absent = except(nothingKnown, "absent", ...Object.keys(nothingKnown));
    expect(decide(nothingKnown)).toEqual(decide(absent));
    expect(decide({})).toEqual(decide(absent));
    expect(decide({}).flatMap(({ id, kept }) => (kept ? [id] : []))).toEqual(["env.clean"]);
  });

  test("with the host's network lack what a network of its own keeps, and hide sockets by Landlock", () => {
    expect(printChanges(decide(rootEverything), decide(rootEverything, { network: "host" }))).toMatchInlineSnapshot(`
      "
      net.none NOT: the job has the host's network (--network host)
      net.loopback NOT: the job has the host's network (--network host)
      ipc.sockets: no path outside the grants is visible (a socket inside a granted directory is granted with it); abstract names by Landlock scope [ns.mount mount.private-root mount.setattr mount.tmpfs landlock.scopes]
      "
    `);
  });

  test("with a terminal of the job's own keep the caller's by relaying", () => {
    expect(printChanges(decide(rootEverything), decide(rootEverything, { terminal: "private" })))
      .toMatchInlineSnapshot(`
      "
      tty.safe: a terminal of the job's own, relayed, escape sequences and all; TIOCSTI filtered [ns.mount seccomp.filter]
      "
    `);
    expect(namespaces.plan({ ...job, terminal: "private" }, rootEverything).terminal).toBe("private");
  });

  test("with the host's network and without Landlock do not hide sockets", () =>
    expect(decision(except(rootEverything, "absent", "landlock."), "ipc.sockets", { network: "host" })).toMatchObject({
      missing: "landlock.scopes",
    }));

  test("with a workspace that is written through lack what keeps it as it was", () => {
    expect(
      printChanges(
        decide(rootEverything),
        decide(rootEverything, { workspace: { mode: "rw", path: "/home/ada/project" } }),
      ),
    ).toMatchInlineSnapshot(`
      "
      fs.protected NOT: the workspace, or part of it, is written through (--workspace rw, --write): protected names that exist there are read-only, but the job can make those that do not
      fs.workspace NOT: the workspace, or part of it, is written through (--workspace rw, --write)
      limit.disk NOT: what the job writes through to the host (--workspace rw, --write) has no cap
      "
    `);
  });

  test("let a host without control groups for processes cap them by user namespace, and not without one", () => {
    const without = except(rootEverything, "blocked", "cgroup.pids");
    expect(decision(without, "limit.pids")).toMatchObject({ kept: true, mechanism: expect.stringContaining("NPROC") });
    expect(decision(except(without, "blocked", "userns."), "limit.pids")).toMatchObject({ missing: "cgroup.pids" });
  });

  test.each([
    ["the workspace itself", "/home/ada/project"],
    ["a part of the workspace", "/home/ada/project/.git"],
    ["what holds the workspace", "/home/ada"],
  ])("with a writable grant of %s lack what keeps it as it was", (_, path) => {
    const decisions = decide(rootEverything, { grants: [{ path, access: "write" }] });
    const lost = decisions.filter(({ id, kept }) => ["fs.protected", "fs.workspace"].includes(id) && !kept);
    expect(lost.map(({ id }) => id)).toEqual(["fs.protected", "fs.workspace"]);
  });

  test("each hang on nothing but what they name", () => {
    // The cap on processes has a second mechanism to fall back on.
    for (const one of decide(userEverything).filter(({ id }) => id !== "limit.pids")) {
      const others = guaranteeIds.filter((id) => id !== one.id);
      for (const id of one.kept ? one.capabilities : []) {
        const changed = decide(except(userEverything, "broken", id));
        expect([id, changed.find(({ id: same }) => same === one.id)]).toEqual([
          id,
          expect.objectContaining({ id: one.id, kept: false, missing: id }),
        ]);
        expect(changed.map(({ id: same }) => same).filter((same) => same !== one.id)).toEqual(others);
      }
    }
  });
});

describe("requires", () => {
  test("of root no user namespace, of a user one that has capabilities", () => {
    const [root, user] = [namespaces.requires(rootEverything), namespaces.requires(userEverything)];
    const mounts = ["ns.mount", "mount.private-root", "mount.setattr", "mount.tmpfs", "mount.proc"];
    const common = [...mounts, "ns.pid", "ns.ipc", "ns.uts", "privilege.no-new-privs", "seccomp.filter"];
    expect([...root]).toEqual(["privilege.drop-identity", ...common] as unknown[] as (typeof root)[number][]);
    expect([...user]).toEqual(["userns.create", "userns.capable", ...common] as unknown[] as (typeof user)[number][]);
  });
});

describe("plan", () => {
  const parts = (plan: ReturnType<typeof namespaces.plan>): object =>
    Object.fromEntries(Object.entries(plan).filter(([name]) => name !== "root"));

  test("of root", () => {
    expect(parts(namespaces.plan(job, rootEverything))).toMatchInlineSnapshot(`
      {
        "command": [
          "/bin/true",
        ],
        "controlGroup": {
          "countsCpuTime": undefined,
          "cpus": undefined,
          "io": undefined,
          "memoryBytes": 3000000000,
          "pids": 4096,
        },
        "cpuTimeMs": undefined,
        "descriptors": undefined,
        "directory": "/home/ada/project",
        "dropCapabilities": true,
        "environment": {
          "HOME": "/home/job",
          "LANG": "C.UTF-8",
          "LOGNAME": "job",
          "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
          "SHELL": "/bin/sh",
          "USER": "job",
        },
        "graceMs": 2000,
        "hostname": "job",
        "idleMs": undefined,
        "inside": {
          "gid": 1000,
          "uid": 1000,
        },
        "kind": "launcher",
        "landlockScopes": [
          "abstract-unix-socket",
          "signal",
        ],
        "landlockVersion": 7,
        "loopbackUp": true,
        "namespaces": [
          "user",
          "mount",
          "pid",
          "ipc",
          "uts",
          "cgroup",
          "network",
        ],
        "output": undefined,
        "outside": "fresh",
        "proxy": undefined,
        "publish": undefined,
        "resourceLimits": {
          "core": 0,
          "cpuSeconds": undefined,
          "fileBytes": undefined,
          "openFiles": undefined,
          "processes": undefined,
        },
        "seccomp": "default",
        "setup": undefined,
        "sockets": "by-profile",
        "terminal": "none",
        "timeoutMs": undefined,
        "umask": 18,
      }
    `);
  });

  test("of a user without a control group", () => {
    const [root, user] = [namespaces.plan(job, rootEverything), namespaces.plan(job, userWithoutControlGroups)];
    expect(root.root).toEqual(sandboxRoot(job, true));
    expect(user).toEqual({
      ...root,
      outside: "caller",
      root: sandboxRoot(job, false),
      resourceLimits: { core: 0, processes: 4097 },
      controlGroup: {},
    });
  });

  test("takes Landlock for files from version 2 on, as measured", () => {
    const withVersion = (value: number) =>
      namespaces.plan(jobOf(), {
        ...rootEverything,
        "landlock.file-system": { state: "works", value },
      }).landlockVersion;
    expect([1, 2, 7].map(withVersion)).toEqual([undefined, 2, 7]);
    expect(namespaces.plan(jobOf(), except(rootEverything, "absent", "landlock.")).landlockVersion).toBeUndefined();
  });

  test("leaves a network namespace out with the host's network, and scopes abstract sockets instead", () => {
    const plan = namespaces.plan(jobOf({ network: "host" }), rootEverything);
    expect(plan.namespaces).not.toContain("network");
    expect([plan.loopbackUp, plan.landlockScopes]).toEqual([false, ["abstract-unix-socket", "signal"]]);
  });

  test("leaves out what this host cannot make, where it is not required", () => {
    const plan = namespaces.plan(job, except(rootEverything, "blocked", "ns.network", "ns.cgroup", "userns."));
    expect([plan.namespaces, plan.inside, plan.loopbackUp]).toEqual([["mount", "pid", "ipc", "uts"], undefined, false]);
  });

  test("asks of the control group what was stated before what is the default", () => {
    const limits = { graceMs: 5, memoryBytes: 1, pids: 2, cpus: 0.5, timeoutMs: 9 };
    const plan = namespaces.plan(jobOf({ limits }), rootEverything);
    expect([plan.controlGroup, plan.timeoutMs, plan.graceMs]).toEqual([{ memoryBytes: 1, pids: 2, cpus: 0.5 }, 9, 5]);
  });

  test("caps processes by user namespace where there is one, a cap, and no control group for it", () => {
    const without = except(rootEverything, "blocked", "cgroup.pids");
    const cap = (standings: Standings, given: Partial<Job> = {}): number | undefined =>
      namespaces.plan(jobOf(given), standings).resourceLimits.processes;
    expect([cap(rootEverything), cap(without), cap(without, { defaultLimits: {} })]).toEqual([
      undefined,
      4097,
      undefined,
    ]);
    const lacking = ["userns.", "limit."].map((id) => cap(except(without, "blocked", id)));
    expect(lacking).toEqual([undefined, undefined]);
  });

  test("starts in an empty workspace of the job's own, where there is none of the host's", () => {
    const plan = namespaces.plan(jobOf({ workspace: { mode: "empty", why: "" }, directory: "/" }), rootEverything);
    expect(plan.directory).toBe("/workspace");
  });

  test("puts tools in front of the standard PATH, and lets the job's own variables win", () => {
    const plan = namespaces.plan(
      jobOf({ toolDirectories: ["/opt/a/bin", "/opt/b/bin"], environment: { LANG: "de_DE.UTF-8", A: "" } }),
      rootEverything,
    );
    expect(plan.environment).toEqual({
      PATH: "/opt/a/bin:/opt/b/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      HOME: "/home/job",
      USER: "job",
      LOGNAME: "job",
      SHELL: "/bin/sh",
      LANG: "de_DE.UTF-8",
      A: "",
    });
  });
});
