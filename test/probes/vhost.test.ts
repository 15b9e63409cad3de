import { expect, test } from "bun:test";
import vhost from "../../src/probes/vhost.ts";
import { fixtures } from "../fixtures/hosts/all.ts";
import { devicesAsUser } from "../fixtures/hosts/device-transcripts.ts";
import { printFindings } from "../support/print-findings.ts";
import { alteredContext } from "../support/with-devices.ts";

test("a Firecracker guest is a guest, and has none", async () => {
  const files = { "/proc/net/protocols": "AF_VSOCK 1376\n", "/dev/vsock": { status: { mode: 0o600 } } };
  const context = alteredContext(fixtures.firecrackerUser, { files, transcripts: devicesAsUser });
  expect(printFindings(await vhost.run(context))).toMatchInlineSnapshot(`
    "
    vhost.net: absent (declared)
      no /dev/vhost-net: this kernel has no vhost-net and loads no modules
      | stat /dev/vhost-net -> ENOENT
      ! kernel-config: no /dev/vhost-net: this kernel has no vhost-net and loads no modules
    vhost.vsock: absent (declared)
      no /dev/vhost-vsock: this kernel has no vhost-vsock and loads no modules
      | stat /dev/vhost-vsock -> ENOENT
      ! kernel-config: no /dev/vhost-vsock: this kernel has no vhost-vsock and loads no modules
    vsock.socket: works (exercised)
      a socket was made; this machine: its address could not be asked
      | look for AF_VSOCK in /proc/net/protocols -> there
      | make a virtual socket -> ok
      | connect to itself, address 1 -> not tried: no vsock_loopback
      | open /dev/vsock -> EACCES
    "
  `);
});

test("a server has all of it", async () => {
  expect(printFindings(await vhost.run(alteredContext(fixtures.gpuServer, {})))).toMatchInlineSnapshot(`
    "
    vhost.net: works (exercised)
      opened, and owned by this process
      | open /dev/vhost-net -> ok
      | VHOST_SET_OWNER -> ok
    vhost.vsock: works (exercised)
      opened, and owned by this process
      | open /dev/vhost-vsock -> ok
      | VHOST_SET_OWNER -> ok
    vsock.socket: works (exercised)
      a socket was made; no hypervisor has given this machine an address; a connection to itself works
      | look for AF_VSOCK in /proc/net/protocols -> there
      | make a virtual socket -> ok
      | connect to itself, address 1 -> ok
      | open /dev/vsock -> ok
      | IOCTL_VM_SOCKETS_GET_LOCAL_CID -> ok, 4294967295
    "
  `);
});

test("no socket is made that would have a module loaded", async () => {
  const context = alteredContext(fixtures.gpuServer, { files: { "/proc/net/protocols": "TCP 2304\n" } });
  expect((await vhost.run(context))["vsock.socket"]).toMatchObject({
    state: "absent",
    level: "declared",
    blockers: [{ code: "module-missing", detail: "the module vsock is not loaded, and a probe loads none" }],
  });
});

test("a filter that forbids them", async () => {
  const context = alteredContext(fixtures.gpuServer, { transcripts: { "device vsock-socket": "socket EPERM" } });
  expect((await vhost.run(context))["vsock.socket"]).toMatchObject({
    state: "blocked",
    blockers: [{ code: "seccomp" }],
  });
});
