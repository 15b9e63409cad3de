import { expect, test } from "bun:test";
import kernelFileSystems from "../../src/probes/kernel-file-systems.ts";
import { fixtures } from "../fixtures/hosts/all.ts";
import { altered, asUser } from "../fixtures/hosts/transcripts.ts";
import { createFixtureContext, type Fixture } from "../support/fixture-host.ts";
import { printFindings } from "../support/print-findings.ts";

function changed(files: Record<string, string>, changes: Record<string, string | undefined> = {}): Fixture {
  const { host, helpers } = fixtures.sandboxUser;
  const filesystems = altered(asUser.filesystems, changes);
  return {
    host: { ...host, files: { ...host.files, ...files } },
    helpers: { ...helpers, transcripts: { ...helpers.transcripts, filesystems } },
  };
}

test("works for a user", async () => {
  expect(printFindings(await kernelFileSystems.run(createFixtureContext(fixtures.sandboxUser)))).toMatchInlineSnapshot(`
    "
    mount.sysfs: works (exercised)
      mounted in a network namespace of its own, whose devices alone it shows
      | namespaces of its own, with a tmpfs -> ok
      | mount sysfs -> ok
      | look for lo alone in class/net -> ok
    mount.cgroup: works (exercised)
      version 2 mounted in a control group namespace of its own
      | namespaces of its own, with a tmpfs -> ok
      | mount cgroup2 -> ok
      | read cgroup.procs in it -> ok
    mount.mqueue: works (exercised)
      mounted in an IPC namespace of its own, whose queues it shows
      | namespaces of its own, with a tmpfs -> ok
      | mount mqueue -> ok
      | look for a queue of ours in it -> ok
    mount.devpts: works (exercised)
      an instance of its own, with a terminal that passes on what is written
      | namespaces of its own, with a tmpfs -> ok
      | mount devpts -> ok
      | open a terminal in it, and read at one side what was written at the other -> ok
    "
  `);
});

test("a probe is not the first to mount version 2 of control groups", async () => {
  const files = { "/proc/self/mountinfo": "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n" };
  const findings = await kernelFileSystems.run(createFixtureContext(changed(files)));
  expect(printFindings({ "mount.cgroup": findings["mount.cgroup"] })).toMatchInlineSnapshot(`
    "
    mount.cgroup: blocked (declared)
      version 2 of control groups is mounted nowhere here, and a probe must not be the first to do it
      | look for cgroup2 in /proc/self/mountinfo -> not mounted
      ! cgroup-version: version 2 of control groups is mounted nowhere here, and a probe must not be the first to do it
    "
  `);
});

test("a covered /sys hides what a fresh one would show", async () => {
  const mountinfo =
    "23 27 0:22 / /sys rw - sysfs sysfs rw\n24 23 0:23 / /sys/firmware ro - tmpfs tmpfs ro\n25 23 0:24 / /sys/fs/cgroup rw - cgroup2 c rw\n";
  const fixture = changed({ "/proc/self/mountinfo": mountinfo }, { sysfs: "EPERM", "sysfs-used": undefined });
  const findings = await kernelFileSystems.run(createFixtureContext(fixture));
  expect(printFindings({ "mount.sysfs": findings["mount.sysfs"] })).toMatchInlineSnapshot(`
    "
    mount.sysfs: blocked (exercised)
      mounted over parts of /sys: /sys/firmware
      | namespaces of its own, with a tmpfs -> ok
      | mount sysfs -> EPERM
      ! outer-container: mounted over parts of /sys: /sys/firmware
    "
  `);
});

test("a sysfs that shows other namespaces' devices is broken", async () => {
  const findings = await kernelFileSystems.run(createFixtureContext(changed({}, { "sysfs-used": "EIO" })));
  expect(findings["mount.sysfs"]).toMatchObject({ state: "broken", blockers: [] });
  expect(findings["mount.devpts"].state).toBe("works");
});
