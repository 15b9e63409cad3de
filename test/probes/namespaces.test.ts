import { expect, test } from "bun:test";
import namespaces from "../../src/probes/namespaces.ts";
import { fixtures } from "../fixtures/hosts/all.ts";
import { altered, asUser } from "../fixtures/hosts/transcripts.ts";
import { createFixtureContext } from "../support/fixture-host.ts";
import { printFindings } from "../support/print-findings.ts";

test("works, and is another than outside", async () => {
  expect(printFindings(await namespaces.run(createFixtureContext(fixtures.firecrackerUser)))).toMatchInlineSnapshot(`
    "
    ns.mount: works (enforced)
      made by the launcher, and another than the caller's; a mount in it is seen by nobody outside
      | launcher: all namespaces at once -> ok
      | compare /proc/self/ns/mnt inside and outside -> 502, outside 4026531832
      | a mount namespace of its own -> ok
      | mount tmpfs over / in it -> ok
      | whether / is another inside -> ok
      | whether / is as before outside -> ok
    ns.pid: works (enforced)
      made by the launcher, and another than the caller's; its first process is 1 and reaches none outside
      | launcher: all namespaces at once -> ok
      | compare /proc/self/ns/pid inside and outside -> 503, outside 4026531836
      | signal a process outside before -> ok
      | a PID namespace of its own -> ok
      | whether its first process is 1 -> ok
      | signal the process outside from it -> ESRCH
    ns.ipc: works (enforced)
      made by the launcher, and another than the caller's; shared memory outside is not there inside
      | launcher: all namespaces at once -> ok
      | compare /proc/self/ns/ipc inside and outside -> 504, outside 4026531839
      | an IPC namespace of its own -> ok
      | look at a System V segment in it -> ok
      | look at it from a second one -> EINVAL
    ns.uts: works (enforced)
      made by the launcher, and another than the caller's; a host name set in it is not seen outside
      | launcher: all namespaces at once -> ok
      | compare /proc/self/ns/uts inside and outside -> 505, outside 4026531838
      | a UTS namespace of its own -> ok
      | set a host name in it -> ok
      | whether it is set inside -> ok
      | whether the one outside is as before -> ok
    ns.cgroup: works (enforced)
      made by the launcher, and another than the caller's; its own group is the root of what it sees
      | launcher: all namespaces at once -> ok
      | compare /proc/self/ns/cgroup inside and outside -> 506, outside 4026531835
      | whether every own group is a root before -> EIO
      | a control group namespace of its own -> ok
      | whether every own group is a root inside -> ok
    ns.network: works (enforced)
      made by the launcher, and another than the caller's; its loopback works, and no listener and no address outside is reached
      | launcher: all namespaces at once -> ok
      | compare /proc/self/ns/net inside and outside -> 507, outside 4026531833
      | connect to a listener outside before -> ok
      | a network namespace of its own -> ok
      | bring lo up in it -> ok
      | connect to the listener outside -> ECONNREFUSED
      | look for a route to 192.0.2.1 -> ENETUNREACH
      | connect to a listener of its own -> ok
    ns.time: works (enforced)
      a clock moved in it is as before outside
      | a time namespace of its own -> ok
      | move its monotonic clock -> ok
      | whether it is moved inside -> ok
      | whether the one outside is as before -> ok
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
      … the last 16 lines of ns.mount
    ns.ipc: blocked (exercised)
      EPERM at clone: a system call filter denies unshare (EPERM), clone(CLONE_NEWUSER) (EPERM); root without CAP_SYS_ADMIN
      | launcher: a ipc namespace -> EPERM at clone
      … the last 16 lines of ns.mount
    ns.uts: blocked (exercised)
      EPERM at clone: a system call filter denies unshare (EPERM), clone(CLONE_NEWUSER) (EPERM); root without CAP_SYS_ADMIN
      | launcher: a uts namespace -> EPERM at clone
      … the last 16 lines of ns.mount
    ns.cgroup: blocked (exercised)
      EPERM at clone: a system call filter denies unshare (EPERM), clone(CLONE_NEWUSER) (EPERM); root without CAP_SYS_ADMIN
      | launcher: a cgroup namespace -> EPERM at clone
      … the last 16 lines of ns.mount
    ns.network: blocked (exercised)
      EPERM at clone: a system call filter denies unshare (EPERM), clone(CLONE_NEWUSER) (EPERM); root without CAP_SYS_ADMIN
      | launcher: a network namespace -> EPERM at clone
      … the last 16 lines of ns.mount
    ns.time: blocked (exercised)
      EPERM at clone: a system call filter denies unshare (EPERM), clone(CLONE_NEWUSER) (EPERM); root without CAP_SYS_ADMIN
      | a time namespace of its own -> EPERM
      … the last 16 lines of ns.mount
    "
  `);
});

test.each([
  ["a listener outside that is reached", { "network-denied": "ok" }, "ns.network", "broken"],
  ["a process outside that is signalled", { "pid-denied": "ok" }, "ns.pid", "broken"],
  ["a host name that is set outside, too", { "uts-outside": "EIO" }, "ns.uts", "broken"],
  ["a segment that is there in another namespace", { "ipc-denied": "ok" }, "ns.ipc", "broken"],
  ["a control that fails", { "network-control": "ECONNREFUSED" }, "ns.network", "works"],
  ["a clock that does not move", { "time-inside": "EIO" }, "ns.time", "broken"],
  ["a clock that may not be moved", { "time-set": "EACCES", "time-inside": "EIO" }, "ns.time", "degraded"],
  ["a kernel before 5.6", { "time-enter": "EINVAL" }, "ns.time", "absent"],
] as const)("%s", async (_, changes, id, state) => {
  const { host, helpers } = fixtures.firecrackerUser;
  const transcripts = { ...helpers.transcripts, effects: altered(asUser.effects, changes) };
  const findings = await namespaces.run(createFixtureContext({ host, helpers: { ...helpers, transcripts } }));
  expect(findings[id].state).toBe(state);
  for (const [other, finding] of Object.entries(findings)) if (other !== id) expect(finding.state).toBe("works");
});
