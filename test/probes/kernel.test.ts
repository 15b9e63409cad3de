import { expect, test } from "bun:test";
import kernel from "../../src/probes/kernel.ts";
import { fixtures } from "../fixtures/hosts/all.ts";
import { createFixtureContext } from "../support/fixture-host.ts";
import { printFindings } from "../support/print-findings.ts";

test("names the kernel and runs a helper", async () => {
  expect(printFindings(await kernel.run(createFixtureContext(fixtures.firecrackerUser)))).toMatchInlineSnapshot(`
    "
    host.kernel: works (declared) = 6.18.44-fc-v669
      Linux 6.18.44-fc-v669
      | read /proc/sys/kernel/osrelease -> 6.18.44-fc-v669
      | read /proc/version -> Linux version 6.18.44-fc-v669 (builder@sandboxing) #1 SMP PREEMPT_DYNAMIC
    host.architecture: works (exercised) = x64
      x64; helpers run
      | run the prober and have it fork once -> ok, 1
    "
  `);
});

test("is unknown where nothing can be read or started", async () => {
  expect(printFindings(await kernel.run(createFixtureContext(fixtures.empty)))).toMatchInlineSnapshot(`
    "
    host.kernel: unknown (inferred)
      /proc does not say which kernel this is
      | read /proc/sys/kernel/osrelease -> ENOENT
      | read /proc/version -> ENOENT
    host.architecture: unknown (inferred) = x64
      x64; the helpers could not be run
      | prober fork-limit -> the prober could not be started
    "
  `);
});

test("does not apply elsewhere", async () => {
  expect(printFindings(await kernel.run(createFixtureContext(fixtures.mac)))).toMatchInlineSnapshot(`
    "
    host.kernel: not-applicable (declared)
      a Linux mechanism, and this is macOS: run cupel in a Linux virtual machine, such as one of Lima (limactl shell) or podman machine (ssh)
      | platform -> darwin
    host.architecture: not-applicable (declared)
      a Linux mechanism, and this is macOS: run cupel in a Linux virtual machine, such as one of Lima (limactl shell) or podman machine (ssh)
      | platform -> darwin
    "
  `);
});
