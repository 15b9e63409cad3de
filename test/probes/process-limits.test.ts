import { expect, test } from "bun:test";
import processLimits from "../../src/probes/process-limits.ts";
import { fixtures } from "../fixtures/hosts/all.ts";
import { createFixtureContext } from "../support/fixture-host.ts";
import { printFindings } from "../support/print-findings.ts";

test("counts a namespace's own processes", async () => {
  expect(printFindings(await processLimits.run(createFixtureContext(fixtures.firecrackerUser)))).toMatchInlineSnapshot(`
    "
    limit.processes-in-userns: works (enforced)
      counts the namespace's own processes, and stops at its limit
      | processes of the same user outside -> ok, 12
      | a user namespace -> ok
      | fork inside without a limit -> ok, 12
      | set RLIMIT_NPROC inside -> ok
      | fork inside with a limit of 8 -> EAGAIN after 7
    "
  `);
});

test("has no namespace to count in", async () => {
  expect(printFindings(await processLimits.run(createFixtureContext(fixtures.ubuntuRestricted))))
    .toMatchInlineSnapshot(`
    "
    limit.processes-in-userns: blocked (exercised)
      EPERM at user-namespace: the label changes to unprivileged_userns (enforce) in a user namespace, which then gets EPERM at mount-namespace
      | processes of the same user outside -> ok, 12
      | a user namespace -> EPERM
      | prctl(PR_GET_SECCOMP) -> ok
      | prctl(PR_GET_NO_NEW_PRIVS) -> ok
      | unshare(0) -> ok
      | unshare(CLONE_NEWUSER | unknown flag) -> EINVAL
      | clone3(NULL, 0) -> EINVAL
      | clone(CLONE_NEWUSER | CLONE_FS) -> EINVAL
      | mount(NULL) -> EFAULT
      | open_tree(unknown flag) -> EINVAL
      | whether / is the root of a mount -> ok, 1
      | clone(CLONE_NEWUSER) -> ok
      | unshare(CLONE_NEWUSER) -> ok
      | write own id to uid_map -> EPERM
      | unshare(CLONE_NEWNS) inside -> EPERM
      | make / private inside -> EPERM
      | read user.max_user_namespaces -> 127235
      | read kernel.unprivileged_userns_clone -> 1
      | read kernel.apparmor_restrict_unprivileged_userns -> 1
      ! lsm:apparmor: the label changes to unprivileged_userns (enforce) in a user namespace, which then gets EPERM at mount-namespace
      - not seccomp, ns-limit, chroot, idmap, sysctl, capability, lsm:selinux, proc-masked, mount-propagation, rlimit, kernel-config, no-new-privs
    "
  `);
});
