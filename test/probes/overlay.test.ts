import { expect, test } from "bun:test";
import overlay from "../../src/probes/overlay.ts";
import { fixtures } from "../fixtures/hosts/all.ts";
import { listFileSystems } from "../fixtures/hosts/sandboxes.ts";
import { altered, asRoot } from "../fixtures/hosts/transcripts.ts";
import { createFixtureContext, type Fixture } from "../support/fixture-host.ts";
import { printFindings } from "../support/print-findings.ts";

async function print(fixture: Fixture): Promise<string> {
  return printFindings(await overlay.run(createFixtureContext(fixture)));
}

/** The Firecracker guest as root, with other files or another transcript. */
function changed(files: Record<string, string>, transcripts: Record<string, string> = {}): Fixture {
  const { host, helpers } = fixtures.sandboxRoot;
  return {
    host: { ...host, files: { ...host.files, ...files } },
    helpers: { ...helpers, transcripts: { ...helpers.transcripts, ...transcripts } },
  };
}

async function judge(fixture: Fixture) {
  const findings = await overlay.run(createFixtureContext(fixture));
  return Object.fromEntries(
    Object.entries(findings).map(([id, { state, summary, blockers }]) => [
      id,
      [state, summary, ...blockers.map(({ code }) => code)],
    ]),
  );
}

test("works for root", async () => {
  expect(await print(fixtures.sandboxRoot)).toMatchInlineSnapshot(`
    "
    mount.overlay: works (enforced)
      a change, a removal and a directory made anew stay above; below nothing changed
      | namespaces of its own -> ok
      | make / private -> ok
      | mount tmpfs -> ok
      | set a user.* attribute on tmpfs -> ok
      | mount an overlay of tmpfs on tmpfs -> ok
      | read a file that lies below -> ok
      | change it -> ok
      | whether the change is above, and below it is as before -> ok
      | remove a file that lies below -> ok
      | whether it is gone above, and below it is still there -> ok
      | remove a directory that lies below -> ok
      | make it again -> ok
      | whether it is empty above, and below as before -> ok
      | open the current directory -> ok
      | mount an overlay above the current directory -> ok
      | list it -> ok
      | make a file in it -> ok
      | whether the current directory itself has none -> ok
    mount.overlay-user: works (enforced)
      a change, a removal and a directory made anew stay above; below nothing changed
      | take ids other than root's -> ok
      … the last 18 lines of mount.overlay
    mount.overlay-fuse: works (enforced) = /usr/bin/fuse-overlayfs
      by /usr/bin/fuse-overlayfs: a change, a removal and a directory made anew stay above; below nothing changed
      | namespaces of its own -> ok
      | make / private -> ok
      | mount tmpfs -> ok
      | /usr/bin/fuse-overlayfs -f -> ok
      | read a file that lies below -> ok
      | change it -> ok
      | whether the change is above, and below it is as before -> ok
      | remove a file that lies below -> ok
      | whether it is gone above, and below it is still there -> ok
      | remove a directory that lies below -> ok
      | make it again -> ok
      | whether it is empty above, and below as before -> ok
      | open /usr/bin/fuse-overlayfs -> ok
    "
  `);
});

test("works in a user's namespace, while the device is root's", async () => {
  expect(await print(fixtures.sandboxUser)).toMatchInlineSnapshot(`
    "
    mount.overlay: not-applicable (declared)
      only root mounts overlays with marks that no user can set, and only outside of user namespaces
      | effective user id -> 1001
      | stat /proc/self/ns/user -> 4026531837
    mount.overlay-user: works (enforced)
      a change, a removal and a directory made anew stay above; below nothing changed
      | namespaces of its own -> ok
      | make / private -> ok
      | mount tmpfs -> ok
      | set a user.* attribute on tmpfs -> ok
      | mount an overlay of tmpfs on tmpfs -> ok
      | read a file that lies below -> ok
      | change it -> ok
      | whether the change is above, and below it is as before -> ok
      | remove a file that lies below -> ok
      | whether it is gone above, and below it is still there -> ok
      | remove a directory that lies below -> ok
      | make it again -> ok
      | whether it is empty above, and below as before -> ok
      | open the current directory -> ok
      | mount an overlay above the current directory -> ok
      | list it -> ok
      | make a file in it -> ok
      | whether the current directory itself has none -> ok
    mount.overlay-fuse: blocked (opened)
      /dev/fuse: mode 0600, owner 0, group 0; this user may not open it (EACCES)
      | namespaces of its own -> ok
      | make / private -> ok
      | mount tmpfs -> ok
      | /usr/bin/fuse-overlayfs -f -> ECHILD
      | open /usr/bin/fuse-overlayfs -> ok
      | its exit status -> ok, 1
      | stat /dev/fuse -> mode 0600, owner 0, group 0
      ! device-mode: /dev/fuse: mode 0600, owner 0, group 0; this user may not open it (EACCES)
    "
  `);
});

test("a module that is not loaded is not loaded by a probe", async () => {
  const files = {
    "/proc/filesystems": listFileSystems(["overlay", "fuse"]),
    "/lib/modules/6.18.44-fc-v669/modules.dep":
      "kernel/fs/overlayfs/overlay.ko.xz: kernel/lib/crc.ko\nkernel/fs/fuse/fuse.ko:\n",
  };
  expect(await judge(changed(files, { overlay: "overlay ok" }))).toMatchInlineSnapshot(`
    {
      "mount.overlay": [
        "blocked",
        "the module overlay is there (kernel/fs/overlayfs/overlay.ko.xz) but not loaded, and probes load nothing",
        "module-missing",
      ],
      "mount.overlay-fuse": [
        "blocked",
        "the module fuse is there (kernel/fs/fuse/fuse.ko) but not loaded, and probes load nothing",
        "module-missing",
      ],
      "mount.overlay-user": [
        "blocked",
        "the module overlay is there (kernel/fs/overlayfs/overlay.ko.xz) but not loaded, and probes load nothing",
        "module-missing",
      ],
    }
  `);
});

test("is not there at all", async () => {
  const files = { "/proc/filesystems": listFileSystems(["overlay", "fuse"]) };
  expect(await judge(changed(files))).toMatchInlineSnapshot(`
    {
      "mount.overlay": [
        "absent",
        "overlay is not in this kernel by now, and its modules are not to be seen here (/lib/modules/6.18.44-fc-v669: ENOENT)",
        "module-missing",
      ],
      "mount.overlay-fuse": [
        "absent",
        "fuse is not in this kernel by now, and its modules are not to be seen here (/lib/modules/6.18.44-fc-v669: ENOENT)",
        "module-missing",
      ],
      "mount.overlay-user": [
        "absent",
        "overlay is not in this kernel by now, and its modules are not to be seen here (/lib/modules/6.18.44-fc-v669: ENOENT)",
        "module-missing",
      ],
    }
  `);
});

test.each([
  [
    "a kernel before 5.11",
    { overlay: "EPERM", ...gone(["read-below", "change", "copied-up", "remove", "whiteout"]) },
    "absent",
  ],
  ["tmpfs without user attributes", { attributes: "EOPNOTSUPP", "make-directory": "EIO", opaque: "EIO" }, "degraded"],
  ["a file below that changed, too", { "copied-up": "EIO" }, "broken"],
  [
    "a current directory with mounts in it",
    { "here-mount": "EINVAL", ...gone(["here-list", "here-create", "here-kept"]) },
    "works",
  ],
  ["a current directory that took the file", { "here-kept": "EIO" }, "broken"],
])("%s", async (_, changes, state) => {
  const fixture = changed({}, { "overlay user": altered(asRoot["overlay user"], changes) });
  const judged = await judge(fixture);
  expect(judged["mount.overlay-user"]?.[0]).toBe(state);
  expect(judged["mount.overlay"]?.[0]).toBe("works");
});

function gone(steps: readonly string[]): Record<string, undefined> {
  return Object.fromEntries(steps.map((step) => [step, undefined]));
}
