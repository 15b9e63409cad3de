import { expect, test } from "bun:test";
import identityMappedMounts from "../../src/probes/identity-mapped-mounts.ts";
import { fixtures } from "../fixtures/hosts/all.ts";
import { createFixtureContext } from "../support/fixture-host.ts";
import { printFindings } from "../support/print-findings.ts";

test("works for root", async () => {
  expect(printFindings(await identityMappedMounts.run(createFixtureContext(fixtures.firecrackerRoot))))
    .toMatchInlineSnapshot(`
    "
    mount.idmap: works (exercised)
      on the file systems of / and the current directory
      | launcher: an idmapped mount of / -> ok
    "
  `);
});

test("does not apply to a user", async () => {
  expect(printFindings(await identityMappedMounts.run(createFixtureContext(fixtures.firecrackerUser))))
    .toMatchInlineSnapshot(`
    "
    mount.idmap: not-applicable (declared)
      only root makes them; a user's job keeps the user's ids and needs none
      | effective user id -> 1001
    "
  `);
});

test("is absent in gVisor", async () => {
  expect(printFindings(await identityMappedMounts.run(createFixtureContext(fixtures.gvisor)))).toMatchInlineSnapshot(`
    "
    mount.idmap: absent (exercised)
      this kernel has no idmapped mounts of the file system of / (ENOSYS)
      | launcher: an idmapped mount of / -> ENOSYS at idmap (/)
      ! kernel-version: this kernel has no idmapped mounts of the file system of / (ENOSYS)
    "
  `);
});
