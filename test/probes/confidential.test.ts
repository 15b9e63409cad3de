import { expect, test } from "bun:test";
import confidential from "../../src/probes/confidential.ts";
import { fixtures } from "../fixtures/hosts/all.ts";
import { createFixtureContext } from "../support/fixture-host.ts";
import { printFindings } from "../support/print-findings.ts";
import { alteredContext, type Changes } from "../support/with-devices.ts";

async function find(changes: Changes) {
  return (await confidential.run(alteredContext(fixtures.gpuServer, changes)))["vm.confidential"];
}

test("is not offered", async () => {
  expect(printFindings(await confidential.run(createFixtureContext(fixtures.firecrackerUser)))).toMatchInlineSnapshot(`
    "
    vm.confidential: absent (declared)
      KVM offers no guests whose memory the host cannot read
      | read /sys/module/kvm_amd/parameters/sev -> ENOENT
      | read /sys/module/kvm_amd/parameters/sev_es -> ENOENT
      | read /sys/module/kvm_amd/parameters/sev_snp -> ENOENT
      | read /sys/module/kvm_intel/parameters/tdx -> ENOENT
      | stat /dev/sev -> ENOENT
      | stat /dev/sev-guest -> ENOENT
      | stat /dev/tdx_guest -> ENOENT
    "
  `);
});

test("is said, and no more", async () => {
  expect(await find({})).toMatchObject({
    state: "works",
    level: "declared",
    summary: "KVM says SEV, SEV-ES; no such guest was started",
    value: "SEV SEV-ES",
  });
});

test("needs the firmware's device", async () => {
  expect(await find({ files: { "/dev/sev": { errno: "ENOENT" } } })).toMatchObject({
    state: "blocked",
    blockers: [{ code: "device-missing", detail: "KVM says SEV, but /dev/sev is not in this /dev" }],
  });
});

test("a guest of that kind says so", async () => {
  const files = {
    "/sys/module/kvm_amd/parameters/sev": "N\n",
    "/sys/module/kvm_amd/parameters/sev_es": "0\n",
    "/dev/tdx_guest": { status: { kind: "character-device" } as const },
  };
  expect(await find({ files })).toMatchObject({
    state: "absent",
    summary: "this machine is such a guest itself; KVM offers no guests whose memory the host cannot read",
  });
});
