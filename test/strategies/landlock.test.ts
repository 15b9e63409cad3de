import { describe, expect, test } from "bun:test";
import type { Standings } from "../../src/model/capability.ts";
import type { Job } from "../../src/model/job.ts";
import { plainLayout } from "../../src/model/layout.ts";
import landlock from "../../src/strategies/landlock.ts";
import { jobOf } from "../fixtures/jobs/jobs.ts";
import { allStandings, except, rootEverything, userEverything } from "../fixtures/matrices/standings.ts";
import { printChanges, printDecisions } from "../support/print-decisions.ts";

const plain = landlock.guarantees(jobOf(), userEverything);

/** What another job, or another host, changes. */
function changes(parts: Partial<Job>, standings: Standings = userEverything): string {
  return printChanges(plain, landlock.guarantees(jobOf(parts), standings));
}

function withVersion(value: number): Standings {
  return { ...userEverything, "landlock.file-system": { state: "works", value } };
}

describe("guarantees", () => {
  test("of a user, where everything works", () => {
    expect(printDecisions(plain)).toMatchInlineSnapshot(`
      "
      fs.read: Landlock: what was not granted cannot be opened [landlock.file-system seccomp.filter]
      fs.write: Landlock: what was not granted cannot be changed; mode, owner and times by cupel, where the job may write [landlock.file-system seccomp.filter]
      fs.metadata NOT: Landlock hides no name: whatever the caller can see to exist, the job can
      fs.protected: Landlock: nothing of the workspace can be changed [landlock.file-system seccomp.filter]
      fs.workspace: Landlock: nothing of the workspace can be changed [landlock.file-system seccomp.filter]
      net.none: the seccomp filter lets no socket be made but connected pairs (/proc/net still tells of the host's interfaces) [seccomp.filter]
      net.allowlist NOT: there is no network of the job's own that a proxy could be the one way out of
      net.loopback NOT: there is no network of the job's own
      ipc.sockets: the seccomp filter lets no socket be made but connected pairs (/proc/net still tells of the host's interfaces) [seccomp.filter]
      ipc.shared: System V objects and message queues filtered, /dev/shm not granted, a session keyring of its own [seccomp.filter landlock.file-system]
      proc.hidden NOT: the job sees the host's /proc: which processes there are, and their arguments
      proc.signal: Landlock: no signal leaves the job's domain, and nothing outside of it can be traced; limits of others filtered [landlock.scopes seccomp.filter]
      proc.tree: a Landlock domain that no signal leaves: all in it are ended at once, whoever is gone by then [landlock.scopes]
      priv.escalation: no capability in any set that could be gained, no_new_privs, nothing to open or to connect to [privilege.no-new-privs landlock.file-system seccomp.filter]
      priv.devices: Landlock: six harmless devices can be opened, and no other [landlock.file-system]
      kernel.syscalls: cupel's default seccomp profile [seccomp.filter privilege.no-new-privs]
      kernel.boundary NOT: the job runs on the host's kernel
      limit.time: the launcher's deadline ends the Landlock domain, all of it at once [landlock.scopes]
      limit.cpu: a control group of the job's own (cpu) [cgroup.cpu]
      limit.memory: a control group of the job's own (memory) [cgroup.memory]
      limit.pids: a control group of the job's own (pids) [cgroup.pids]
      limit.disk NOT: what the job writes goes to the host's disk, where nothing caps it
      limit.output: output that has a cap goes through relays that count it together [landlock.file-system]
      env.clean: the environment is built from nothing
      secret.private NOT: the job sees the arguments of other processes
      tty.safe: a session without the caller's terminal, which cannot be opened by its path either; TIOCSTI filtered [landlock.file-system seccomp.filter]
      "
    `);
  });

  test("called by root lack what of /proc is root's", () => {
    expect(changes({}, rootEverything)).toMatchInlineSnapshot(`
      "
      fs.read NOT: called by root, the job reads what of /proc is root's alone (timer_list, slabinfo)
      "
    `);
  });

  test("called by a root that has no other ids to give lack the same", () => {
    const bound = except(rootEverything, "blocked", "privilege.drop-identity");
    expect(changes({}, bound)).toBe(changes({}, rootEverything));
  });

  test("of a kernel before Landlock had scopes lack all that needs an end of everything", () => {
    expect(changes({}, except(userEverything, "absent", "landlock.scopes"))).toMatchInlineSnapshot(`
      "
      proc.signal NOT: Landlock: no signal leaves the job's domain, and nothing outside of it can be traced; limits of others filtered: needs landlock.scopes [landlock.scopes]
      proc.tree NOT: a Landlock domain that no signal leaves: all in it are ended at once, whoever is gone by then: needs landlock.scopes [landlock.scopes]
      limit.time NOT: the launcher's deadline ends the Landlock domain, all of it at once: needs landlock.scopes [landlock.scopes]
      "
    `);
  });

  test("of a kernel that lets anybody truncate lack what stands on files that stay as they are", () => {
    expect(changes({}, withVersion(2))).toMatchInlineSnapshot(`
      "
      fs.write NOT: Landlock ABI 2 denies nobody to truncate a file; ABI 3 does (Linux 6.2)
      fs.protected NOT: Landlock ABI 2 denies nobody to truncate a file; ABI 3 does (Linux 6.2)
      fs.workspace NOT: Landlock ABI 2 denies nobody to truncate a file; ABI 3 does (Linux 6.2)
      "
    `);
    expect(changes({}, withVersion(3))).toBe(changes({}));
  });

  test("on the host's network lack what a socket leads to", () => {
    expect(changes({ network: "host" })).toMatchInlineSnapshot(`
      "
      fs.read NOT: whoever listens at a socket of the host's does for the job what it may not (--network host)
      fs.write NOT: whoever listens at a socket of the host's does for the job what it may not (--network host)
      fs.protected NOT: whoever listens at a socket of the host's does for the job what it may not (--network host)
      fs.workspace NOT: whoever listens at a socket of the host's does for the job what it may not (--network host)
      net.none NOT: the job has the host's network
      ipc.sockets NOT: Landlock denies nobody to connect to a socket by its path (before ABI 9)
      ipc.shared NOT: whoever listens at a socket of the host's does for the job what it may not (--network host)
      proc.signal NOT: whoever listens at a socket of the host's does for the job what it may not (--network host)
      proc.tree NOT: whoever listens at a socket of the host's does for the job what it may not (--network host)
      priv.escalation NOT: no_new_privs holds, but whoever listens at a socket of the host's is in reach
      priv.devices NOT: whoever listens at a socket of the host's does for the job what it may not (--network host)
      limit.time NOT: whoever listens at a socket of the host's does for the job what it may not (--network host)
      tty.safe NOT: whoever listens at a socket of the host's does for the job what it may not (--network host)
      "
    `);
  });

  test("are none of a list, and the same without sockets", () => {
    expect(changes({ network: "no-sockets" })).toBe(changes({}));
    expect(changes({ network: "allow", allowedHosts: ["a.example"] })).toBe(changes({ network: "host" }));
  });

  test("are fewer where the workspace is written, and a layer is refused where it was asked for", () => {
    const path = "/home/ada/project";
    expect(changes({ workspace: { mode: "rw", path } })).toMatchInlineSnapshot(`
      "
      fs.protected NOT: Landlock denies nothing within what may be written (--workspace rw, --write)
      fs.workspace NOT: the workspace, or part of it, is written through (--workspace rw, --write)
      "
    `);
    const cow = { mode: "cow", path, manner: "overlay", ignore: [], apply: "never" } as const;
    expect(changes({ workspace: { ...cow, isStated: true } })).toMatchInlineSnapshot(`
      "
      fs.workspace NOT: a layer over the workspace, or a copy in its place, takes a mount (--workspace cow)
      "
    `);
    expect(changes({ workspace: { ...cow, isStated: false } })).toBe(changes({}));
  });

  test("under the compat profile stand on the scopes, too", () => {
    expect(changes({ seccomp: "compat" })).toMatchInlineSnapshot(`
      "
      kernel.syscalls: cupel's compat seccomp profile: dangerous calls are denied, but not those that Landlock bounds [seccomp.filter privilege.no-new-privs landlock.scopes]
      "
    `);
    const without = except(userEverything, "absent", "landlock.scopes");
    const decisions = landlock.guarantees(jobOf({ seccomp: "compat" }), without);
    expect(decisions.find(({ id }) => id === "kernel.syscalls")?.kept).toBeFalse();
  });

  test.each([
    ["--root", { root: { source: "/r", entries: [] } }],
    ["--deny", { denied: ["/home/ada/project/secret"] }],
    ["--tmpfs", { directories: [{ path: "/x" }] }],
    ["--file", { files: [{ path: "/x", content: "" }] }],
  ] as const)("refuse what takes a mount: %s", (flag, wish) => {
    const decision = landlock
      .guarantees(jobOf({ layout: { ...plainLayout, ...wish } }), userEverything)
      .find(({ id }) => id === "fs.read");
    expect(decision).toEqual({
      id: "fs.read",
      kept: false,
      reason: expect.stringContaining(`(${flag}) takes a mount`) as never,
    });
  });

  test.each([
    ["/dev/pts", "ipc.shared", true],
    ["/dev/pts", "priv.devices", false],
    ["/dev/pts", "tty.safe", false],
    ["/dev/shm", "ipc.shared", false],
    ["/proc/1", "proc.signal", false],
    ["/", "proc.signal", false],
    ["/srv", "priv.devices", true],
  ] as const)("with %s granted: %s, %p", (path, id, kept) => {
    const decisions = landlock.guarantees(jobOf({ grants: [{ path, access: "write" }] }), userEverything);
    expect(decisions.find((one) => one.id === id)?.kept).toBe(kept);
  });

  test("refuse a grant that holds what no job may see", () => {
    const parts = { grants: [{ path: "/srv", access: "read" }], hidden: ["/srv/state"] } as const;
    expect(changes(parts)).toMatchInlineSnapshot(`
      "
      fs.read NOT: cupel's own /srv/state lies within what is granted, and Landlock denies nothing there
      priv.escalation NOT: cupel's own /srv/state lies within what is granted, and Landlock denies nothing there
      "
    `);
  });
});

test("it requires no namespace, whatever the host", () => {
  for (const standings of Object.values(allStandings))
    expect([...landlock.requires(standings)]).toEqual([
      "landlock.file-system",
      "privilege.no-new-privs",
      "seccomp.filter",
    ]);
});

describe("plan", () => {
  test("of a user, where everything works", () => {
    const { confinement, ...rest } = landlock.plan(jobOf(), userEverything);
    expect(rest).toMatchInlineSnapshot(`
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
          "GIT_CONFIG_NOSYSTEM": "1",
          "LANG": "C.UTF-8",
          "LOGNAME": "job",
          "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
          "SHELL": "/bin/sh",
          "USER": "job",
        },
        "graceMs": 2000,
        "idleMs": undefined,
        "kind": "launcher",
        "landlockNetwork": "denied",
        "landlockScopes": [
          "abstract-unix-socket",
          "signal",
        ],
        "landlockVersion": 7,
        "loopbackUp": false,
        "namespaces": [],
        "output": undefined,
        "outside": "caller",
        "resourceLimits": {
          "core": 0,
          "cpuSeconds": undefined,
          "fileBytes": undefined,
          "openFiles": undefined,
        },
        "root": [],
        "seccomp": "default",
        "setup": undefined,
        "sockets": "pairs-only",
        "terminal": "none",
        "timeoutMs": undefined,
        "umask": 18,
      }
    `);
    expect(confinement?.scratch).toEqual({ variables: { HOME: "home", TMPDIR: "tmp" }, directory: undefined });
  });

  test("has the host's network where that is wished, and scopes and TCP where the kernel has them", () => {
    const networkOf = (parts: Partial<Job>, standings: Standings): unknown => {
      const { sockets, landlockNetwork, landlockScopes, landlockVersion } = landlock.plan(jobOf(parts), standings);
      return [sockets, landlockNetwork, landlockScopes.length, landlockVersion];
    };
    const old = except(withVersion(3), "absent", "landlock.scopes", "landlock.network");
    expect(networkOf({}, userEverything)).toEqual(["pairs-only", "denied", 2, 7]);
    expect(networkOf({ network: "host" }, userEverything)).toEqual(["by-profile", undefined, 2, 7]);
    expect(networkOf({}, old)).toEqual(["pairs-only", undefined, 0, 3]);
  });

  test("starts in a directory of its own where there is no workspace, and keeps a home that the caller set", () => {
    const { confinement, directory, environment } = landlock.plan(
      jobOf({ workspace: { mode: "empty", why: "" }, environment: { HOME: "/mine" } }),
      userEverything,
    );
    expect([confinement?.scratch.directory, directory, environment["HOME"]]).toEqual(["workspace", "/", "/mine"]);
    expect(landlock.plan(jobOf(), userEverything).environment["HOME"]).toBeUndefined();
  });

  test("gives secrets behind descriptors", () => {
    const secrets = [{ name: "A", delivery: "file" }] as const;
    const { descriptors, environment } = landlock.plan(jobOf({ secrets }), userEverything);
    expect([descriptors, environment["CUPEL_SECRET_A_FD"]]).toEqual([[{ number: 3, content: "A" }], "3"]);
  });
});
