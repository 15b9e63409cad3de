import { describe, expect, test } from "bun:test";
import type { Job } from "../../../src/model/job.ts";
import type { LauncherPlan } from "../../../src/model/plan.ts";
import type { RootStep } from "../../../src/model/root-step.ts";
import type { HostView } from "../../../src/run/denials/host-view.ts";
import { judgeDenials } from "../../../src/run/denials/judge-denials.ts";
import type { Failure } from "../../../src/run/denials/trace-reader.ts";
import { jobOf } from "../../fixtures/jobs/jobs.ts";
import { barePlan } from "../../fixtures/jobs/plans.ts";

const own = { mode: 0o755, sizeBytes: 1, owned: true, writable: true };
const root: readonly RootStep[] = [
  { step: "mirror", path: "/usr" },
  { step: "bind", source: "/data", destination: "/data", writable: false, mapOwner: "no", optional: false },
  { step: "mask", destination: "/data/hidden" },
  { step: "tmpfs", destination: "/tmp", ...own },
  { step: "devices", destination: "/dev", shmBytes: 1 },
  { step: "proc", destination: "/proc" },
];

const directories = ["/", "/opt", "/opt/tool", "/usr", "/data", "/home/ada", "/tmp"];
const others = ["/opt/tool/a", "/data/file", "/dev/kvm", "/home/ada/bin/x", "/tmp/a", "/sys/x", "/state/report"];
const files: Readonly<Record<string, ReturnType<HostView["kindOf"]>>> = {
  ...Object.fromEntries(directories.map((path) => [path, "directory" as const])),
  ...Object.fromEntries([...others, "/proc/sys/x", "/locked"].map((path) => [path, "other" as const])),
  "/run/engine": "socket",
};

const host: HostView = {
  kindOf: (path) => files[path],
  mayAccess: (path) => path !== "/locked",
  isListening: (port) => port === 8080,
  homes: ["/home/ada"],
  programs: ["/home/ada/bin"],
  own: ["/state"],
};

interface Case {
  readonly call?: string;
  readonly path?: string;
  readonly writes?: boolean;
  readonly errno?: string;
  readonly job?: Partial<Job>;
  readonly launch?: Partial<LauncherPlan>;
  readonly aim?: Failure["aim"];
}

function judge({ call = "openat", path = "", writes = false, errno = "ENOENT", job, launch, aim }: Case): unknown {
  const failure = { call, errno, count: 1, aim: aim ?? ({ kind: "path", path, writes } as const) };
  const denials = judgeDenials(
    [failure],
    { job: jobOf(job), root: launch?.root ?? root, host },
    barePlan(["true"], { seccomp: "default", root, ...launch }),
  );
  return denials.map(({ grant, note }) => grant ?? note)[0];
}

describe("a path", () => {
  test.each<[string, Case, unknown]>([
    ["absent from the host as well", { path: "/opt/none" }, undefined],
    ["absent where the host's own is shown", { path: "/usr/none" }, undefined],
    ["that the caller may not read either", { path: "/locked" }, undefined],
    ["that is not granted", { path: "/opt/tool/a" }, ["--read", "/opt/tool/a"]],
    ["of the caller's PATH", { path: "/home/ada/bin/x" }, ["--tools"]],
    ["that is a whole home", { path: "/home/ada" }, "that is too much to grant; grant what is needed below it"],
    ["of cupel's state", { path: "/state/report" }, "cupel keeps its own there, so no flag grants it"],
    ["of the host's where the job has a /tmp of its own", { path: "/tmp/a" }, ["--read", "/tmp/a"]],
    ["missing in the job's own /tmp", { path: "/tmp/b", writes: true }, undefined],
    ["to be made beside others", { path: "/opt/tool/new", writes: true }, ["--write", "/opt/tool"]],
    [
      "to be made in the root",
      { path: "/new", writes: true, errno: "EROFS" },
      "a job can make files in its workspace, /tmp and its home",
    ],
    ["granted for reading", { path: "/data/file", writes: true, errno: "EROFS" }, ["--write", "/data/file"]],
    ["new in what is granted for reading", { path: "/data/new", writes: true, errno: "EROFS" }, ["--write", "/data"]],
    ["of the host's programs", { path: "/usr/x", writes: true, errno: "EROFS" }, expect.stringContaining("no flag")],
    ["that is masked", { path: "/data/hidden", errno: "EACCES" }, "cupel hides it from every job"],
    ["that is a device", { path: "/dev/kvm" }, "no flag grants a device"],
    ["of /sys", { path: "/sys/x" }, "of /sys no job sees anything"],
    [
      "of the kernel's settings",
      { path: "/proc/sys/x", writes: true, errno: "EACCES" },
      expect.stringContaining("kernel's own"),
    ],
    ["of no process", { path: "/proc/77" }, undefined],
    ["where /tmp is full", { call: "write", path: "/tmp/a", writes: true, errno: "ENOSPC" }, ["--tmp-size", "SIZE"]],
    ["where the host's disk is full", { call: "write", path: "/data/a", writes: true, errno: "ENOSPC" }, undefined],
    ["that is there already", { path: "/opt", errno: "EEXIST" }, undefined],
    ["in the host's own view", { path: "/opt/tool/a", launch: { root: [] } }, undefined],
    ["for names", { path: "/etc/resolv.conf" }, ["--allow-host", "NAME"]],
    [
      "for names, with a proxy",
      { path: "/etc/resolv.conf", job: { network: "allow" } },
      expect.stringContaining("proxy"),
    ],
  ])("%s", (_name, given, expected) => expect(judge(given)).toEqual(expected as never));
});

describe("a call", () => {
  const aim = { kind: "call" } as const;
  test.each<[string, Case, unknown]>([
    ["that no profile allows", { call: "unshare", errno: "EPERM" }, "no flag grants it"],
    ["that compat allows", { call: "ptrace", errno: "EPERM" }, ["--seccomp", "compat"]],
    [
      "that compat allows and still failed",
      { call: "ptrace", errno: "EPERM", launch: { seccomp: "compat" } },
      undefined,
    ],
    ["that another errno tells of", { call: "ptrace", errno: "ESRCH" }, undefined],
    ["that C libraries fall back from", { call: "clone3", errno: "ENOSYS" }, undefined],
    ["without a filter", { call: "unshare", errno: "EPERM", launch: { seccomp: "none" } }, undefined],
    ["that takes a privilege", { call: "fchownat", errno: "EINVAL" }, "it takes a privilege that no job has"],
    ["for one process too many", { call: "clone", errno: "EAGAIN" }, ["--pids", "N"]],
    ["for one file too many", { call: "openat", errno: "EMFILE" }, undefined],
    [
      "for one file over a stated cap",
      { call: "dup", errno: "EMFILE", job: { limits: { graceMs: 1, perProcess: { openFiles: 9 } } } },
      ["--open-files", "N"],
    ],
  ])("%s", (_name, given, expected) => expect(judge({ aim, ...given })).toEqual(expected as never));

  test.each([
    ["AF_INET", "default", "no-sockets", ["--network", "none"]],
    ["AF_INET", "strict", "none", ["--seccomp", "default"]],
    ["AF_PACKET", "default", "none", "no flag grants it"],
  ] as const)("a socket of %s under %s", (about, seccomp, network, expected) => {
    const sockets = network === "no-sockets" ? "pairs-only" : "by-profile";
    const given: Case = { call: "socket", errno: "EAFNOSUPPORT", aim: { kind: "call", about } };
    expect(judge({ ...given, job: { network }, launch: { seccomp, sockets } })).toEqual(expected as never);
  });
});

describe("a destination", () => {
  const to = (address: string, port: number): Failure["aim"] => ({ kind: "destination", address, port });
  const call = "connect";
  test.each<[string, Case, unknown]>([
    ["elsewhere", { aim: to("192.0.2.1", 80), errno: "ENETUNREACH" }, ["--allow-host", "192.0.2.1:80"]],
    [
      "with the host's network",
      { aim: to("192.0.2.1", 80), errno: "ENETUNREACH", job: { network: "host" } },
      undefined,
    ],
    [
      "at a port that no rule has, where programs need to know of no proxy",
      { aim: to("192.0.2.1", 81), errno: "ECONNREFUSED", job: { network: "allow", directPorts: [53, 80] } },
      ["--allow-host", "192.0.2.1:81"],
    ],
    [
      "there, without waiting",
      { aim: to("192.0.2.1", 81), errno: "EINPROGRESS", job: { network: "allow", directPorts: [53, 80] } },
      ["--allow-host", "192.0.2.1:81"],
    ],
    [
      "at a port that is taken to the proxy, which knows what it denied",
      { aim: to("192.0.2.1", 80), errno: "EINPROGRESS", job: { network: "allow", directPorts: [53, 80] } },
      undefined,
    ],
    [
      "by a name that is listed with other ports",
      { aim: to("198.18.0.1", 81), errno: "ECONNREFUSED", job: { network: "allow", directPorts: [53, 80] } },
      ["--allow-host", "NAME:81"],
    ],
    [
      "on the job's own loopback, where programs need to know of no proxy",
      { aim: to("127.0.0.1", 8080), errno: "ECONNREFUSED", job: { network: "allow", directPorts: [53, 80] } },
      undefined,
    ],
    ["that refused", { aim: to("192.0.2.1", 80), errno: "ECONNREFUSED" }, undefined],
    [
      "on the host's loopback",
      { aim: to("127.0.0.1", 8080), errno: "ECONNREFUSED" },
      ["--allow-host", "127.0.0.1:8080", "--env", "no_proxy=", "--env", "NO_PROXY="],
    ],
    [
      "on the host's loopback, without waiting",
      { aim: to("::1", 8080), errno: "EINPROGRESS" },
      ["--allow-host", "[::1]:8080", "--env", "no_proxy=", "--env", "NO_PROXY="],
    ],
    ["elsewhere, without waiting", { aim: to("192.0.2.1", 8080), errno: "EINPROGRESS" }, undefined],
    ["on no loopback", { aim: to("127.0.0.1", 1), errno: "ECONNREFUSED" }, undefined],
    ["that is a socket of the host's", { aim: { kind: "socket", path: "/run/engine" } }, ["--write", "/run/engine"]],
    ["that is no socket", { aim: { kind: "socket", path: "/run/none" } }, undefined],
  ])("%s", (_name, given, expected) => expect(judge({ call, ...given })).toEqual(expected as never));
});
