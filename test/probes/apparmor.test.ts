import { expect, test } from "bun:test";
import apparmor from "../../src/probes/apparmor.ts";
import { fixtures } from "../fixtures/hosts/all.ts";
import { createFixtureContext } from "../support/fixture-host.ts";
import { printFindings } from "../support/print-findings.ts";

test("is absent", async () => {
  expect(printFindings(await apparmor.run(createFixtureContext(fixtures.firecrackerUser)))).toMatchInlineSnapshot(`
    "
    lsm.apparmor: absent (declared)
      not on this host
      | read /sys/module/apparmor/parameters/enabled -> ENOENT
      | read /proc/self/attr/apparmor/current -> ENOENT
    "
  `);
});

test("is on, and restricts", async () => {
  expect(printFindings(await apparmor.run(createFixtureContext(fixtures.ubuntuRestricted)))).toMatchInlineSnapshot(`
    "
    lsm.apparmor: works (declared) = unconfined
      on; cupel runs as unconfined
      | read /sys/module/apparmor/parameters/enabled -> Y
      | read /proc/self/attr/apparmor/current -> unconfined
      | read kernel.apparmor_restrict_unprivileged_userns -> 1
    "
  `);
});

test("confines a container", async () => {
  expect(printFindings(await apparmor.run(createFixtureContext(fixtures.dockerDefault)))).toMatchInlineSnapshot(`
    "
    lsm.apparmor: works (declared) = docker-default (enforce)
      on; cupel runs as docker-default (enforce)
      | read /sys/module/apparmor/parameters/enabled -> Y
      | read /proc/self/attr/apparmor/current -> docker-default (enforce)
      | read kernel.apparmor_restrict_unprivileged_userns -> 1
    "
  `);
});
