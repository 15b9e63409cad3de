import { describe, expect, test } from "bun:test";
import kvmBoot from "../../src/probes/kvm-boot.ts";
import { fixtures } from "../fixtures/hosts/all.ts";
import { printFindings } from "../support/print-findings.ts";
import { alteredContext, type Changes } from "../support/with-devices.ts";

describe("kvm.boot with --deep", () => {
  const boot = (said: string): Changes => ({ deep: true, transcripts: { boot: `initramfs ok\nstart ok\n${said}` } });

  test("a kernel that comes to its first process", async () => {
    const found = await kvmBoot.run(alteredContext(fixtures.gpuServer, { deep: true }));
    expect(printFindings({ "kvm.boot": found["kvm.boot"] })).toMatchInlineSnapshot(`
      "
      kvm.boot: works (exercised)
        a kernel came to its first process in 912 ms
        | make an initramfs with the prober as its first process -> ok
        | /usr/bin/qemu-system-x86_64 -accel kvm -kernel /boot/vmlinuz-6.12.30-amd64 -> ok
        | look for anon_inode:kvm-vm among QEMU's descriptors (1 where it is there) -> ok, 1
        | wait for the first process to answer (milliseconds) -> ok, 912
        | the last line on the console -> cupel-boot:0123456789abcdef
      "
    `);
  });

  test.each<[string, Changes, object]>([
    [
      "an answer from what is no virtual machine",
      boot("virtual-machine ok\nanswer ok 900 milliseconds"),
      { state: "broken", summary: "the first process answered, but QEMU held no virtual machine of KVM" },
    ],
    [
      "a QEMU that ends",
      boot("virtual-machine ok\nanswer EPIPE 20 x\nended ok 6 signal\nlast-line ok 0 kvm: no"),
      { state: "broken", summary: "QEMU ended before the first process: kvm: no" },
    ],
    [
      "no answer in time says nothing of why",
      boot("virtual-machine ok 1\nanswer ETIMEDOUT 20000 x"),
      { state: "unknown", summary: "no first process after 20 s; ended", blockers: [] },
    ],
    [
      "no kernel to boot",
      { deep: true, files: { "/boot/vmlinuz-6.12.30-amd64": { errno: "ENOENT" } } },
      { state: "unknown" },
    ],
    [
      "a kernel that only root may read",
      { deep: true, files: { "/boot/vmlinuz-6.12.30-amd64": { status: { mode: 0o600 } } } },
      { state: "unknown" },
    ],
    ["no QEMU", { deep: true, programs: {} }, { state: "unknown", level: "inferred" }],
  ])("%s", async (_, changes, expected) => {
    expect((await kvmBoot.run(alteredContext(fixtures.gpuServer, changes)))["kvm.boot"]).toMatchObject(expected);
  });

  test("no answer in time from guests that are interpreted is what was to be expected", async () => {
    const context = alteredContext(fixtures.firecrackerRoot, {
      ...boot("virtual-machine ok 1\nanswer ETIMEDOUT 20000 x"),
      files: { "/boot/vmlinuz-6.1": "" },
      programs: { "/usr/bin/qemu-system-x86_64": "" },
    });
    expect((await kvmBoot.run(context))["kvm.boot"]).toMatchObject({
      state: "broken",
      blockers: [{ code: "hypervisor-nested-off" }],
    });
  });
});
