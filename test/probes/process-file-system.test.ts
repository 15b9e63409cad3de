import { expect, test } from "bun:test";
import processFileSystem from "../../src/probes/process-file-system.ts";
import { fixtures } from "../fixtures/hosts/all.ts";
import { createFixtureContext } from "../support/fixture-host.ts";
import { printFindings } from "../support/print-findings.ts";

test("works for a user", async () => {
  expect(printFindings(await processFileSystem.run(createFixtureContext(fixtures.firecrackerUser))))
    .toMatchInlineSnapshot(`
    "
    mount.proc: works (exercised)
      mounted in a PID namespace of its own
      | launcher: a fresh /proc in a PID namespace -> ok
    "
  `);
});

test("names the filter in Docker", async () => {
  expect(printFindings(await processFileSystem.run(createFixtureContext(fixtures.dockerDefault))))
    .toMatchInlineSnapshot(`
    "
    mount.proc: blocked (exercised)
      EPERM at clone: a system call filter denies unshare (EPERM), clone(CLONE_NEWUSER) (EPERM); root without CAP_SYS_ADMIN
      | launcher: a fresh /proc in a PID namespace -> EPERM at clone
      | prctl(PR_GET_SECCOMP) -> ok, 2
      | prctl(PR_GET_NO_NEW_PRIVS) -> ok
      | unshare(0) -> EPERM
      | unshare(CLONE_NEWUSER | unknown flag) -> EPERM
      | clone3(NULL, 0) -> ENOSYS
      | clone(CLONE_NEWUSER | CLONE_FS) -> EPERM
      | mount(NULL) -> EPERM
      | open_tree(unknown flag) -> EPERM
      | whether / is the root of a mount -> ok, 1
      | clone(CLONE_NEWUSER) -> EPERM
      | unshare(CLONE_NEWUSER) -> EPERM
      | read user.max_user_namespaces -> 127235
      | read kernel.apparmor_restrict_unprivileged_userns -> 1
      ! seccomp: a system call filter denies unshare (EPERM), clone(CLONE_NEWUSER) (EPERM)
      ! capability: root without CAP_SYS_ADMIN
      - not chroot, idmap, sysctl, lsm:selinux, proc-masked, mount-propagation, rlimit, kernel-config, no-new-privs
    "
  `);
});
