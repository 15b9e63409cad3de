import { expect, test } from "bun:test";
import layers from "../../src/probes/layers.ts";
import { fixtures } from "../fixtures/hosts/all.ts";
import { createFixtureContext } from "../support/fixture-host.ts";
import { printFindings } from "../support/print-findings.ts";

test("sees Firecracker with root's eyes, and no container in a marker file alone", async () => {
  expect(printFindings(await layers.run(createFixtureContext(fixtures.firecrackerRoot)))).toMatchInlineSnapshot(`
    "
    host.layers: works (inferred) = vm:firecracker
      vm:firecracker
      | list /sys/class/dmi/id -> ENOENT
      | maker of the ACPI table DSDT -> FIRECK
      | ACPI devices of Firecracker's -> AMZNC10C:00
      | read /proc/cmdline -> names firecracker
      | inode of /proc/self/ns/pid -> the kernel's first
      | inode of /proc/self/ns/user -> the kernel's first
      | inode of /proc/self/ns/uts -> the kernel's first
      | inode of /proc/self/ns/ipc -> the kernel's first
      | inode of /proc/self/ns/cgroup -> the kernel's first
      | look for /.dockerenv -> there, but all namespaces are the kernel's first
    layer.hardware: works (declared) = x64
      x64
      | the processor in /proc/cpuinfo -> not named
    layer.hypervisor: works (inferred) = firecracker
      firecracker
      | list /sys/class/dmi/id -> ENOENT
      | maker of the ACPI table DSDT -> FIRECK
      | ACPI devices of Firecracker's -> AMZNC10C:00
      | read /proc/cmdline -> names firecracker
    layer.system: works (declared) = Linux 6.18.44-fc-v669
      Linux 6.18.44-fc-v669
      | read /proc/sys/kernel/osrelease -> 6.18.44-fc-v669
      | PRETTY_NAME of os-release -> not there
    layer.container: absent (inferred)
      no container around cupel
      … the last 6 lines of host.layers
    layer.session: works (declared) = root
      root
      | unit in /proc/self/cgroup -> none
      | uid -> 0
    "
  `);
});

test("sees Firecracker with a user's eyes", async () => {
  expect(printFindings(await layers.run(createFixtureContext(fixtures.firecrackerUser)))).toMatchInlineSnapshot(`
    "
    host.layers: works (inferred) = vm:firecracker
      vm:firecracker
      | list /sys/class/dmi/id -> ENOENT
      | ACPI devices of Firecracker's -> AMZNC10C:00
      | read /proc/cmdline -> names firecracker
      | inode of /proc/self/ns/pid -> the kernel's first
      | inode of /proc/self/ns/user -> the kernel's first
      | inode of /proc/self/ns/uts -> the kernel's first
      | inode of /proc/self/ns/ipc -> the kernel's first
      | inode of /proc/self/ns/cgroup -> the kernel's first
      | look for /.dockerenv -> there, but all namespaces are the kernel's first
    layer.hardware: works (declared) = x64
      x64
      | the processor in /proc/cpuinfo -> not named
    layer.hypervisor: works (inferred) = firecracker
      firecracker
      | list /sys/class/dmi/id -> ENOENT
      | ACPI devices of Firecracker's -> AMZNC10C:00
      | read /proc/cmdline -> names firecracker
    layer.system: works (declared) = Linux 6.18.44-fc-v669
      Linux 6.18.44-fc-v669
      | read /proc/sys/kernel/osrelease -> 6.18.44-fc-v669
      | PRETTY_NAME of os-release -> not there
    layer.container: absent (inferred)
      no container around cupel
      … the last 6 lines of host.layers
    layer.session: works (declared) = uid 1001
      uid 1001
      | unit in /proc/self/cgroup -> none
      | uid -> 1001
    "
  `);
});

test("sees Docker on a machine of metal", async () => {
  expect(printFindings(await layers.run(createFixtureContext(fixtures.dockerDefault)))).toMatchInlineSnapshot(`
    "
    host.layers: works (inferred) = container:docker
      container:docker
      | the hypervisor flag of /proc/cpuinfo -> not set
      | inode of /proc/self/ns/pid -> 4026532800
      | inode of /proc/self/ns/user -> the kernel's first
      | inode of /proc/self/ns/uts -> 4026532801
      | inode of /proc/self/ns/ipc -> 4026532802
      | inode of /proc/self/ns/cgroup -> 4026532803
      | look for /.dockerenv -> there
    layer.hardware: works (declared) = x64
      x64
      | the processor in /proc/cpuinfo -> not named
    layer.hypervisor: absent (inferred)
      no hypervisor was found
      | the hypervisor flag of /proc/cpuinfo -> not set
    layer.system: works (declared) = Linux 6.8.0-45-generic
      Linux 6.8.0-45-generic
      | read /proc/sys/kernel/osrelease -> 6.8.0-45-generic
      | PRETTY_NAME of os-release -> not there
    layer.container: works (inferred) = docker
      docker
      … the last 6 lines of host.layers
    layer.session: works (declared) = root
      root
      | unit in /proc/self/cgroup -> none
      | uid -> 0
    "
  `);
});

test("sees gVisor in a pod", async () => {
  expect(printFindings(await layers.run(createFixtureContext(fixtures.gvisor)))).toMatchInlineSnapshot(`
    "
    host.layers: works (inferred) = vm:unknown > user-kernel:gvisor
      vm:unknown > user-kernel:gvisor
      | the hypervisor flag of /proc/cpuinfo -> set
      | read /proc/version -> names gVisor
    layer.hardware: works (declared) = x64
      x64
      | the processor in /proc/cpuinfo -> not named
    layer.hypervisor: works (inferred) = unknown
      unknown
      | the hypervisor flag of /proc/cpuinfo -> set
    layer.system: works (declared) = Linux 4.19.0-gvisor
      Linux 4.19.0-gvisor
      | read /proc/sys/kernel/osrelease -> 4.19.0-gvisor
      | PRETTY_NAME of os-release -> not there
    layer.container: works (inferred) = gvisor
      gvisor
      | read /proc/version -> names gVisor
    layer.session: works (declared) = root
      root
      | unit in /proc/self/cgroup -> none
      | uid -> 0
    "
  `);
});

test("sees WSL 2", async () => {
  expect(printFindings(await layers.run(createFixtureContext(fixtures.wsl)))).toMatchInlineSnapshot(`
    "
    host.layers: works (inferred) = vm:wsl2
      vm:wsl2
      | read /proc/sys/kernel/osrelease -> 6.6.36.6-microsoft-standard-WSL2
      | inode of /proc/self/ns/pid -> the kernel's first
      | inode of /proc/self/ns/user -> the kernel's first
      | inode of /proc/self/ns/uts -> the kernel's first
      | inode of /proc/self/ns/ipc -> the kernel's first
      | inode of /proc/self/ns/cgroup -> the kernel's first
    layer.hardware: works (declared) = x64
      x64
      | the processor in /proc/cpuinfo -> not named
    layer.hypervisor: works (inferred) = wsl2
      wsl2
      | read /proc/sys/kernel/osrelease -> 6.6.36.6-microsoft-standard-WSL2
    layer.system: works (declared) = Linux 6.6.36.6-microsoft-standard-WSL2
      Linux 6.6.36.6-microsoft-standard-WSL2
      | read /proc/sys/kernel/osrelease -> 6.6.36.6-microsoft-standard-WSL2
      | PRETTY_NAME of os-release -> not there
    layer.container: absent (inferred)
      no container around cupel
      … the last 5 lines of host.layers
    layer.session: works (declared) = uid 1000 in user@1000.service
      uid 1000 in user@1000.service
      | unit in /proc/self/cgroup -> user@1000.service
      | uid -> 1000
    "
  `);
});

test("says that there is nothing to see on a desktop", async () => {
  expect(printFindings(await layers.run(createFixtureContext(fixtures.fedoraDesktop)))).toMatchInlineSnapshot(`
    "
    host.layers: works (inferred) = none
      no virtual machine and no container around cupel was found
      | the hypervisor flag of /proc/cpuinfo -> not set
      | inode of /proc/self/ns/pid -> the kernel's first
      | inode of /proc/self/ns/user -> the kernel's first
      | inode of /proc/self/ns/uts -> the kernel's first
      | inode of /proc/self/ns/ipc -> the kernel's first
      | inode of /proc/self/ns/cgroup -> the kernel's first
    layer.hardware: works (declared) = x64
      x64
      | the processor in /proc/cpuinfo -> not named
    layer.hypervisor: absent (inferred)
      no hypervisor was found
      | the hypervisor flag of /proc/cpuinfo -> not set
    layer.system: works (declared) = Linux 6.15.4-200.fc42.x86_64
      Linux 6.15.4-200.fc42.x86_64
      | read /proc/sys/kernel/osrelease -> 6.15.4-200.fc42.x86_64
      | PRETTY_NAME of os-release -> not there
    layer.container: absent (inferred)
      no container around cupel
      … the last 5 lines of host.layers
    layer.session: works (declared) = uid 1000 in user@1000.service
      uid 1000 in user@1000.service
      | unit in /proc/self/cgroup -> user@1000.service
      | uid -> 1000
    "
  `);
});

test("does not guess where it cannot look", async () => {
  expect(printFindings(await layers.run(createFixtureContext(fixtures.empty)))).toMatchInlineSnapshot(`
    "
    host.layers: unknown (inferred)
      neither /proc nor /sys can be read
      | the hypervisor flag of /proc/cpuinfo -> not set
    layer.hardware: unknown (inferred)
      neither /proc nor /sys can be read
      | the hypervisor flag of /proc/cpuinfo -> not set
    layer.hypervisor: unknown (inferred)
      neither /proc nor /sys can be read
      | the hypervisor flag of /proc/cpuinfo -> not set
    layer.system: unknown (inferred)
      neither /proc nor /sys can be read
      | the hypervisor flag of /proc/cpuinfo -> not set
    layer.container: unknown (inferred)
      neither /proc nor /sys can be read
      | the hypervisor flag of /proc/cpuinfo -> not set
    layer.session: unknown (inferred)
      neither /proc nor /sys can be read
      | the hypervisor flag of /proc/cpuinfo -> not set
    "
  `);
});

test.each([
  ["kvm-clock tsc acpi_pm", "vm:kvm"],
  ["tsc hpet acpi_pm", "vm:qemu"],
])("tells QEMU with KVM from QEMU without by the clocks: %s", async (clocks, expected) => {
  const files = {
    "/proc/version": "Linux version 6.1.0",
    "/proc/cpuinfo": "flags\t: fpu hypervisor\n",
    "/sys/class/dmi/id/sys_vendor": "QEMU\n",
    "/sys/class/dmi/id/product_name": "Standard PC (Q35 + ICH9, 2009)\n",
    "/sys/devices/system/clocksource/clocksource0/available_clocksource": `${clocks}\n`,
  };
  const found = await layers.run(createFixtureContext({ host: { files }, helpers: {} }));
  expect(found["host.layers"].value).toBe(expected);
});
