import { expect, test } from "bun:test";
import controlGroupActs from "../../src/probes/control-group-acts.ts";
import { fixtures } from "../fixtures/hosts/all.ts";
import { altered } from "../fixtures/hosts/transcripts.ts";
import { sandboxAsRoot } from "../fixtures/hosts/transcripts-sandbox.ts";
import { createFixtureContext, type Fixture } from "../support/fixture-host.ts";
import { printFindings } from "../support/print-findings.ts";

async function print(fixture: Fixture): Promise<string> {
  return printFindings(await controlGroupActs.run(createFixtureContext(fixture)));
}

function changed(transcripts: Record<string, string>): Fixture {
  const { host, helpers } = fixtures.sandboxRoot;
  return { host, helpers: { ...helpers, transcripts: { ...helpers.transcripts, ...transcripts } } };
}

test("works for root where versions 1 and 2 stand side by side", async () => {
  expect(await print(fixtures.sandboxRoot)).toMatchInlineSnapshot(`
    "
    cgroup.kill: works (enforced) = /sys/fs/cgroup/unified
      all processes of a group end at once, whatever sessions they are in
      | in -> /sys/fs/cgroup/unified
      | make a group -> ok
      | move a process into it -> ok
      | two processes in it, in sessions of their own -> ok, 2
      | have them all killed -> ok
      | wait for the last one's end -> ok
      | remove the group -> ok
    cgroup.freeze: works (enforced) = /sys/fs/cgroup/unified
      a process in a frozen group stands still until it is thawed
      | in -> /sys/fs/cgroup/unified
      | make a group -> ok
      | move a process into it -> ok
      | see a process in it run -> ok
      | freeze the group -> ok
      | wait until it says so -> ok
      | see the process stand still -> ok
      | thaw it -> ok
      | see the process run again -> ok
      | remove the group -> ok
    cgroup.oom-group: absent (declared)
      only version 2 of control groups has it, and the memory controller is in version 1 here
      | control groups mounted -> hybrid
      ! cgroup-version: only version 2 of control groups has it, and the memory controller is in version 1 here
    cgroup.swap: works (exercised) = /sys/fs/cgroup/memory
      a limit on swap is taken; it was not run into
      | in -> /sys/fs/cgroup/memory
      | make a group -> ok
      | write a limit on swap -> ok
      | read it back -> ok
      | remove the group -> ok
    cgroup.cpuset: works (enforced) = /sys/fs/cgroup/cpuset
      a process in the group runs on its processor alone
      | in -> /sys/fs/cgroup/cpuset
      | make a group -> ok
      | processors before -> ok, 2
      | write one processor -> ok
      | move a process into it -> ok
      | whether that one is left -> ok
      | take another -> EINVAL
      | remove the group -> ok
    cgroup.delegation: works (exercised) = /sys/fs/cgroup/unified
      groups can be made in a group of one's own, and a child started in one
      | in -> /sys/fs/cgroup/unified
      | make a group -> ok
      | make a group in it -> ok
      | move a process into that -> ok
      | clone3(CLONE_INTO_CGROUP) into that -> ok
      | whether the child is there -> ok
      | remove the group -> ok
      | controllers of the group -> none
    cgroup.pressure: works (exercised) = /sys/fs/cgroup/unified
      a group of one's own tells how long it had to wait
      | in -> /sys/fs/cgroup/unified
      | make a group -> ok
      | read its memory.pressure -> ok
      | remove the group -> ok
    cgroup.cpu-time: works (exercised) = /sys/fs/cgroup/unified
      a group counts the CPU time of all of its processes
      | in -> /sys/fs/cgroup/unified
      | make a group -> ok
      | move a process into it -> ok
      | milliseconds that it then has counted -> ok, 20
      | remove the group -> ok
    "
  `);
});

test("works for a user of systemd, as far as controllers are delegated", async () => {
  expect(await print(fixtures.unifiedUser)).toMatchInlineSnapshot(`
    "
    cgroup.kill: works (enforced) = /sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice/app-terminal.scope
      all processes of a group end at once, whatever sessions they are in
      | in -> /sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice/app-terminal.scope
      | make a group -> ok
      | move a process into it -> ok
      | two processes in it, in sessions of their own -> ok, 2
      | have them all killed -> ok
      | wait for the last one's end -> ok
      | remove the group -> ok
    cgroup.freeze: works (enforced) = /sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice/app-terminal.scope
      a process in a frozen group stands still until it is thawed
      | in -> /sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice/app-terminal.scope
      | make a group -> ok
      | move a process into it -> ok
      | see a process in it run -> ok
      | freeze the group -> ok
      | wait until it says so -> ok
      | see the process stand still -> ok
      | thaw it -> ok
      | see the process run again -> ok
      | remove the group -> ok
    cgroup.oom-group: works (enforced) = /sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice
      whoever goes over the limit takes the whole group along
      | in -> /sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice
      | make a group -> ok
      | move a process into it -> ok
      | write memory.max -> ok
      | write memory.oom.group -> ok
      | one process goes over it: wait for the end of the other, too -> ok
      | such ends, by memory.events -> ok, 1
      | remove the group -> ok
    cgroup.swap: works (exercised) = /sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice
      a limit on swap is taken; it was not run into
      | in -> /sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice
      | make a group -> ok
      | write a limit on swap -> ok
      | read it back -> ok
      | remove the group -> ok
    cgroup.cpuset: blocked (declared)
      the cpuset controller is in no hierarchy that is mounted here (v2)
      | control groups mounted -> v2
      | cpuset in /proc/cgroups -> enabled
      ! cgroup-delegation: the cpuset controller is in no hierarchy that is mounted here (v2)
    cgroup.delegation: works (exercised) = /sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice/app-terminal.scope
      groups can be made in a group of one's own, and a child started in one
      | in -> /sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice/app-terminal.scope
      | make a group -> ok
      | make a group in it -> ok
      | move a process into that -> ok
      | clone3(CLONE_INTO_CGROUP) into that -> ok
      | whether the child is there -> ok
      | remove the group -> ok
      | controllers of the group -> none
    cgroup.pressure: works (exercised) = /sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice/app-terminal.scope
      a group of one's own tells how long it had to wait
      | in -> /sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice/app-terminal.scope
      | make a group -> ok
      | read its memory.pressure -> ok
      | remove the group -> ok
    cgroup.cpu-time: works (exercised) = /sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice/app-terminal.scope
      a group counts the CPU time of all of its processes
      | in -> /sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice/app-terminal.scope
      | make a group -> ok
      | move a process into it -> ok
      | milliseconds that it then has counted -> ok, 20
      | remove the group -> ok
    "
  `);
});

test("a login session's scope is root's", async () => {
  const { host } = fixtures.unifiedUser;
  const files = { ...host.files, "/proc/self/cgroup": "0::/user.slice/user-1000.slice/session-3.scope\n" };
  const transcripts = { "cgroup kill": "create EACCES", "cgroup freeze": "create EACCES" };
  const findings = await controlGroupActs.run(
    createFixtureContext({ host: { ...host, files }, helpers: { transcripts } }),
  );
  expect(findings["cgroup.kill"]).toMatchObject({ state: "blocked", blockers: [{ code: "cgroup-delegation" }] });
});

test.each([
  ["a kernel without cgroup.kill", { kill: "ENOENT", "all-ended": undefined }, "absent"],
  ["an end that does not come in time, which a slow machine may mean", { "all-ended": "ETIMEDOUT" }, "unknown"],
  ["a process that is not in the group", { members: "ok 1", kill: undefined, "all-ended": undefined }, "unknown"],
])("%s", async (_, changes, state) => {
  const transcript = altered(sandboxAsRoot["cgroup kill"], changes);
  const findings = await controlGroupActs.run(createFixtureContext(changed({ "cgroup kill": transcript })));
  expect(findings["cgroup.kill"].state).toBe(state as never);
});

test("a frozen group that runs on is broken", async () => {
  const transcript = altered(sandboxAsRoot["cgroup freeze"], { "stands-still": "EIO" });
  const findings = await controlGroupActs.run(createFixtureContext(changed({ "cgroup freeze": transcript })));
  expect(findings["cgroup.freeze"].state).toBe("broken");
});
