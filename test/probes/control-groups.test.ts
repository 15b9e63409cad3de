import { expect, test } from "bun:test";
import controlGroups from "../../src/probes/control-groups.ts";
import { fixtures } from "../fixtures/hosts/all.ts";
import { altered, asRoot } from "../fixtures/hosts/transcripts.ts";
import { createFixtureContext } from "../support/fixture-host.ts";
import { printFindings } from "../support/print-findings.ts";

test("works with version 1 for root", async () => {
  expect(printFindings(await controlGroups.run(createFixtureContext(fixtures.firecrackerRoot)))).toMatchInlineSnapshot(`
    "
    cgroup.mode: works (declared) = hybrid
      versions 1 and 2 side by side; the limits below are those of version 1 where it has the controller
      | mounted at /sys/fs/cgroup/cpu -> version 1: cpu
      | mounted at /sys/fs/cgroup/memory -> version 1: memory
      | mounted at /sys/fs/cgroup/pids -> version 1: pids
      | mounted at /sys/fs/cgroup/systemd -> version 1: no controller
      | mounted at /sys/fs/cgroup/unified -> version 2
      | own group (name=systemd) -> /
      | own group (pids) -> /
      | own group (memory) -> /process_api/11b7
      | own group (cpu) -> /
      | own group (version 2) -> /
    cgroup.pids: works (enforced) = /sys/fs/cgroup/pids
      fork is refused at the cap, and counted as the group's doing
      | make a group in /sys/fs/cgroup/pids -> ok
      | write its limit -> ok
      | move a process into it -> ok
      | fork with a cap of 8 processes (children) -> EAGAIN after 7
      | forks refused, by pids.events -> ok, 1
      | remove the group -> ok
    cgroup.memory: works (enforced) = /sys/fs/cgroup/memory/process_api/11b7
      a process over the cap is killed, and counted as the group's doing
      | make a group in /sys/fs/cgroup/memory/process_api/11b7 -> ok
      | write its limit -> ok
      | move a process into it -> ok
      | processes killed for want of memory -> ok, 1
      | remove the group -> ok
    cgroup.cpu: works (enforced) = /sys/fs/cgroup/cpu
      a group over its share is throttled, and counted as such
      | make a group in /sys/fs/cgroup/cpu -> ok
      | write its limit -> ok
      | move a process into it -> ok
      | what it had of a processor, in hundredths -> ok, 24
      | periods in which the group was throttled, by cpu.stat -> ok, 6
      | remove the group -> ok
    "
  `);
});

test("is root's alone with version 1", async () => {
  expect(printFindings(await controlGroups.run(createFixtureContext(fixtures.firecrackerUser)))).toMatchInlineSnapshot(`
    "
    cgroup.mode: works (declared) = hybrid
      versions 1 and 2 side by side; the limits below are those of version 1 where it has the controller
      | mounted at /sys/fs/cgroup/cpu -> version 1: cpu
      | mounted at /sys/fs/cgroup/memory -> version 1: memory
      | mounted at /sys/fs/cgroup/pids -> version 1: pids
      | mounted at /sys/fs/cgroup/systemd -> version 1: no controller
      | mounted at /sys/fs/cgroup/unified -> version 2
      | own group (name=systemd) -> /
      | own group (pids) -> /
      | own group (memory) -> /process_api/11b7
      | own group (cpu) -> /
      | own group (version 2) -> /
    cgroup.pids: blocked (exercised)
      /sys/fs/cgroup/pids is not writable for this user (EACCES at create); version 1 of control groups is not handed to users
      | make a group in /sys/fs/cgroup/pids -> EACCES
      ! cgroup-version: /sys/fs/cgroup/pids is not writable for this user (EACCES at create); version 1 of control groups is not handed to users
    cgroup.memory: blocked (exercised)
      /sys/fs/cgroup/memory/process_api/11b7 is not writable for this user (EACCES at create); version 1 of control groups is not handed to users
      | make a group in /sys/fs/cgroup/memory/process_api/11b7 -> EACCES
      ! cgroup-version: /sys/fs/cgroup/memory/process_api/11b7 is not writable for this user (EACCES at create); version 1 of control groups is not handed to users
    cgroup.cpu: blocked (exercised)
      /sys/fs/cgroup/cpu is not writable for this user (EACCES at create); version 1 of control groups is not handed to users
      | make a group in /sys/fs/cgroup/cpu -> EACCES
      ! cgroup-version: /sys/fs/cgroup/cpu is not writable for this user (EACCES at create); version 1 of control groups is not handed to users
    "
  `);
});

test("works where a user session has them delegated", async () => {
  expect(printFindings(await controlGroups.run(createFixtureContext(fixtures.fedoraDesktop)))).toMatchInlineSnapshot(`
    "
    cgroup.mode: works (declared) = v2
      version 2
      | mounted at /sys/fs/cgroup -> version 2
      | own group (version 2) -> /user.slice/user-1000.slice/user@1000.service/app.slice/app-terminal.scope
    cgroup.pids: works (enforced) = /sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice
      fork is refused at the cap, and counted as the group's doing
      | make a group in /sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice -> ok
      | write its limit -> ok
      | move a process into it -> ok
      | fork with a cap of 8 processes (children) -> EAGAIN after 7
      | forks refused, by pids.events -> ok, 1
      | remove the group -> ok
    cgroup.memory: works (enforced) = /sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice
      a process over the cap is killed, and counted as the group's doing
      | make a group in /sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice -> ok
      | write its limit -> ok
      | move a process into it -> ok
      | processes killed for want of memory -> ok, 1
      | remove the group -> ok
    cgroup.cpu: works (enforced) = /sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice
      a group over its share is throttled, and counted as such
      | make a group in /sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice -> ok
      | write its limit -> ok
      | move a process into it -> ok
      | periods in which the group was throttled, by cpu.stat -> ok, 6
      | remove the group -> ok
    "
  `);
});

test.each([
  [
    { status: "entered", from: "session-3.scope", unit: "cupel-42.scope" },
    "version 2; cupel left its login session's scope for one of the user's own manager",
    "moved to cupel-42.scope",
  ],
  [{ status: "refused", from: "session-3.scope", reason: "busctl ended with 3" }, "version 2", "busctl ended with 3"],
] as const)("tells how cupel came to be where it is: %o", async (ownScope, summary, result) => {
  const context = createFixtureContext(fixtures.fedoraDesktop);
  const plain = (await controlGroups.run(context))["cgroup.mode"];
  const [mounted, ...own] = plain.evidence;
  const move = { action: "have the user's systemd manager move cupel out of session-3.scope", result };
  expect((await controlGroups.run({ ...context, ownScope }))["cgroup.mode"]).toEqual({
    ...plain,
    summary,
    evidence: [...(mounted === undefined ? [] : [mounted]), move, ...own],
  });
});

test("finds no place in Docker", async () => {
  expect(printFindings(await controlGroups.run(createFixtureContext(fixtures.dockerDefault)))).toMatchInlineSnapshot(`
    "
    cgroup.mode: works (declared) = v2
      version 2
      | mounted at /sys/fs/cgroup -> version 2
      | own group (version 2) -> /
    cgroup.pids: blocked (declared)
      pids is not delegated: neither /sys/fs/cgroup nor a group above it that is one's own hands it to children
      | control groups mounted -> v2
      | pids in /proc/cgroups -> enabled
      ! cgroup-delegation: pids is not delegated: neither /sys/fs/cgroup nor a group above it that is one's own hands it to children
    cgroup.memory: blocked (declared)
      memory is not delegated: neither /sys/fs/cgroup nor a group above it that is one's own hands it to children
      | control groups mounted -> v2
      | memory in /proc/cgroups -> enabled
      ! cgroup-delegation: memory is not delegated: neither /sys/fs/cgroup nor a group above it that is one's own hands it to children
    cgroup.cpu: blocked (declared)
      cpu is not delegated: neither /sys/fs/cgroup nor a group above it that is one's own hands it to children
      | control groups mounted -> v2
      | cpu in /proc/cgroups -> enabled
      ! cgroup-delegation: cpu is not delegated: neither /sys/fs/cgroup nor a group above it that is one's own hands it to children
    "
  `);
});

test("tells a disabled controller from one that is not there", async () => {
  expect(printFindings(await controlGroups.run(createFixtureContext(fixtures.oldKernel)))).toMatchInlineSnapshot(`
    "
    cgroup.mode: works (declared) = v1
      version 1
      | mounted at /sys/fs/cgroup/cpu,cpuacct -> version 1: cpu,cpuacct
      | own group (cpu,cpuacct) -> /user.slice
      | own group (name=systemd) -> /user.slice/user-1000.slice/session-3.scope
    cgroup.pids: absent (declared)
      this kernel has no pids controller
      | control groups mounted -> v1
      | pids in /proc/cgroups -> not listed
      ! kernel-config: this kernel has no pids controller
    cgroup.memory: absent (declared)
      the memory controller is disabled (cgroup_disable=)
      | control groups mounted -> v1
      | memory in /proc/cgroups -> disabled
      ! boot-param: the memory controller is disabled (cgroup_disable=)
    cgroup.cpu: blocked (exercised)
      /sys/fs/cgroup/cpu,cpuacct/user.slice is not writable for this user (EACCES at create); version 1 of control groups is not handed to users
      | make a group in /sys/fs/cgroup/cpu,cpuacct/user.slice -> EACCES
      ! cgroup-version: /sys/fs/cgroup/cpu,cpuacct/user.slice is not writable for this user (EACCES at create); version 1 of control groups is not handed to users
    "
  `);
});

test("is absent where none is mounted", async () => {
  expect(printFindings(await controlGroups.run(createFixtureContext(fixtures.empty)))).toMatchInlineSnapshot(`
    "
    cgroup.mode: absent (declared) = none
      none is mounted
      | look for control groups in /proc/self/mountinfo -> none
    cgroup.pids: absent (declared)
      no control groups are mounted here
      | control groups mounted -> none
      | pids in /proc/cgroups -> unknown
      ! outer-container: no control groups are mounted here
    cgroup.memory: absent (declared)
      no control groups are mounted here
      | control groups mounted -> none
      | memory in /proc/cgroups -> unknown
      ! outer-container: no control groups are mounted here
    cgroup.cpu: absent (declared)
      no control groups are mounted here
      | control groups mounted -> none
      | cpu in /proc/cgroups -> unknown
      ! outer-container: no control groups are mounted here
    "
  `);
});

test.each([
  [12, "unknown"],
  [24, "unknown"],
  [97, "broken"],
])("a group that was never throttled and had %d hundredths of a processor is %s", async (share, state) => {
  const { host, helpers } = fixtures.firecrackerRoot;
  const spun = altered(asRoot["cgroup cpu"], { events: "ok 0 cpu.stat", share: `ok ${share}` });
  const context = createFixtureContext({
    host,
    helpers: { ...helpers, transcripts: { ...helpers.transcripts, "cgroup cpu": spun } },
  });
  expect((await controlGroups.run(context))["cgroup.cpu"].state).toBe(state as never);
});
