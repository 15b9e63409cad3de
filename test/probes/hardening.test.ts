import { expect, test } from "bun:test";
import hardening from "../../src/probes/hardening.ts";
import { fixtures } from "../fixtures/hosts/all.ts";
import { createFixtureContext, type FixtureFile } from "../support/fixture-host.ts";
import { printFindings } from "../support/print-findings.ts";

async function find(files: Readonly<Record<string, FixtureFile>>) {
  return printFindings(await hardening.run(createFixtureContext({ host: { files }, helpers: {} })));
}

const weaknesses = "/sys/devices/system/cpu/vulnerabilities";

test("a guarded host", async () => {
  const files = {
    [`${weaknesses}/meltdown`]: "Not affected\n",
    [`${weaknesses}/spectre_v2`]: "Mitigation: Retpolines\n",
    "/sys/devices/system/cpu/smt/active": "0\n",
    "/sys/kernel/mm/ksm/run": "0\n",
    "/proc/swaps": "Filename\tType\n",
    "/proc/sys/kernel/randomize_va_space": "2\n",
    "/proc/sys/kernel/dmesg_restrict": "1\n",
    "/proc/sys/kernel/kptr_restrict": "1\n",
    "/proc/sys/kernel/core_pattern": "core\n",
  };
  expect(await find(files)).toMatchInlineSnapshot(`
    "
    hardening.cpu: works (declared) = 
      of 2 known weaknesses of processors none is left open
      | list /sys/devices/system/cpu/vulnerabilities -> 2 known
      | read spectre_v2 -> Mitigation: Retpolines
      | read /sys/devices/system/cpu/smt/active -> 0
    hardening.memory: works (declared)
      addresses are randomized; no swap
      | read kernel.randomize_va_space -> 2
      | read /sys/kernel/mm/ksm/run -> 0
      | count swaps in /proc/swaps -> 0
      | read kernel.dmesg_restrict -> 1
      | read kernel.kptr_restrict -> 1
    hardening.core-dumps: works (declared) = core
      a crash in a job starts nothing; its core file stays with the job
      | read kernel.core_pattern -> core
    "
  `);
});

test("a desktop in a virtual machine", async () => {
  const files = {
    "/proc/cpuinfo": "processor\t: 0\nflags\t\t: fpu hypervisor lm\n",
    [`${weaknesses}/mds`]: "Vulnerable: Clear CPU buffers attempted, no microcode; SMT vulnerable\n",
    [`${weaknesses}/itlb_multihit`]: "KVM: Vulnerable\n",
    [`${weaknesses}/meltdown`]: "Mitigation: PTI\n",
    "/sys/devices/system/cpu/smt/active": "1\n",
    "/sys/kernel/mm/ksm/run": "1\n",
    "/proc/swaps": "Filename\tType\n/dev/sda2 partition 1 0 -2\n",
    "/proc/sys/kernel/randomize_va_space": "0\n",
    "/proc/sys/kernel/dmesg_restrict": "0\n",
    "/proc/sys/kernel/core_pattern": "|/usr/share/apport/apport -p%p -s%s\n",
  };
  expect(await find(files)).toMatchInlineSnapshot(`
    "
    hardening.cpu: degraded (declared) = itlb_multihit,mds
      left open, as a virtual machine sees it: itlb_multihit, mds; jobs share cores with others (SMT is on)
      | list /sys/devices/system/cpu/vulnerabilities -> 3 known
      | read itlb_multihit -> KVM: Vulnerable
      | read mds -> Vulnerable: Clear CPU buffers attempted, no microcode; SMT vulnerable
      | read meltdown -> Mitigation: PTI
      | read /sys/devices/system/cpu/smt/active -> 1
    hardening.memory: degraded (declared)
      addresses are not randomized in whole (kernel.randomize_va_space is 0); equal pages of different jobs are merged (KSM runs); a job's memory may be swapped out; anybody may read the kernel's log
      | read kernel.randomize_va_space -> 0
      | read /sys/kernel/mm/ksm/run -> 1
      | count swaps in /proc/swaps -> 1
      | read kernel.dmesg_restrict -> 0
      | read kernel.kptr_restrict -> ENOENT
    hardening.core-dumps: degraded (declared) = /usr/share/apport/apport
      a crash in a job has the host start /usr/share/apport/apport as root, with the job's memory as its input
      | read kernel.core_pattern -> |/usr/share/apport/apport -p%p -s%s
    "
  `);
});

test.each([
  ["@/run/coredump.socket", "degraded"],
  ["", "works"],
  ["/var/crash/core.%e", "works"],
])("core pattern %j", async (pattern, state) => {
  const host = { files: { "/proc/sys/kernel/core_pattern": `${pattern}\n` } };
  const found = await hardening.run(createFixtureContext({ host, helpers: {} }));
  expect(found["hardening.core-dumps"].state).toBe(state as "works");
});

test("nothing can be read", async () => {
  expect(printFindings(await hardening.run(createFixtureContext(fixtures.empty)))).toMatchInlineSnapshot(`
    "
    hardening.cpu: unknown (inferred)
      the kernel does not say what this processor is vulnerable to
      | list /sys/devices/system/cpu/vulnerabilities -> ENOENT
      | read /sys/devices/system/cpu/smt/active -> ENOENT
    hardening.memory: unknown (inferred)
      the kernel's settings for memory cannot be read
      | read kernel.randomize_va_space -> ENOENT
      | read /sys/kernel/mm/ksm/run -> ENOENT
      | count swaps in /proc/swaps -> ENOENT
      | read kernel.dmesg_restrict -> ENOENT
      | read kernel.kptr_restrict -> ENOENT
    hardening.core-dumps: unknown (inferred)
      kernel.core_pattern cannot be read
      | read kernel.core_pattern -> ENOENT
    "
  `);
});
