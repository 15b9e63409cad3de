import { expect, test } from "bun:test";
import vmms from "../../src/probes/vmms.ts";
import { fixtures } from "../fixtures/hosts/all.ts";
import { createFixtureContext, exited } from "../support/fixture-host.ts";
import { printFindings } from "../support/print-findings.ts";
import { alteredContext } from "../support/with-devices.ts";

test("none is installed", async () => {
  expect(printFindings(await vmms.run(createFixtureContext(fixtures.firecrackerUser)))).toMatchInlineSnapshot(`
    "
    vmm.qemu: absent (exercised)
      not installed
      | look for qemu-system-x86_64 -> not there
      ! package-missing: no qemu-system-x86_64 in PATH
    vmm.firecracker: absent (exercised)
      not installed
      | look for firecracker -> not there
      ! package-missing: no firecracker in PATH
    vmm.cloud-hypervisor: absent (exercised)
      not installed
      | look for cloud-hypervisor -> not there
      ! package-missing: no cloud-hypervisor in PATH
    vmm.crosvm: absent (exercised)
      not installed
      | look for crosvm -> not there
      ! package-missing: no crosvm in PATH
    vmm.krun: absent (exercised)
      not installed
      | look for krun, krunvm -> not there
      ! package-missing: no krun or krunvm in PATH
    vmm.virtiofsd: absent (exercised)
      not installed
      | look for virtiofsd -> not there
      ! package-missing: no virtiofsd in PATH
    "
  `);
});

test("says what QEMU says of itself", async () => {
  const context = alteredContext(fixtures.gpuServer, {});
  const found = await vmms.run({
    ...context,
    host: {
      ...context.host,
      run: (program, words) =>
        Promise.resolve(
          exited(
            0,
            {
              "-accel": "Accelerators supported in QEMU binary:\ntcg\nkvm\n",
              "-machine": "Supported machines are:\nmicrovm microvm (i386)\npc Standard PC\n",
            }[words[0] ?? ""] ?? `${program} 1.2\n`,
          ),
        ),
    },
  });
  expect(found["vmm.qemu"]).toMatchObject({
    state: "works",
    level: "declared",
    summary:
      "/usr/bin/qemu-system-x86_64: /usr/bin/qemu-system-x86_64 1.2; built with KVM, with the machine microvm; present, what it can do here was not tried",
    value: "/usr/bin/qemu-system-x86_64",
  });
  expect(found["vmm.firecracker"].state).toBe("works");
});

test.each([
  ["hangs", { status: "timeout", stdout: "", stderr: "", durationMs: 5000 }, "unknown"],
  ["says nothing", exited(0, ""), "broken"],
  ["fails", exited(1, "", "no such library 1.2"), "broken"],
  ["wants privileges", exited(1, "", "setgroups() failed with error=1:Operation not permitted\n"), "blocked"],
] as const)("one that %s", async (_, result, state) => {
  const context = alteredContext(fixtures.gpuServer, { programs: { "/usr/bin/crosvm": result } });
  expect((await vmms.run(context))["vmm.crosvm"].state).toBe(state);
});

test("virtiofsd lies beside PATH", async () => {
  const context = alteredContext(fixtures.gpuServer, {
    files: { "/usr/libexec/virtiofsd": "" },
    programs: { "/usr/libexec/virtiofsd": "virtiofsd 1.13.0\n" },
  });
  expect((await vmms.run(context))["vmm.virtiofsd"]).toMatchObject({ state: "works", value: "/usr/libexec/virtiofsd" });
});
