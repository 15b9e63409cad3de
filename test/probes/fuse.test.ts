import { expect, test } from "bun:test";
import fuse from "../../src/probes/fuse.ts";
import { fixtures } from "../fixtures/hosts/all.ts";
import { listFileSystems } from "../fixtures/hosts/sandboxes.ts";
import { createFixtureContext } from "../support/fixture-host.ts";
import { printFindings } from "../support/print-findings.ts";

async function print(fixture: Parameters<typeof createFixtureContext>[0]): Promise<string> {
  return printFindings(await fuse.run(createFixtureContext(fixture)));
}

function saying(transcript: string, files: Record<string, string> = {}) {
  const { host } = fixtures.sandboxUser;
  return { host: { ...host, files: { ...host.files, ...files } }, helpers: { transcripts: { fuse: transcript } } };
}

test("works for root", async () => {
  expect(await print(fixtures.sandboxRoot)).toMatchInlineSnapshot(`
    "
    device.fuse: works (opened)
      /dev/fuse can be opened
      | open /dev/fuse -> ok
    mount.fuse: works (exercised)
      mounted in a mount namespace of its own, and a question was answered
      | open /dev/fuse -> ok
      | namespaces of its own -> ok
      | make / private -> ok
      | mount tmpfs -> ok
      | mount a file system of our own -> ok
      | ask it for a size, and answer that -> ok
      | stat /usr/bin/fusermount3 -> set-uid root
    "
  `);
});

test("is root's device", async () => {
  expect(await print(fixtures.sandboxUser)).toMatchInlineSnapshot(`
    "
    device.fuse: blocked (opened)
      /dev/fuse: mode 0600, owner 0, group 0; this user may not open it (EACCES)
      | open /dev/fuse -> EACCES
      | stat /dev/fuse -> mode 0600, owner 0, group 0
      ! device-mode: /dev/fuse: mode 0600, owner 0, group 0; this user may not open it (EACCES)
    mount.fuse: blocked (opened)
      /dev/fuse: mode 0600, owner 0, group 0; this user may not open it (EACCES)
      | open /dev/fuse -> EACCES
      | stat /usr/bin/fusermount3 -> ENOENT
      | stat /dev/fuse -> mode 0600, owner 0, group 0
      ! device-mode: /dev/fuse: mode 0600, owner 0, group 0; this user may not open it (EACCES)
    "
  `);
});

test("a module that is not loaded is left alone, and so is its device", async () => {
  const files = { "/proc/filesystems": listFileSystems(["fuse"]) };
  expect(await print(saying("open ok\nmount ok\nanswer ok", files))).toMatchInlineSnapshot(`
    "
    device.fuse: absent (declared)
      fuse is not in this kernel by now, and its modules are not to be seen here (/lib/modules/6.18.44-fc-v669: ENOENT)
      | look for fuse in /proc/filesystems -> not listed
      | look for it in /lib/modules/6.18.44-fc-v669 -> ENOENT
      ! module-missing: fuse is not in this kernel by now, and its modules are not to be seen here (/lib/modules/6.18.44-fc-v669: ENOENT)
    mount.fuse: absent (declared)
      … the last 4 lines of device.fuse
    "
  `);
});

test.each([
  ["EPERM", "device-cgroup"],
  ["ENOENT", "device-missing"],
  ["ENXIO", "device-missing"],
  ["EIO", "unknown"],
])("%s to open is the doing of %s", async (errno, code) => {
  const findings = await fuse.run(createFixtureContext(saying(`open ${errno}`)));
  expect(Object.values(findings).flatMap(({ blockers }) => blockers.map((blocker) => blocker.code))).toEqual([
    code,
    code,
  ] as never);
});

test("nobody answers", async () => {
  const findings = await fuse.run(
    createFixtureContext(saying("open ok\nnamespaces ok\nprivate-root ok\ntmpfs ok\nmount ok\nanswer ETIMEDOUT")),
  );
  expect(findings["mount.fuse"].state).toBe("broken");
});
