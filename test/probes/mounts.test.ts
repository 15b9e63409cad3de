import { expect, test } from "bun:test";
import mounts from "../../src/probes/mounts.ts";
import { fixtures } from "../fixtures/hosts/all.ts";
import { createFixtureContext } from "../support/fixture-host.ts";
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
      a write fails with EROFS where it was allowed before, and works beside it
      | namespaces of its own -> ok
      | make / private -> ok
      | mount tmpfs -> ok
      | bind a directory -> ok
      | create a file in it before -> ok
      | mount_setattr(MOUNT_ATTR_RDONLY, AT_RECURSIVE) -> ok
      | create a file in it after -> EROFS
      | create a file in the directory itself -> ok
    "
  `);
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
      this kernel has no mount_setattr(2)
      | namespaces of its own -> ok
      | make / private -> ok
      | mount tmpfs -> ok
      | bind a directory -> ok
      | create a file in it before -> ok
      | mount_setattr(MOUNT_ATTR_RDONLY, AT_RECURSIVE) -> ENOSYS
      | create a file in it after -> ok
      ! kernel-version: mount_setattr(2) came with Linux 5.12
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
    mount.setattr: blocked (exercised)
      ENOSPC at clone: user.max_user_namespaces is 0
      | namespaces of its own -> ENOSPC
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
    "
  `);
});
