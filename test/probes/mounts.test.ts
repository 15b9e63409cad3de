import { expect, test } from "bun:test";
import mounts from "../../src/probes/mounts.ts";
import { fixtures } from "../fixtures/hosts/all.ts";
import type { RehearsalResult } from "../../src/launch/helper-port.ts";
import type { Finding } from "../../src/model/capability.ts";
import { createFixtureContext, type FixtureHelpers } from "../support/fixture-host.ts";
import { printFindings } from "../support/print-findings.ts";

test("works for a user", async () => {
  expect(printFindings(await mounts.run(createFixtureContext(fixtures.firecrackerUser)))).toMatchInlineSnapshot(`
    "
    mount.private-root: works (exercised)
      entered a root of its own by pivot_root
      | launcher: a root of its own by pivot_root -> ok
    mount.tmpfs: works (exercised)
      mounted with a size of its own
      | launcher: a tmpfs of its own -> ok
    mount.setattr: works (enforced)
      a write fails with EROFS where it was allowed before, and works beside it; noexec and nodev hold, too; a user namespace within cannot undo it
      | namespaces of its own -> ok
      | make / private -> ok
      | mount tmpfs -> ok
      | bind a directory -> ok
      | create a file in it before -> ok
      | mount_setattr(MOUNT_ATTR_RDONLY, AT_RECURSIVE) -> ok
      | create a file in it after -> EROFS
      | create a file in the directory itself -> ok
      | execute a file that is no program before -> ENOEXEC
      | make a mount noexec -> ok
      | execute it after -> EACCES
      | open a device before -> ok
      | make a mount nodev -> ok
      | open it after -> EACCES
      | a user namespace within, with mounts of its own -> ok
      | make the read-only mount writable in it -> EPERM
    mount.detached: works (exercised)
      a clone of a directory and a new tmpfs were made unseen, then moved into place
      | namespaces of its own -> ok
      | make / private -> ok
      | mount tmpfs -> ok
      | open_tree(OPEN_TREE_CLONE) of a directory -> ok
      | move_mount it to another -> ok
      | look for its file there -> ok
      | fsopen tmpfs -> ok
      | fsmount it -> ok
      | move_mount it into place -> ok
    mount.propagation: works (enforced) = private
      below a shared mount a mount is seen elsewhere, below a private one it is not
      | namespaces of its own -> ok
      | make / private -> ok
      | mount tmpfs -> ok
      | make a mount shared -> ok
      | a second mount namespace -> ok
      | see a mount made below it there -> ok
      | make it private there -> ok
      | see a mount made below it after that -> ENOENT
      | how / is mounted here -> ext4, private
    "
  `);
});

/** The findings of a host whose fixture says something else in one place. */
async function findingsWith(helpers: Partial<FixtureHelpers>): Promise<Readonly<Record<string, Finding>>> {
  const { host, helpers: own } = fixtures.firecrackerUser;
  return mounts.run(createFixtureContext({ host, helpers: { ...own, ...helpers } }));
}

const covering: RehearsalResult = { status: "ready", namespaces: {}, isCovering: true, durationMs: 2 };

test("has a root that covers the first one, where that cannot be left", async () => {
  const { "mount.private-root": root } = await findingsWith({ rehearse: covering });
  expect(root).toMatchObject({
    state: "degraded",
    evidence: [
      { action: "launcher: a root of its own by pivot_root", result: "ok" },
      { action: "pivot_root", result: "EINVAL; moved onto / instead" },
    ],
  });
});

test("makes mounts read-only one by one before Linux 5.12", async () => {
  const { transcripts } = fixtures.firecrackerUser.helpers;
  const { mounts: transcript } = transcripts ?? {};
  if (typeof transcript !== "string") throw new TypeError("the fixture has no transcript of mounts");
  const older = transcript.replace("setattr ok", "setattr ENOSYS\nremount ok");
  const { "mount.setattr": readOnly } = await findingsWith({ transcripts: { ...transcripts, mounts: older } });
  expect(readOnly?.state).toBe("degraded");
  expect(readOnly?.summary).toEndWith("one mount at a time (no mount_setattr before Linux 5.12)");
});

test("lacks read-only mounts in gVisor", async () => {
  expect(printFindings(await mounts.run(createFixtureContext(fixtures.gvisor)))).toMatchInlineSnapshot(`
    "
    mount.private-root: works (exercised)
      entered a root of its own by pivot_root
      | launcher: a root of its own by pivot_root -> ok
    mount.tmpfs: works (exercised)
      mounted with a size of its own
      | launcher: a tmpfs of its own -> ok
    mount.setattr: absent (exercised)
      mount_setattr(2) came with Linux 5.12
      | namespaces of its own -> ok
      | make / private -> ok
      | mount tmpfs -> ok
      | bind a directory -> ok
      | create a file in it before -> ok
      | mount_setattr(MOUNT_ATTR_RDONLY, AT_RECURSIVE) -> ENOSYS
      | create a file in it after -> ok
      ! kernel-version: mount_setattr(2) came with Linux 5.12
    mount.detached: unknown (inferred)
      could not be established: open_tree(OPEN_TREE_CLONE) of a directory: not reached
      | namespaces of its own -> ok
      | make / private -> ok
      | mount tmpfs -> ok
    mount.propagation: unknown (inferred) = private
      could not be established: make a mount shared: not reached
      | namespaces of its own -> ok
      | make / private -> ok
      | mount tmpfs -> ok
      | how / is mounted here -> 9p, private
    "
  `);
});

test("names the quota of an old kernel", async () => {
  expect(printFindings(await mounts.run(createFixtureContext(fixtures.oldKernel)))).toMatchInlineSnapshot(`
    "
    mount.private-root: blocked (exercised)
      ENOSPC at clone: user.max_user_namespaces is 0
      | launcher: a root of its own by pivot_root -> ENOSPC at clone
      | prctl(PR_GET_SECCOMP) -> ok
      | prctl(PR_GET_NO_NEW_PRIVS) -> ok
      | unshare(0) -> ok
      | unshare(CLONE_NEWUSER | unknown flag) -> EINVAL
      | clone3(NULL, 0) -> ENOSYS
      | clone(CLONE_NEWUSER | CLONE_FS) -> EINVAL
      | mount(NULL) -> EFAULT
      | open_tree(unknown flag) -> ENOSYS
      | whether / is the root of a mount -> EOPNOTSUPP
      | clone(CLONE_NEWUSER) -> ENOSPC
      | unshare(CLONE_NEWUSER) -> ENOSPC
      | read user.max_user_namespaces -> 0
      ! ns-limit: user.max_user_namespaces is 0
      - not seccomp, idmap, sysctl, capability, lsm:apparmor, lsm:selinux, proc-masked, mount-propagation, rlimit, kernel-config, no-new-privs
    mount.tmpfs: blocked (exercised)
      ENOSPC at clone: user.max_user_namespaces is 0
      | launcher: a tmpfs of its own -> ENOSPC at clone
      … the last 14 lines of mount.private-root
    mount.setattr: blocked (exercised)
      ENOSPC at clone: user.max_user_namespaces is 0
      | namespaces of its own -> ENOSPC
      … the last 14 lines of mount.private-root
    mount.detached: blocked (exercised)
      … the last 16 lines of mount.setattr
    mount.propagation: blocked (exercised)
      … the last 16 lines of mount.setattr
    "
  `);
});
