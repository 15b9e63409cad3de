import { expect, test } from "bun:test";
import identityMappedMounts from "../../src/probes/identity-mapped-mounts.ts";
import { fixtures } from "../fixtures/hosts/all.ts";
import { createFixtureContext, createFixtureHelpers, ready } from "../support/fixture-host.ts";
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

test.each([
  ["/sys", "works", "on the file system of /; an idmapped mount of /sys failed"],
  ["/", "degraded", "not all: an idmapped mount of / failed"],
])("where the file system of %s has none it is %s", async (without, state, summary) => {
  const { host } = createFixtureContext(fixtures.firecrackerRoot);
  const status = (path: string): ReturnType<typeof host.status> => {
    const found = host.status("/");
    return found.ok ? { ok: true, value: { ...found.value, device: path === "/" ? 1 : 2 } } : found;
  };
  const helpers = createFixtureHelpers(
    {
      rehearse: ({ root }) =>
        root.some((step) => step.step === "bind" && step.source === without)
          ? { status: "failed", step: "idmap", errno: "EINVAL", subject: without }
          : ready,
    },
    host,
  );
  const found = await identityMappedMounts.run({ host: { ...host, directory: "/sys", status }, helpers, deep: false });
  expect([found["mount.idmap"]?.state, found["mount.idmap"]?.summary]).toEqual([state, summary]);
});
