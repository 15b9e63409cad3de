import { describe, expect, test } from "bun:test";
import kvm from "../../src/probes/kvm.ts";
import { fixtures } from "../fixtures/hosts/all.ts";
import { altered } from "../fixtures/hosts/transcripts.ts";
import { createFixtureContext } from "../support/fixture-host.ts";
import { printFindings } from "../support/print-findings.ts";
import { alteredContext } from "../support/with-devices.ts";

test("runs guests, and finds out that they are interpreted", async () => {
  expect(printFindings(await kvm.run(createFixtureContext(fixtures.firecrackerRoot)))).toMatchInlineSnapshot(`
    "
    kvm.open: works (opened)
      opened for reading and writing
      | open /dev/kvm for reading and writing -> ok
      | KVM_GET_API_VERSION -> ok, 12
    kvm.create: works (exercised)
      a virtual machine was created
      | KVM_CREATE_VM -> ok
    kvm.run: works (exercised) = kvm_pvm
      a guest gave the right answer and halted in 0.6 ms
      | run a guest that adds, writes the sum to a port and halts (microseconds) -> ok, 612
      | list /sys/module -> kvm_pvm
    kvm.long-mode: broken (exercised)
      64-bit code gives right answers but is interpreted: a loop that takes 63 microseconds here was not done after 150 ms of processor time in a guest, so no kernel boots in useful time
      | run a 64-bit guest with paging (microseconds) -> ok, 530
      | run a 64-bit loop of 262,144 turns in a guest (microseconds) -> ETIMEDOUT
      | run the same loop here (microseconds) -> ok, 63
      ! hypervisor-nested-off: 64-bit code gives right answers but is interpreted: a loop that takes 63 microseconds here was not done after 150 ms of processor time in a guest, so no kernel boots in useful time
    kvm.memory: works (exercised)
      a guest wrote all over 64 MiB, and it was read here
      | have a guest write to each 2 MiB of 64 MiB (microseconds) -> ok, 778
    kvm.latency: works (exercised) = 7.4
      a guest's exit and return take 7.4 microseconds
      | leave a guest 200 times (nanoseconds for one exit) -> ok, 7356
    "
  `);
});

test("is closed to a user", async () => {
  expect(printFindings(await kvm.run(createFixtureContext(fixtures.firecrackerUser)))).toMatchInlineSnapshot(`
    "
    kvm.open: blocked (opened)
      /dev/kvm: mode 0600, owner 0, group 0; this user may not open it (EACCES)
      | open /dev/kvm for reading and writing -> EACCES
      | stat /dev/kvm -> character-device, mode 0600, owner 0, group 0
      ! device-mode: /dev/kvm: mode 0600, owner 0, group 0; this user may not open it (EACCES)
    kvm.create: blocked (opened)
      … the last 4 lines of kvm.open
    kvm.run: blocked (opened)
      … the last 4 lines of kvm.open
    kvm.long-mode: blocked (opened)
      … the last 4 lines of kvm.open
    kvm.memory: blocked (opened)
      … the last 4 lines of kvm.open
    kvm.latency: blocked (opened)
      … the last 4 lines of kvm.open
    "
  `);
});

test("runs guests on a desktop, and claims no more", async () => {
  expect(printFindings(await kvm.run(createFixtureContext(fixtures.fedoraDesktop)))).toMatchInlineSnapshot(`
    "
    kvm.open: works (opened)
      opened for reading and writing
      | open /dev/kvm for reading and writing -> ok
      | KVM_GET_API_VERSION -> ok, 12
    kvm.create: works (exercised)
      a virtual machine was created
      | KVM_CREATE_VM -> ok
    kvm.run: works (exercised) = kvm_intel
      a guest gave the right answer and halted in 0.3 ms
      | run a guest that adds, writes the sum to a port and halts (microseconds) -> ok, 310
      | list /sys/module -> kvm_intel
    kvm.long-mode: works (exercised)
      a guest gave the right answer and halted in 0.3 ms
      | run a 64-bit guest with paging (microseconds) -> ok, 290
      | run a 64-bit loop of 262,144 turns in a guest (microseconds) -> ok, 410
      | run the same loop here (microseconds) -> ok, 58
    kvm.memory: works (exercised)
      a guest wrote all over 64 MiB, and it was read here
      | have a guest write to each 2 MiB of 64 MiB (microseconds) -> ok, 410
    kvm.latency: works (exercised) = 1.2
      a guest's exit and return take 1.2 microseconds
      | leave a guest 200 times (nanoseconds for one exit) -> ok, 1240
    "
  `);
});

test("is not passed into a container", async () => {
  expect(printFindings(await kvm.run(createFixtureContext(fixtures.dockerDefault)))).toMatchInlineSnapshot(`
    "
    kvm.open: absent (opened)
      the kernel has KVM, but /dev/kvm is not in this /dev
      | open /dev/kvm for reading and writing -> ENOENT
      | stat /dev/kvm -> ENOENT
      ! device-missing: the kernel has KVM, but /dev/kvm is not in this /dev
    kvm.create: absent (opened)
      … the last 4 lines of kvm.open
    kvm.run: absent (opened)
      … the last 4 lines of kvm.open
    kvm.long-mode: absent (opened)
      … the last 4 lines of kvm.open
    kvm.memory: absent (opened)
      … the last 4 lines of kvm.open
    kvm.latency: absent (opened)
      … the last 4 lines of kvm.open
    "
  `);
});

test("is not loaded", async () => {
  expect(printFindings(await kvm.run(createFixtureContext(fixtures.oldKernel)))).toMatchInlineSnapshot(`
    "
    kvm.open: absent (opened)
      no /dev/kvm, though the processor can virtualize: KVM's module is not loaded
      | open /dev/kvm for reading and writing -> ENOENT
      | stat /dev/kvm -> ENOENT
      ! device-missing: no /dev/kvm, though the processor can virtualize: KVM's module is not loaded
    kvm.create: absent (opened)
      … the last 4 lines of kvm.open
    kvm.run: absent (opened)
      … the last 4 lines of kvm.open
    kvm.long-mode: absent (opened)
      … the last 4 lines of kvm.open
    kvm.memory: absent (opened)
      … the last 4 lines of kvm.open
    kvm.latency: absent (opened)
      … the last 4 lines of kvm.open
    "
  `);
});

function kvmAfter(step: string, result: string): { readonly transcripts: { readonly kvm: string } } {
  return { transcripts: { kvm: altered(fixtures.gpuServer.helpers.transcripts.kvm, { [step]: result }) } };
}

const noDevice = { "/dev/kvm": { errno: "ENOENT" }, "/proc/misc": "200 tun\n" };

describe("the cause of a device that is not there", () => {
  test.each([
    ["vme svm lm", "device-missing", "no /dev/kvm, though the processor can virtualize: KVM's module is not loaded"],
    [
      "vme hypervisor lm",
      "hypervisor-nested-off",
      "no /dev/kvm, and the processor shows no virtualization: the hypervisor around keeps nesting off",
    ],
    [
      "vme lm",
      "firmware",
      "no /dev/kvm, and the processor shows no virtualization: switched off in the firmware, or not there",
    ],
  ] as const)("flags %s", async (flags, code, detail) => {
    const files = { ...noDevice, "/proc/cpuinfo": `flags\t\t: fpu ${flags}\n` };
    const context = alteredContext(fixtures.gpuServer, { files, transcripts: { kvm: "open ENOENT" } });
    expect((await kvm.run(context))["kvm.open"]).toMatchObject({ state: "absent", blockers: [{ code, detail }] });
  });

  test("a name that would have the module loaded", async () => {
    const context = alteredContext(fixtures.gpuServer, { files: { "/proc/misc": "200 tun\n" } });
    const found = await kvm.run(context);
    for (const finding of Object.values(found)) {
      expect(finding).toMatchObject({ state: "absent", level: "declared", blockers: [{ code: "module-missing" }] });
    }
  });
});

test("says what exits cost, whether guests may nest, and where memory fails", async () => {
  const server = await kvm.run(alteredContext(fixtures.gpuServer, {}));
  expect(server["kvm.latency"]).toMatchObject({
    state: "works",
    summary: "a guest's exit and return take 1.2 microseconds",
    value: 1.2,
  });
  const slow = await kvm.run(alteredContext(fixtures.gpuServer, kvmAfter("exit", "ok 45210")));
  expect(slow["kvm.latency"].summary).toBe(
    "a guest's exit and return take 45.2 microseconds: works, slow, as under another hypervisor",
  );
  const short = await kvm.run(alteredContext(fixtures.gpuServer, kvmAfter("memory", "ENOMEM 0 mmap")));
  expect(short["kvm.memory"]).toMatchObject({ state: "blocked", blockers: [{ code: "unknown" }] });
  const wrong = await kvm.run(alteredContext(fixtures.gpuServer, kvmAfter("memory", "EPROTO 0 lost")));
  expect(wrong["kvm.memory"]).toMatchObject({ state: "broken", summary: "64 MiB of memory for a guest: EPROTO: lost" });
});

test.each([
  ["real-mode", "kvm.run"],
  ["long-mode-loop", "kvm.long-mode"],
] as const)("a guest that the machine gave no time to is not broken: %s", async (step, id) => {
  const { host, helpers } = fixtures.fedoraDesktop;
  const usual = helpers.transcripts?.["kvm"];
  if (typeof usual !== "string") throw new Error("the fixture says nothing of KVM");
  const kvmSaid = altered(usual, {
    [step]: "ETIME 3000 too little of a processor to tell",
  });
  const context = createFixtureContext({ host, helpers: { ...helpers, transcripts: { kvm: kvmSaid } } });
  const found = (await kvm.run(context))[id];
  expect([found.state, found.blockers]).toEqual(["unknown", []]);
});
