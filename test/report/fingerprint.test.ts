import { describe, expect, test } from "bun:test";
import { createRealHost } from "../../src/host/real-host.ts";
import { build } from "../../src/model/build.gen.ts";
import {
  differingParts,
  parseStableControlGroup,
  readFingerprintParts,
  type FingerprintParts,
} from "../../src/report/fingerprint.ts";
import { evaluate } from "../support/evaluate.ts";
import { createFixtureHost, type FixtureHostParts } from "../support/fixture-host.ts";

const files = {
  "/proc/self/status": [
    "Name:\tcupel",
    "Pid:\t4711",
    "VmPeak:\t 1000 kB",
    "CapInh:\t0000000000000000",
    "CapPrm:\t0000000000000001",
    "CapEff:\t0000000000000002",
    "CapBnd:\t000001ffffffffff",
    "CapAmb:\t0000000000000000",
    "NoNewPrivs:\t0",
    "Seccomp:\t2",
    "Seccomp_filters:\t1",
    "voluntary_ctxt_switches:\t99",
  ].join("\n"),
  "/proc/self/limits": [
    "Limit                     Soft Limit           Hard Limit           Units     ",
    "Max open files            1024                 4096                 files     ",
    "Max processes             96365                96365                processes ",
    "Max locked memory         8388608              8388608              bytes     ",
    "Max address space         unlimited            unlimited            bytes     ",
  ].join("\n"),
  "/proc/self/cgroup": "0::/user.slice/user-1000.slice/session-3.scope\n",
  "/proc/self/uid_map": "         0          0 4294967295\n",
  "/proc/self/attr/current": "unconfined\n",
  "/proc/sys/kernel/random/boot_id": "boot-1\n",
  "/proc/sys/kernel/osrelease": "6.18.0\n",
  "/proc/sys/kernel/version": "#1 SMP\n",
  "/proc/sys/user/max_user_namespaces": "96365\n",
  "/proc/self/ns/user": { link: "user:[1]" },
  "/proc/self/ns/mnt": { link: "mnt:[2]" },
  "/usr/bin/bwrap": { status: { sizeBytes: 72_080, modifiedMs: 123 } },
} as const;

const base: FixtureHostParts = { files, programs: { "/usr/bin/bwrap": "" } };

function parts(change: FixtureHostParts = {}): FingerprintParts {
  return readFingerprintParts(createFixtureHost({ ...base, ...change }));
}

function withFile(path: string, file: NonNullable<FixtureHostParts["files"]>[string]): FingerprintParts {
  return parts({ files: { ...files, [path]: file } });
}

describe("readFingerprintParts", () => {
  test("reads what decides, whole", () =>
    expect(parts()).toEqual({
      build: build.id,
      boot: "boot-1",
      kernel: "6.18.0 #1 SMP",
      user: "1000:1000:1000",
      uidMap: "0          0 4294967295",
      privileges:
        "CapInh=0000000000000000 CapPrm=0000000000000001 CapEff=0000000000000002 CapBnd=000001ffffffffff CapAmb=0000000000000000 NoNewPrivs=0 Seccomp=2 Seccomp_filters=1",
      lsmLabel: "unconfined",
      namespaces: "ENOENT ENOENT mnt:[2] ENOENT ENOENT ENOENT user:[1] ENOENT".replaceAll("ENOENT", "EINVAL"),
      controlGroup: "0::/user.slice/user-1000.slice/*.scope",
      sysctls:
        "kernel/unprivileged_userns_clone=ENOENT kernel/apparmor_restrict_unprivileged_userns=ENOENT kernel/apparmor_restrict_unprivileged_unconfined=ENOENT user/max_user_namespaces=96365 user/max_mnt_namespaces=ENOENT user/max_pid_namespaces=ENOENT user/max_net_namespaces=ENOENT user/max_ipc_namespaces=ENOENT user/max_uts_namespaces=ENOENT",
      resourceLimits:
        "Max processes             96365                96365                processes ; Max locked memory         8388608              8388608              bytes     ; Max address space         unlimited            unlimited            bytes",
      engine: expect.stringMatching(/^[0-9a-f]{8}$/) as never,
      programs: "bwrap=/usr/bin/bwrap 72080 123 crun= docker= newuidmap= podman= runc= runsc= systemd-run=",
    }));

  test.each([
    ["another boot", "boot", "/proc/sys/kernel/random/boot_id", "boot-2\n"],
    ["another kernel", "kernel", "/proc/sys/kernel/osrelease", "6.19.0\n"],
    ["another id map", "uidMap", "/proc/self/uid_map", "0 100000 65536\n"],
    ["another label", "lsmLabel", "/proc/self/attr/current", "docker-default (enforce)\n"],
    ["another user namespace", "namespaces", "/proc/self/ns/user", { link: "user:[9]" }],
    ["another control group", "controlGroup", "/proc/self/cgroup", "0::/system.slice/ci.service\n"],
    ["a sysctl that changed", "sysctls", "/proc/sys/user/max_user_namespaces", "0\n"],
    ["a sysctl that came to be", "sysctls", "/proc/sys/kernel/unprivileged_userns_clone", "0\n"],
    ["a limit that changed", "resourceLimits", "/proc/self/limits", "Max processes   10   10   processes\n"],
    [
      "no new privileges",
      "privileges",
      "/proc/self/status",
      files["/proc/self/status"].replace("Privs:\t0", "Privs:\t1"),
    ],
    ["a filter", "privileges", "/proc/self/status", files["/proc/self/status"].replace("filters:\t1", "filters:\t2")],
    ["a capability", "privileges", "/proc/self/status", files["/proc/self/status"].replace("002", "003")],
    ["another program", "programs", "/usr/bin/bwrap", { status: { sizeBytes: 72_080, modifiedMs: 124 } }],
  ] as const)("differs for %s, and in nothing else", (_, part, path, file) =>
    expect(differingParts(parts(), withFile(path, file))).toEqual([part]),
  );

  test("differs for another engine, of which it holds nothing", () => {
    const of = (DOCKER_HOST: string): FingerprintParts => parts({ environment: { DOCKER_HOST } });
    expect(differingParts(parts(), of("unix:///run/other"))).toEqual(["engine"]);
    expect(differingParts(of("unix:///run/one"), of("unix:///run/other"))).toEqual(["engine"]);
    expect(differingParts(parts({ environment: { LANG: "C" } }), parts())).toEqual([]);
    expect(JSON.stringify(of("unix:///run/other"))).not.toContain("other");
  });

  test("differs for another user, and for a program that came to be", () => {
    expect(differingParts(parts(), parts({ uid: 1001 }))).toEqual(["user"]);
    expect(differingParts(parts(), parts({ programs: {} }))).toEqual(["programs"]);
  });

  test.each([
    ["another login", "/proc/self/cgroup", "0::/user.slice/user-1000.slice/session-44.scope\n"],
    ["another process", "/proc/self/status", files["/proc/self/status"].replace("4711", "4712").replace("99", "7")],
    ["a limit that the runtime raises itself", "/proc/self/limits", files["/proc/self/limits"].replace("1024", "4096")],
    ["a file that has nothing to do with it", "/proc/uptime", "1 1\n"],
  ])("does not differ for %s", (_, path, file) => expect(differingParts(parts(), withFile(path, file))).toEqual([]));

  test("does not differ for a cupel that has meanwhile left the group that it was started in", () => {
    let group = "0::/user.slice/user-1000.slice/session-3.scope\n";
    const host = createFixtureHost(base);
    const moving: typeof host = {
      ...host,
      readText: (path) => (path === "/proc/self/cgroup" ? { ok: true, value: group } : host.readText(path)),
    };
    const before = readFingerprintParts(moving);
    group = "0::/user.slice/user-1000.slice/user@1000.service/app.slice/cupel-42.scope\n";
    expect([before, readFingerprintParts(moving)]).toEqual([parts(), parts()]);
  });

  test("is the same in every process of one context, on this machine", async () => {
    const read = `(await import(src + "/report/fingerprint.ts")).readFingerprintParts((await import(src + "/host/real-host.ts")).createRealHost())`;
    const path = process.env["PATH"] ?? "";
    expect(await evaluate(read, { env: { PATH: path } })).toEqual({ ...readFingerprintParts(createRealHost()) });
  });

  test("holds nothing of the environment", async () => {
    const read = `(await import(src + "/report/fingerprint.ts")).readFingerprintParts((await import(src + "/host/real-host.ts")).createRealHost())`;
    expect(JSON.stringify(await evaluate(read, { env: { TOKEN: "hunter2" } }))).not.toContain("hunter2");
  });
});

describe("parseStableControlGroup", () => {
  test.each([
    ["0::/user.slice/session-3.scope\n", "0::/user.slice/*.scope\n"],
    ["1:name=systemd:/a/session-c2.scope\n0::/b.scope/c\n", "1:name=systemd:/a/*.scope\n0::/*.scope/c\n"],
    ["0::/system.slice/docker.service\n", "0::/system.slice/docker.service\n"],
    ["0::/my.scoped/x\n", "0::/my.scoped/x\n"],
    ["0::/\n", "0::/\n"],
  ])("of %p", (text, stable) => expect(parseStableControlGroup(text)).toBe(stable));
});

describe("differingParts", () => {
  test("names what only one of them has", () => {
    expect(differingParts({ a: "1", b: "2" }, { b: "3", c: "4" })).toEqual(["a", "b", "c"]);
    expect(differingParts({ a: "1" }, { a: "1" })).toEqual([]);
  });
});
