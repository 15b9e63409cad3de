import { expect, test } from "bun:test";
import iommu from "../../src/probes/iommu.ts";
import { fixtures } from "../fixtures/hosts/all.ts";
import { createFixtureContext, type Fixture } from "../support/fixture-host.ts";

async function find(fixture: Fixture) {
  return (await iommu.run(createFixtureContext(fixture)))["vm.iommu"];
}

test("groups are counted", async () => {
  expect(await find(fixtures.gpuServer)).toMatchObject({ state: "works", level: "declared", value: 2 });
});

test("a guest has what its hypervisor gives it", async () => {
  expect(await find(fixtures.firecrackerUser)).toMatchObject({
    state: "absent",
    blockers: [{ code: "device-missing" }],
  });
});

test("a machine has it switched off", async () => {
  expect(await find(fixtures.fedoraDesktop)).toMatchObject({ state: "absent", blockers: [{ code: "boot-param" }] });
});

test("who may not look does not know", async () => {
  const host = { files: { "/sys/kernel": "" } };
  const context = createFixtureContext({ host, helpers: {} });
  const found = await iommu.run({
    ...context,
    host: { ...context.host, list: () => ({ ok: false, errno: "EACCES" }) },
  });
  expect(found["vm.iommu"]).toMatchObject({ state: "unknown", blockers: [] });
});
