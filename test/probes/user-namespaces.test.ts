import { expect, test } from "bun:test";
import userNamespaces from "../../src/probes/user-namespaces.ts";
import { fixtures } from "../fixtures/hosts/all.ts";
import { createFixtureContext } from "../support/fixture-host.ts";
import { printFindings } from "../support/print-findings.ts";

test("works for a user", async () => {
  expect(printFindings(await userNamespaces.run(createFixtureContext(fixtures.firecrackerUser))))
    .toMatchInlineSnapshot(`
    "
    userns.create: works (exercised)
      made by the launcher, with an id mapped
      | launcher: a user namespace -> ok
    userns.capable: works (exercised)
      mounted, set a host name and brought lo up in namespaces of its own
      | launcher: a mount, a host name and a loopback in namespaces of its own -> ok
    userns.nested: works (exercised) = 33
      made by a process without capabilities in a user namespace; 33 levels fit from here
      | make a user namespace -> ok
      | give up every capability in it -> ok
      | make another in it all the same -> ok
      | capabilities in that one (bits) -> ok, 2199023255551
      | make one in another -> 33, then ENOSPC
    "
  `);
});

test("works for root", async () => {
  expect(printFindings(await userNamespaces.run(createFixtureContext(fixtures.firecrackerRoot))))
    .toMatchInlineSnapshot(`
    "
    userns.create: works (exercised)
      made by the launcher, with an id mapped
      | launcher: a user namespace -> ok
    userns.capable: works (exercised)
      mounted, set a host name and brought lo up in namespaces of its own
      | take ids other than root's -> ok
      | capabilities in a user namespace (bits) -> ok, 2199023255551
      | unshare(CLONE_NEWNS) in a user namespace -> ok
      | make / private in it -> ok
      | mount tmpfs in it -> ok
      | unshare(CLONE_NEWUTS) in it -> ok
      | set a host name in it -> ok
      | unshare(CLONE_NEWNET) in it -> ok
      | bring lo up in it -> ok
    userns.nested: works (exercised) = 33
      made by a process without capabilities in a user namespace; 33 levels fit from here
      | take ids other than root's -> ok
      | make a user namespace -> ok
      | give up every capability in it -> ok
      | make another in it all the same -> ok
      | capabilities in that one (bits) -> ok, 2199023255551
      | make one in another -> 33, then ENOSPC
    "
  `);
});

test("names AppArmor on a restricted Ubuntu", async () => {
  expect(printFindings(await userNamespaces.run(createFixtureContext(fixtures.ubuntuRestricted))))
    .toMatchInlineSnapshot(`
    "
    userns.create: blocked (exercised)
      EPERM at map-ids (/proc/self/uid_map): the label changes to unprivileged_userns (enforce) in a user namespace, which then gets EPERM at mount-namespace
      | launcher: a user namespace -> EPERM at map-ids (/proc/self/uid_map)
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
    userns.capable: blocked (exercised)
      … the last 21 lines of userns.create
    userns.nested: blocked (exercised)
      EPERM at user-namespace: the label changes to unprivileged_userns (enforce) in a user namespace, which then gets EPERM at mount-namespace
      | make a user namespace -> EPERM
      | make one in another -> 0, then EPERM
      … the last 19 lines of userns.create
    "
  `);
});

test("names the filter in Docker", async () => {
  expect(printFindings(await userNamespaces.run(createFixtureContext(fixtures.dockerDefault)))).toMatchInlineSnapshot(`
    "
    userns.create: blocked (exercised)
      EPERM at user-namespace (unshare): a system call filter denies unshare (EPERM), clone(CLONE_NEWUSER) (EPERM)
      | launcher: a user namespace -> EPERM at user-namespace (unshare)
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
      - not chroot, idmap, sysctl, capability, lsm:selinux, proc-masked, mount-propagation, rlimit, kernel-config, no-new-privs
    userns.capable: blocked (exercised)
      … the last 17 lines of userns.create
    userns.nested: blocked (exercised)
      EPERM at user-namespace: a system call filter denies unshare (EPERM), clone(CLONE_NEWUSER) (EPERM)
      | make a user namespace -> EPERM
      | make one in another -> 0, then EPERM
      … the last 15 lines of userns.create
    "
  `);
});

test("names the quota of an old kernel", async () => {
  expect(printFindings(await userNamespaces.run(createFixtureContext(fixtures.oldKernel)))).toMatchInlineSnapshot(`
    "
    userns.create: blocked (exercised)
      ENOSPC at clone: user.max_user_namespaces is 0
      | launcher: a user namespace -> ENOSPC at clone
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
    userns.capable: blocked (exercised)
      … the last 16 lines of userns.create
    userns.nested: blocked (exercised)
      ENOSPC at user-namespace: user.max_user_namespaces is 0
      | make a user namespace -> ENOSPC
      | make one in another -> 0, then ENOSPC
      … the last 14 lines of userns.create
    "
  `);
});

test("is unknown without a launcher", async () => {
  expect(printFindings(await userNamespaces.run(createFixtureContext(fixtures.empty)))).toMatchInlineSnapshot(`
    "
    userns.create: unknown (inferred)
      could not be established: the launcher could not be started
      | launcher: a user namespace -> the launcher could not be started
    userns.capable: unknown (inferred)
      could not be established: the launcher could not be started
      | launcher: a user namespace -> the launcher could not be started
    userns.nested: unknown (inferred)
      could not be established: prober nesting: the prober could not be started
      | prober nesting -> the prober could not be started
    "
  `);
});
