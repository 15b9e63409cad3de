import { expect, test } from "bun:test";
import selinux from "../../src/probes/selinux.ts";
import { fixtures } from "../fixtures/hosts/all.ts";
import { createFixtureContext } from "../support/fixture-host.ts";
import { printFindings } from "../support/print-findings.ts";

test("is absent", async () => {
  expect(printFindings(await selinux.run(createFixtureContext(fixtures.firecrackerUser)))).toMatchInlineSnapshot(`
    "
    lsm.selinux: absent (declared)
      not on this host
      | read /sys/fs/selinux/enforce -> ENOENT
      | read /proc/self/attr/current -> EINVAL
    "
  `);
});

test("enforces", async () => {
  expect(printFindings(await selinux.run(createFixtureContext(fixtures.fedoraDesktop)))).toMatchInlineSnapshot(`
    "
    lsm.selinux: works (declared) = unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023
      enforcing; cupel runs as unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023
      | read /sys/fs/selinux/enforce -> 1
      | read /proc/self/attr/current -> unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023
    "
  `);
});
