import { expect, test } from "bun:test";
import namespaces from "../../src/probes/namespaces.ts";
import { fixtures } from "../fixtures/hosts/all.ts";
import { createFixtureContext } from "../support/fixture-host.ts";
import { printFindings } from "../support/print-findings.ts";

test("works, and is another than outside", async () => {
  expect(printFindings(await namespaces.run(createFixtureContext(fixtures.firecrackerUser)))).toMatchInlineSnapshot(`
    "
    ns.mount: works (exercised)
      made by the launcher, and another than the caller's
      | launcher: all namespaces at once -> ok
      | compare /proc/self/ns/mnt inside and outside -> 502, outside 4026531832
    ns.pid: works (exercised)
      made by the launcher, and another than the caller's
      | launcher: all namespaces at once -> ok
      | compare /proc/self/ns/pid inside and outside -> 503, outside 4026531836
    ns.ipc: works (exercised)
      made by the launcher, and another than the caller's
      | launcher: all namespaces at once -> ok
      | compare /proc/self/ns/ipc inside and outside -> 504, outside 4026531839
    ns.uts: works (exercised)
      made by the launcher, and another than the caller's
      | launcher: all namespaces at once -> ok
      | compare /proc/self/ns/uts inside and outside -> 505, outside 4026531838
    ns.cgroup: works (exercised)
      made by the launcher, and another than the caller's
      | launcher: all namespaces at once -> ok
      | compare /proc/self/ns/cgroup inside and outside -> 506, outside 4026531835
    ns.network: works (exercised)
      made by the launcher, and another than the caller's
      | launcher: all namespaces at once -> ok
      | compare /proc/self/ns/net inside and outside -> 507, outside 4026531833
    "
  `);
});

test("names the filter and the capability in Docker", async () => {
  expect(printFindings(await namespaces.run(createFixtureContext(fixtures.dockerDefault)))).toMatchInlineSnapshot(`
    "
    ns.mount: blocked (exercised)
      EPERM at clone: a system call filter denies unshare (EPERM), clone(CLONE_NEWUSER) (EPERM); root without CAP_SYS_ADMIN
      | launcher: a mount namespace -> EPERM at clone
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
    ns.pid: blocked (exercised)
      EPERM at clone: a system call filter denies unshare (EPERM), clone(CLONE_NEWUSER) (EPERM); root without CAP_SYS_ADMIN
      | launcher: a pid namespace -> EPERM at clone
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
    ns.ipc: blocked (exercised)
      EPERM at clone: a system call filter denies unshare (EPERM), clone(CLONE_NEWUSER) (EPERM); root without CAP_SYS_ADMIN
      | launcher: a ipc namespace -> EPERM at clone
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
    ns.uts: blocked (exercised)
      EPERM at clone: a system call filter denies unshare (EPERM), clone(CLONE_NEWUSER) (EPERM); root without CAP_SYS_ADMIN
      | launcher: a uts namespace -> EPERM at clone
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
    ns.cgroup: blocked (exercised)
      EPERM at clone: a system call filter denies unshare (EPERM), clone(CLONE_NEWUSER) (EPERM); root without CAP_SYS_ADMIN
      | launcher: a cgroup namespace -> EPERM at clone
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
    ns.network: blocked (exercised)
      EPERM at clone: a system call filter denies unshare (EPERM), clone(CLONE_NEWUSER) (EPERM); root without CAP_SYS_ADMIN
      | launcher: a network namespace -> EPERM at clone
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
