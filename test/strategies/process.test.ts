import { describe, expect, test } from "bun:test";
import { guaranteeIds } from "../../src/model/guarantee.ts";
import { standardPath } from "../../src/strategies/_decide.ts";
import process from "../../src/strategies/process.ts";
import { jobOf } from "../fixtures/jobs/jobs.ts";
import {
  allStandings,
  except,
  nothingKnown,
  rootEverything,
  userEverything,
  userWithoutControlGroups,
} from "../fixtures/matrices/standings.ts";
import { printChanges, printDecisions } from "../support/print-decisions.ts";

const job = jobOf();

describe("guarantees", () => {
  test("are few, where everything works", () => {
    expect(printDecisions(process.guarantees(job, rootEverything))).toMatchInlineSnapshot(`
      "
      fs.read NOT: the job sees the caller's file system with the caller's rights
      fs.write NOT: the job sees the caller's file system with the caller's rights
      fs.metadata NOT: the job sees the caller's file system with the caller's rights
      fs.protected NOT: the job sees the caller's file system with the caller's rights
      fs.workspace NOT: the job sees the caller's file system with the caller's rights
      net.none NOT: the job has the host's network
      net.allowlist NOT: the job has the host's network
      net.loopback NOT: the job has the host's network
      ipc.sockets NOT: the job sees the caller's file system with the caller's rights
      ipc.shared NOT: the job shares IPC objects and /dev/shm with the caller
      proc.hidden NOT: the job is one of the caller's processes
      proc.signal NOT: the job is one of the caller's processes
      proc.tree NOT: what outruns the clean-up, or loses its launcher to kill -9, stays
      priv.escalation NOT: no_new_privs holds, but the caller's sockets and files are in reach
      priv.devices NOT: the job sees the caller's file system with the caller's rights
      kernel.syscalls: cupel's default seccomp profile [seccomp.filter privilege.no-new-privs]
      kernel.boundary NOT: the job runs on the host's kernel
      limit.time NOT: the deadline ends the job's session, not what left it
      limit.cpu: a control group of the job's own (cpu) [cgroup.cpu]
      limit.memory: a control group of the job's own (memory) [cgroup.memory]
      limit.pids: a control group of the job's own (pids) [cgroup.pids]
      limit.disk NOT: the job writes where the caller may
      limit.output NOT: the job can open the caller's own streams by their paths
      env.clean: the environment is built from nothing
      secret.private NOT: the job is one of the caller's processes, which can read each other's memory and files
      tty.safe NOT: the job does not hold the caller's terminal, but may open it by its path
      "
    `);
  });

  test("are the same for a user as for root", () =>
    expect(process.guarantees(job, userEverything)).toEqual([...process.guarantees(job, rootEverything)]));

  test("of a user without a control group lack caps", () => {
    const [full, without] = [userEverything, userWithoutControlGroups].map((one) => process.guarantees(job, one));
    expect(printChanges(full ?? [], without ?? [])).toMatchInlineSnapshot(`
      "
      limit.cpu NOT: a control group of the job's own (cpu): needs cgroup.cpu [cgroup.cpu]
      limit.memory NOT: a control group of the job's own (memory): needs cgroup.memory [cgroup.memory]
      limit.pids NOT: a control group of the job's own (pids): needs cgroup.pids [cgroup.pids]
      "
    `);
  });

  test("where nothing is known are a clean environment", () =>
    expect(process.guarantees(job, nothingKnown).filter(({ kept }) => kept)).toEqual([
      { id: "env.clean", kept: true, mechanism: "the environment is built from nothing", capabilities: [] },
    ]));

  test("do not hang on what the job asks for", () => {
    const others = [
      jobOf({ network: "host" }),
      jobOf({ workspace: { mode: "rw", path: "/w" } }),
      jobOf({ limits: { graceMs: 1, memoryBytes: 1 } }),
    ];
    for (const other of others) {
      expect(process.guarantees(other, rootEverything)).toEqual([...process.guarantees(job, rootEverything)]);
    }
  });

  test("never hold what needs a view of its own", () => {
    const own = guaranteeIds.filter((id) => /^(fs|net|ipc|proc|priv|tty|secret)\./.test(id));
    for (const standings of Object.values(allStandings)) {
      const kept = process.guarantees(job, standings).filter((decision) => decision.kept && own.includes(decision.id));
      expect(kept).toEqual([]);
    }
  });
});

describe("requires", () => {
  test("no new privileges, whatever the host", () => {
    for (const standings of Object.values(allStandings)) {
      expect([...process.requires(standings)]).toEqual(["privilege.no-new-privs"]);
    }
  });
});

describe("plan", () => {
  test("where everything works", () =>
    expect(process.plan(job, rootEverything)).toEqual({
      kind: "launcher",
      namespaces: [],
      outside: "caller",
      root: [],
      loopbackUp: false,
      command: ["/bin/true"],
      directory: "/home/ada/project",
      environment: {
        PATH: standardPath,
        HOME: "/tmp",
        USER: "job",
        LOGNAME: "job",
        SHELL: "/bin/sh",
        LANG: "C.UTF-8",
      },
      umask: 0o022,
      resourceLimits: { core: 0 },
      controlGroup: { memoryBytes: 3_000_000_000, pids: 4096, cpus: undefined },
      dropCapabilities: true,
      seccomp: "default",
      sockets: "by-profile",
      landlockScopes: [],
      terminal: "none",
      timeoutMs: undefined,
      graceMs: 2000,
    }));

  test("gives the job a terminal of its own where it asks for one", () =>
    expect(process.plan({ ...job, terminal: "private" }, rootEverything).terminal).toBe("private"));

  test("loads no filter where none can be loaded", () => {
    const asking = jobOf({ seccomp: "strict", network: "no-sockets" });
    const plan = process.plan(asking, except(rootEverything, "blocked", "seccomp.filter"));
    expect([plan.seccomp, plan.sockets]).toEqual(["none", "by-profile"]);
  });

  test("asks for no group where none can be made", () =>
    expect(Object.values(process.plan(job, userWithoutControlGroups).controlGroup)).toEqual([
      undefined,
      undefined,
      undefined,
    ]));

  test("starts in / where the workspace is to be empty", () => {
    const empty = jobOf({ workspace: { mode: "empty", why: "" }, directory: "/" });
    expect(process.plan(empty, rootEverything).directory).toBe("/");
  });
});
