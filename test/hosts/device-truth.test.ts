/** Devices and networks of this machine, as root and as somebody without an account: what is there, and fabricated causes. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Finding } from "../../src/model/capability.ts";
import { needs } from "../support/must-work.ts";
import {
  asIdentity,
  clearStage,
  identities,
  runRealProbes,
  setStage,
  type Stage,
  type TestIdentity,
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

/** Probes in namespaces of root's own, after a script that makes the host be otherwise. */
function runAfter(
  script: string,
  identity: TestIdentity,
  ids: readonly string[],
  namespaces: readonly string[] = ["--mount"],
): Readonly<Record<string, Finding>> {
  const probes = asIdentity(identity, [], [stage.bun, stage.script, stage.directory.at(identity), ...ids]);
  const command = ["unshare", ...namespaces, "sh", "-ec", `${script}\nexec "$@"`, "sh", ...probes];
  const child = Bun.spawnSync(command, { cwd: "/", env: { PATH: process.env["PATH"] ?? "" }, timeout: 30_000 });
  if (!child.success) throw new Error(`${script}: ${String(child.exitCode)}: ${child.stderr.toString()}`);
  return JSON.parse(child.stdout.toString()) as Readonly<Record<string, Finding>>;
}

function isRegistered(name: string): boolean {
  return new RegExp(`^\\s*\\d+ ${name}$`, "m").test(readFileSync("/proc/misc", "utf8"));
}

describe.each(identities)("as %s", (identity) => {
  test("the host's network is out of reach in a namespace", () => {
    const found = runRealProbes(stage, identity, [], ["network"]);
    expect(found["net.isolation"]).toMatchObject({ state: "works", level: "enforced", blockers: [] });
    expect(found["net.ipv6"]?.state).toBe("works");
    // What is a module elsewhere may not be loaded; anything else than that is a fault.
    for (const id of ["net.links", "net.nftables"]) {
      const { state, blockers } = found[id] ?? { state: "unknown", blockers: [] };
      expect([id, state, blockers.map(({ code }) => code)]).toEqual(
        state === "works" ? [id, "works", []] : [id, "absent", ["module-missing"]],
      );
    }
  });

  test("a filter that denies unshare denies networks, and nothing on the host's", () => {
    const found = runRealProbes(stage, identity, ["unshare-denied"], ["network", "tunnel"]);
    expect(codes(found["net.isolation"])).toEqual(["seccomp"]);
    expect(codes(found["net.links"])).toEqual(["seccomp"]);
    expect(found["net.unprivileged-ports"]?.evidence[0]?.action).toBe("bind port 80 on loopback, and close");
  });

  test("low ports are as the setting says", () => {
    const first = Number(readFileSync("/proc/sys/net/ipv4/ip_unprivileged_port_start", "utf8"));
    const found = runRealProbes(stage, identity, [], ["network"])["net.unprivileged-ports"];
    expect(found?.value).toBe(first);
    if (identity === "root" || first <= 80) expect(found?.state).toBe("works");
    else expect(codes(found)).toEqual(["sysctl"]);
  });

  test("basic devices and terminals are real", () => {
    const found = runRealProbes(stage, identity, [], ["devices"]);
    expect(found["device.basics"]).toMatchObject({ state: "works", level: "exercised" });
    expect(found["device.terminals"]).toMatchObject({ state: "works", level: "exercised" });
  });

  test("a device is opened by those whom its mode lets", () => {
    const found = runRealProbes(stage, identity, [], ["tunnel", "devices"]);
    for (const [id, path, name] of [
      ["device.tun", "/dev/net/tun", "tun"],
      ["device.loop", "/dev/loop-control", "loop-control"],
    ] as const) {
      if (!existsSync(path) || !isRegistered(name)) {
        expect([id, found[id]?.state]).toEqual([id, "absent"]);
        continue;
      }
      const isAllowed = identity === "root" || (statSync(path).mode & 0o006) === 0o006;
      expect([id, found[id]?.state, codes(found[id])]).toEqual(
        isAllowed ? [id, "works", []] : [id, "blocked", ["device-mode"]],
      );
    }
  });

  test("cards that are not there are absent, with what was looked for", () => {
    const found = runRealProbes(stage, identity, [], ["graphics", "nvidia", "confidential", "iommu"]);
    for (const [id, path] of [
      ["gpu.render", "/dev/dri"],
      ["gpu.amd", "/dev/kfd"],
      ["gpu.wsl", "/dev/dxg"],
      ["gpu.nvidia", "/dev/nvidiactl"],
      ["gpu.nvidia-uvm", "/dev/nvidia-uvm"],
    ] as const) {
      if (existsSync(path)) continue;
      expect([id, found[id]?.state, codes(found[id])]).toEqual([id, "absent", ["device-missing"]]);
      expect(found[id]?.evidence.some(({ action, result }) => action.includes(path) && result === "ENOENT")).toBe(true);
    }
    expect(found["vm.confidential"]?.level).toBe("declared");
    expect(found["vm.iommu"]?.level).toBe("declared");
  });

  const tryDevices = needs(isRoot, "only root mounts over devices");
  tryDevices("a device under another's name is broken", () => {
    const found = runAfter(
      "mount --bind /dev/zero /dev/null\nmount --bind /dev/full /dev/net/tun\nmount --bind /dev/full /dev/kvm",
      identity,
      ["devices", "tunnel", "kvm", "kvm-boot"],
    );
    expect(found["device.basics"]).toMatchObject({ state: "broken" });
    expect(found["device.basics"]?.summary).toContain("/dev/null is something else");
    expect(found["device.tun"]).toMatchObject({
      state: "broken",
      summary: "/dev/net/tun is not what it is called: TUNSETIFF inside: ENOTTY",
    });
    expect(found["kvm.open"]?.state).toBe("broken");
    expect(found["kvm.boot"]?.state).toBe("broken");
  });

  tryDevices("a /dev that a device was left out of", () => {
    const found = runAfter("mount -t tmpfs tmpfs /dev/net", identity, ["tunnel"]);
    expect(found["device.tun"]).toMatchObject({ state: "absent", blockers: [{ code: "device-missing" }] });
    expect(found["device.tun"]?.summary).toBe("the kernel has tunnels, but /dev/net/tun is not in this /dev");
  });

  tryDevices("a mount without devices", () => {
    const script = [
      "mount -t tmpfs tmpfs /dev/net",
      "mknod -m 666 /dev/net/tun c 10 200",
      "mount -o remount,nodev /dev/net",
    ].join("\n");
    const found = runAfter(script, identity, ["tunnel"]);
    expect(found["device.tun"]).toMatchObject({
      state: "blocked",
      summary: "/dev/net/tun lies on /dev/net, which is mounted nodev (EACCES)",
      blockers: [{ code: "nodev" }],
      ruledOut: ["device-mode"],
    });
  });
});

needs(isRoot, "only root mounts over /boot")("with --deep, a QEMU that boots nothing proves nothing", () => {
  const program = stage.directory.file("bin/qemu-system-x86_64", "#!/bin/sh\necho booting is not for me\n", 0o755);
  const script = [
    "mount -t tmpfs tmpfs /boot",
    "echo a kernel > /boot/vmlinuz-1",
    `export CUPEL_DEEP=1 PATH=${dirname(program)}:$PATH`,
  ].join("\n");
  const found = runAfter(script, "root", ["kvm", "kvm-boot"]);
  const { state = "unknown" } = found["kvm.create"] ?? {};
  const booted = {
    state: "broken",
    level: "exercised",
    summary: "QEMU ended before the first process: booting is not for me",
  } as const;
  expect(found["kvm.boot"]).toMatchObject(state === "works" ? booted : { state, level: "inferred" });
});

const groups = "/sys/fs/cgroup/devices";

needs(isRoot && existsSync(`${groups}/devices.deny`), "root and a control group of devices")(
  "a control group that denies devices, to root",
  () => {
    const group = `${groups}/cupel-test-${process.pid}`;
    mkdirSync(group);
    try {
      writeFileSync(`${group}/devices.deny`, "c 10:* rwm");
      const found = runAfter(`echo $$ > ${group}/cgroup.procs`, "root", ["tunnel", "kvm", "kvm-boot", "devices"]);
      for (const id of ["device.tun", "device.loop", "kvm.open", "kvm.boot"]) {
        expect([id, found[id]?.state, codes(found[id])]).toEqual([id, "blocked", ["device-cgroup"]]);
        expect(found[id]?.ruledOut).toEqual(["device-mode"]);
      }
      expect(found["device.basics"]?.state).toBe("works");
    } finally {
      rmdirSync(group);
    }
  },
);

needs(isRoot, "only root sets a network's settings")("a network that lets everybody ping and bind low ports", () => {
  const script = [
    "echo 0 > /proc/sys/net/ipv4/ip_unprivileged_port_start",
    "echo 0 2147483647 > /proc/sys/net/ipv4/ping_group_range",
    "ip link set lo up",
  ].join("\n");
  const found = runAfter(script, "user", ["network"], ["--net"]);
  expect(found["net.unprivileged-ports"]).toMatchObject({ state: "works", summary: "port 80 can be bound", value: 0 });
  expect(found["net.ping"]).toMatchObject({ state: "works", level: "exercised" });
});

needs(isRoot, "only root sets a network's settings")(
  "a network whose loopback is down proves nothing about isolation",
  () => {
    const found = runAfter("echo 0 2147483647 > /proc/sys/net/ipv4/ping_group_range", "user", ["network"], ["--net"]);
    expect(found["net.isolation"]?.state).toBe("unknown");
    expect(found["net.isolation"]?.summary).toContain("tcp-control: ENETUNREACH");
    expect(found["net.ping"]?.state).toBe("degraded");
  },
);
