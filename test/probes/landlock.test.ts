import { expect, test } from "bun:test";
import landlock from "../../src/probes/landlock.ts";
import { fixtures } from "../fixtures/hosts/all.ts";
import { altered, asUser } from "../fixtures/hosts/transcripts.ts";
import { createFixtureContext } from "../support/fixture-host.ts";
import { printFindings } from "../support/print-findings.ts";

test("works with ABI 7", async () => {
  expect(printFindings(await landlock.run(createFixtureContext(fixtures.firecrackerUser)))).toMatchInlineSnapshot(`
    "
    landlock.file-system: works (enforced) = 7
      ABI 7: denies opening a file and a directory, lets the allowed one through; so it does for execute, refer, truncate
      | landlock_create_ruleset(VERSION) -> ok, 7
      | open /dev/zero for writing before -> ok
      | open / before -> ok
      | landlock_restrict_self -> ok
      | open /dev/zero for writing after -> EACCES
      | open / after -> EACCES
      | open /dev/null, which is allowed, for writing after -> ok
      | execute the prober before -> ok
      | execute it after -> EACCES
      | execute it where that is allowed -> ok
      | move a file to another directory before -> ok
      | move it back after -> EXDEV
      | move a file where that is allowed after -> ok
      | truncate a file before -> ok
      | truncate it after -> EACCES
      | enter one domain after the other -> 16, then E2BIG
    landlock.network: works (enforced) = 7
      ABI 7: denies TCP connect and bind, lets the allowed port through
      | landlock_create_ruleset(VERSION) -> ok, 7
      | connect to a port before -> ok
      | bind a port before -> ok
      | connect to it after -> EACCES
      | bind a port after -> EACCES
      | connect to a port that is allowed after -> ok
    landlock.devices: works (enforced) = 7
      ABI 7: denies ioctl on a device, lets the allowed one through
      | landlock_create_ruleset(VERSION) -> ok, 7
      | ioctl on /dev/null, which is no terminal, before -> ENOTTY
      | the same after -> EACCES
      | the same on /dev/zero, which is allowed, after -> ENOTTY
    landlock.scopes: works (enforced) = 7
      ABI 7: abstract sockets and processes outside the domain are out of reach, those inside are not
      | landlock_create_ruleset(VERSION) -> ok, 7
      | connect to an abstract socket outside before -> ok
      | signal a process outside before -> ok
      | connect to it after -> EPERM
      | signal it after -> EPERM
      | connect to an abstract socket inside after -> ok
      | signal a process inside after -> ok
    landlock.errata: works (declared) = 7
      every known fault is mended
      | landlock_create_ruleset(VERSION) -> ok, 7
      | landlock_create_ruleset(ERRATA), in bits -> ok, 7
    "
  `);
});

test("is not enabled at boot", async () => {
  expect(printFindings(await landlock.run(createFixtureContext(fixtures.wsl)))).toMatchInlineSnapshot(`
    "
    landlock.file-system: absent (exercised)
      Landlock is built in but not enabled: lsm= leaves it out (EOPNOTSUPP)
      | landlock_create_ruleset(VERSION) -> EOPNOTSUPP
      ! boot-param: Landlock is built in but not enabled: lsm= leaves it out (EOPNOTSUPP)
    landlock.network: absent (exercised)
      Landlock is built in but not enabled: lsm= leaves it out (EOPNOTSUPP)
      | landlock_create_ruleset(VERSION) -> EOPNOTSUPP
      ! boot-param: Landlock is built in but not enabled: lsm= leaves it out (EOPNOTSUPP)
    landlock.devices: absent (exercised)
      Landlock is built in but not enabled: lsm= leaves it out (EOPNOTSUPP)
      | landlock_create_ruleset(VERSION) -> EOPNOTSUPP
      ! boot-param: Landlock is built in but not enabled: lsm= leaves it out (EOPNOTSUPP)
    landlock.scopes: absent (exercised)
      Landlock is built in but not enabled: lsm= leaves it out (EOPNOTSUPP)
      | landlock_create_ruleset(VERSION) -> EOPNOTSUPP
      ! boot-param: Landlock is built in but not enabled: lsm= leaves it out (EOPNOTSUPP)
    landlock.errata: absent (exercised)
      Landlock is built in but not enabled: lsm= leaves it out (EOPNOTSUPP)
      | landlock_create_ruleset(VERSION) -> EOPNOTSUPP
      ! boot-param: Landlock is built in but not enabled: lsm= leaves it out (EOPNOTSUPP)
    "
  `);
});

test("is not built in", async () => {
  expect(printFindings(await landlock.run(createFixtureContext(fixtures.oldKernel)))).toMatchInlineSnapshot(`
    "
    landlock.file-system: absent (exercised)
      this kernel has no Landlock (ENOSYS), or a filter says so
      | landlock_create_ruleset(VERSION) -> ENOSYS
      ! kernel-config: this kernel has no Landlock (ENOSYS), or a filter says so
    landlock.network: absent (exercised)
      this kernel has no Landlock (ENOSYS), or a filter says so
      | landlock_create_ruleset(VERSION) -> ENOSYS
      ! kernel-config: this kernel has no Landlock (ENOSYS), or a filter says so
    landlock.devices: absent (exercised)
      this kernel has no Landlock (ENOSYS), or a filter says so
      | landlock_create_ruleset(VERSION) -> ENOSYS
      ! kernel-config: this kernel has no Landlock (ENOSYS), or a filter says so
    landlock.scopes: absent (exercised)
      this kernel has no Landlock (ENOSYS), or a filter says so
      | landlock_create_ruleset(VERSION) -> ENOSYS
      ! kernel-config: this kernel has no Landlock (ENOSYS), or a filter says so
    landlock.errata: absent (exercised)
      this kernel has no Landlock (ENOSYS), or a filter says so
      | landlock_create_ruleset(VERSION) -> ENOSYS
      ! kernel-config: this kernel has no Landlock (ENOSYS), or a filter says so
    "
  `);
});

test.each([
  ["a right that denies nothing", { "truncate-denied": "ok" }, "broken"],
  ["a move that is denied where it is allowed", { "refer-allowed": "EXDEV" }, "broken"],
  [
    "as many domains around as fit",
    { "file-restrict": "E2BIG", "file-denied": undefined, layers: "E2BIG 0" },
    "blocked",
  ],
])("%s", async (_, changes, state) => {
  const { host } = fixtures.firecrackerUser;
  const transcripts = { landlock: altered(asUser.landlock, changes) };
  const findings = await landlock.run(createFixtureContext({ host, helpers: { transcripts } }));
  expect(findings["landlock.file-system"].state).toBe(state as never);
});

test("what cannot be tried is said, and claims nothing", async () => {
  const { host } = fixtures.firecrackerUser;
  const changes = {
    "refer-place": "EPERM",
    "refer-control": undefined,
    "refer-denied": undefined,
    "refer-allowed": undefined,
  };
  const transcripts = { landlock: altered(asUser.landlock, changes) };
  const findings = await landlock.run(createFixtureContext({ host, helpers: { transcripts } }));
  expect(findings["landlock.file-system"]).toMatchObject({
    state: "works",
    summary:
      "ABI 7: denies opening a file and a directory, lets the allowed one through; so it does for execute, truncate; not tried here: refer",
  });
});

test.each([
  ["ok 7", "works", []],
  ["ok 5", "degraded", ["kernel-version"]],
  ["EINVAL", "unknown", []],
])("errata %s: %s", async (errata, state, codes) => {
  const { host } = fixtures.firecrackerUser;
  const transcripts = { landlock: altered(asUser.landlock, { errata }) };
  const found = (await landlock.run(createFixtureContext({ host, helpers: { transcripts } })))["landlock.errata"];
  expect([found.state, found.blockers.map(({ code }) => code)]).toEqual([state, codes] as never);
});
