import { describe, expect, test } from "bun:test";
import tunnel from "../../src/probes/tunnel.ts";
import { fixtures } from "../fixtures/hosts/all.ts";
import { devicesAsRoot } from "../fixtures/hosts/device-transcripts.ts";
import { printFindings } from "../support/print-findings.ts";
import { alteredContext, type Changes } from "../support/with-devices.ts";

async function find(changes: Changes) {
  return (await tunnel.run(alteredContext(fixtures.gpuServer, changes)))["device.tun"];
}

test("is made", async () => {
  const context = alteredContext(fixtures.gpuServer, { transcripts: devicesAsRoot });
  expect(printFindings(await tunnel.run(context))).toMatchInlineSnapshot(`
    "
    device.tun: works (exercised)
      a tunnel was made in a namespace of its own (tun0)
      | open /dev/net/tun -> ok
      | a network namespace of its own -> ok
      | TUNSETIFF inside -> ok
    "
  `);
});

const node = (mode: number, gid = 0) => ({ status: { kind: "character-device", mode, uid: 0, gid } as const });
const noTunnel = { "/proc/misc": "232 kvm\n" };
const nowhere = { "/dev/net/tun": { errno: "ENOENT" } };

describe("is refused, and says by what", () => {
  test.each<[string, string, Changes, object]>([
    [
      "its mode",
      "EACCES",
      { files: { "/dev/net/tun": node(0o600) } },
      {
        state: "blocked",
        summary: "/dev/net/tun: mode 0600, owner 0, group 0; this user may not open it (EACCES)",
        blockers: [{ code: "device-mode" }],
        ruledOut: [],
      },
    ],
    [
      "a mount without devices",
      "EACCES",
      { files: { "/proc/self/mountinfo": "1 0 0:1 / / rw - ext4 x rw\n2 1 0:2 / /dev/net rw,nodev - tmpfs x rw\n" } },
      {
        state: "blocked",
        summary: "/dev/net/tun lies on /dev/net, which is mounted nodev (EACCES)",
        blockers: [{ code: "nodev" }],
        ruledOut: ["device-mode"],
      },
    ],
    [
      "SELinux",
      "EACCES",
      { files: { "/sys/fs/selinux/enforce": "1", "/proc/self/attr/current": "u:r:container_t:s0" } },
      { blockers: [{ code: "lsm:selinux", detail: "/dev/net/tun: denied to u:r:container_t:s0 (EACCES)" }] },
    ],
    [
      "AppArmor",
      "EACCES",
      { files: { "/proc/self/attr/apparmor/current": "docker-default (enforce)\n" } },
      { blockers: [{ code: "lsm:apparmor" }], ruledOut: ["device-mode", "nodev"] },
    ],
    ["nobody knows what", "EACCES", { uid: 0 }, { state: "blocked", blockers: [{ code: "unknown" }] }],
    [
      "a control group",
      "EPERM",
      {},
      { state: "blocked", blockers: [{ code: "device-cgroup" }], ruledOut: ["device-mode"] },
    ],
    ["nothing behind it", "ENXIO", {}, { state: "absent", blockers: [{ code: "device-missing" }] }],
    [
      "something else",
      "EBUSY",
      {},
      { state: "broken", summary: "/dev/net/tun: EBUSY", blockers: [{ code: "unknown" }] },
    ],
    [
      "what it stands on",
      "ENOENT",
      {},
      { state: "absent", summary: "/dev/net/tun is there, but what it stands on is not (ENOENT)" },
    ],
    [
      "a container that was not given it",
      "ENOENT",
      { files: nowhere },
      { state: "absent", summary: "the kernel has tunnels, but /dev/net/tun is not in this /dev" },
    ],
    [
      "a module that is not loaded",
      "ENOENT",
      { files: { ...nowhere, ...noTunnel } },
      {
        state: "absent",
        blockers: [{ code: "module-missing", detail: "no /dev/net/tun: the module tun is not loaded" }],
      },
    ],
    [
      "a kernel without it",
      "ENOENT",
      { files: { ...nowhere, ...noTunnel, "/proc/modules": { errno: "ENOENT" } } },
      { state: "absent", blockers: [{ code: "kernel-config" }] },
    ],
    [
      "modules that are not loaded any more",
      "ENOENT",
      { files: { ...nowhere, ...noTunnel, "/proc/sys/kernel/modules_disabled": "1\n" } },
      { state: "absent", blockers: [{ code: "kernel-config" }] },
    ],
    [
      "a /proc that does not tell",
      "ENOENT",
      { files: { ...nowhere, "/proc/misc": { errno: "EACCES" } } },
      { blockers: [{ code: "device-missing" }] },
    ],
  ])("%s", async (_, errno, changes, expected) => {
    const finding = await find({ ...changes, transcripts: { "device tunnel": `open ${errno}` } });
    expect(finding).toMatchObject(expected);
  });
});

test("a name that would have the module loaded is not opened", async () => {
  const context = alteredContext(fixtures.gpuServer, { files: noTunnel });
  const found = await tunnel.run({
    ...context,
    helpers: {
      ...context.helpers,
      probe: () => {
        throw new Error("opened");
      },
    },
  });
  expect(found["device.tun"]).toMatchObject({
    state: "absent",
    level: "declared",
    blockers: [
      {
        code: "module-missing",
        detail: "/dev/net/tun is only a name so far: the module tun is not loaded, and a probe loads none",
      },
    ],
  });
});

test("a device of that name that is none is broken", async () => {
  const finding = await find({ transcripts: { "device tunnel": "open ok\nnamespaces ok\nask ENOTTY" } });
  expect(finding).toMatchObject({
    state: "broken",
    summary: "/dev/net/tun is not what it is called: TUNSETIFF inside: ENOTTY",
  });
});

test("a namespace that cannot be made is the cause where it is", async () => {
  const context = alteredContext(fixtures.oldKernel, {
    files: { "/dev/net/tun": node(0o666) },
    transcripts: { "device tunnel": "open ok\nnamespaces ENOSPC" },
  });
  expect((await tunnel.run(context))["device.tun"]).toMatchObject({
    state: "blocked",
    blockers: [{ code: "ns-limit" }],
  });
});
