import { describe, expect, test } from "bun:test";
import { parseDriverVersion } from "../../src/probes/_nvidia-driver.ts";
import nvidia from "../../src/probes/nvidia.ts";
import { fixtures } from "../fixtures/hosts/all.ts";
import { devicesAsRoot } from "../fixtures/hosts/device-transcripts.ts";
import { exited } from "../support/fixture-host.ts";
import { printFindings } from "../support/print-findings.ts";
import { alteredContext, type Changes } from "../support/with-devices.ts";

test("a machine without a card", async () => {
  const context = alteredContext(fixtures.firecrackerRoot, {
    transcripts: { ...devicesAsRoot, "device open": "open ENOENT" },
  });
  expect(printFindings(await nvidia.run(context))).toMatchInlineSnapshot(`
    "
    gpu.nvidia: absent (declared)
      no /dev/nvidiactl: no NVIDIA driver
      | read /proc/driver/nvidia/version -> ENOENT
      | stat /dev/nvidiactl -> ENOENT
      ! device-missing: no /dev/nvidiactl: no NVIDIA driver
    gpu.nvidia-uvm: absent (declared)
      no /dev/nvidia-uvm: no NVIDIA driver
      | stat /dev/nvidia-uvm -> ENOENT
      ! device-missing: no /dev/nvidia-uvm: no NVIDIA driver
    gpu.nvidia-container: absent (exercised)
      not installed
      | look for nvidia-ctk in PATH -> not there
      | look for NVIDIA in /etc/cdi -> nothing
      | look for NVIDIA in /var/run/cdi -> nothing
      ! package-missing: no nvidia-ctk in PATH and no specification of NVIDIA's devices
    gpu.cuda-ipc: absent (declared)
      no /dev/nvidia-uvm: no NVIDIA driver
      | stat /dev/nvidia-uvm -> ENOENT
      | look for /dev/shm in /proc/self/mountinfo -> not there
      | ptrace_scope -> ENOENT
      | most locked memory (bytes) -> not told
      | stat /proc/self/ns/pid -> 4026531836
      | stat /proc/self/ns/ipc -> 4026531839
      ! device-missing: no /dev/nvidia-uvm: no NVIDIA driver
    "
  `);
});

test("a server with two cards", async () => {
  expect(printFindings(await nvidia.run(alteredContext(fixtures.gpuServer, {})))).toMatchInlineSnapshot(`
    "
    gpu.nvidia: works (exercised) = 570.124.06
      the driver 570.124.06 answers; 2 cards; nothing was computed
      | read /proc/driver/nvidia/version -> NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  570.124.06  Release Build
      | open /dev/nvidiactl -> ok
      | NV_ESC_CHECK_VERSION_STR -> ok
      | look for libnvidia-ml.so -> 570.124.06
      | run /usr/bin/nvidia-smi -L -> exit 0: GPU 0: NVIDIA H100 PCIe (UUID: GPU-1)
    gpu.nvidia-uvm: works (opened)
      /dev/nvidia-uvm was opened; nothing was computed
      | open /dev/nvidia-uvm -> ok
    gpu.nvidia-container: works (declared) = /etc/cdi/nvidia.yaml
      /etc/cdi/nvidia.yaml: its devices are there; no container was started
      | look for nvidia-ctk in PATH -> /usr/bin/nvidia-ctk
      | look for NVIDIA in /etc/cdi -> /etc/cdi/nvidia.yaml
      | look for NVIDIA in /var/run/cdi -> nothing
    gpu.cuda-ipc: works (declared)
      what it stands on is there; no memory was shared. Sharers need one PID and one IPC namespace
      | look for /dev/shm in /proc/self/mountinfo -> tmpfs tmpfs rw,size=65536k
      | ptrace_scope -> ENOENT
      | most locked memory (bytes) -> 8388608
      | stat /proc/self/ns/pid -> 4026531836
      | stat /proc/self/ns/ipc -> 4026531839
    "
  `);
});

test.each([
  ["NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.104.05  Sat Aug 19 01:15:15 UTC 2023", "535.104.05"],
  ["NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  570.124.06  Release Build", "570.124.06"],
  ["NVRM version: NVIDIA UNIX Kernel Module", undefined],
  ["", undefined],
])("the version in %j", (line, version) => expect(parseDriverVersion(line)).toBe(version));

const smi = "/usr/bin/nvidia-smi";

describe("gpu.nvidia", () => {
  test.each<[string, Changes, object]>([
    [
      "libraries of another version",
      {
        files: {
          "/usr/lib/x86_64-linux-gnu/libnvidia-ml.so.570.124.06": { errno: "ENOENT" },
          "/usr/lib/x86_64-linux-gnu/libnvidia-ml.so.565.57.01": "",
        },
        transcripts: { "device nvidia": "open ok\nask ok 0 570.133.20" },
      },
      { state: "broken", blockers: [{ code: "package-version" }] },
    ],
    [
      "a list that does not come",
      { programs: { [smi]: { status: "timeout", stdout: "", stderr: "", durationMs: 10_000 } } },
      { state: "unknown" },
    ],
    [
      "no card in the list",
      {
        programs: {
          [smi]: exited(9, "", "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver"),
        },
      },
      { state: "broken", blockers: [{ code: "unknown" }] },
    ],
    [
      "no program to list with",
      { programs: {} },
      { state: "works", summary: "the driver 570.124.06 answers; cards were not listed: no nvidia-smi" },
    ],
    [
      "a container that was not given the device",
      { transcripts: { "device nvidia": "open ENOENT" }, files: { "/dev/nvidiactl": { errno: "ENOENT" } } },
      { state: "absent", summary: "the kernel has NVIDIA's driver, but /dev/nvidiactl is not in this /dev" },
    ],
    [
      "a control group",
      { transcripts: { "device nvidia": "open EPERM" } },
      { state: "blocked", blockers: [{ code: "device-cgroup" }] },
    ],
  ])("%s", async (_, changes, expected) => {
    expect((await nvidia.run(alteredContext(fixtures.gpuServer, changes)))["gpu.nvidia"]).toMatchObject(expected);
  });
});

test("unified memory without its module", async () => {
  const context = alteredContext(fixtures.gpuServer, {
    files: { "/dev/nvidia-uvm": { errno: "ENOENT" }, "/proc/devices": "195 nvidia-frontend\n" },
    transcripts: { "device open": "open ENOENT" },
  });
  const found = await nvidia.run(context);
  expect(found["gpu.nvidia-uvm"]).toMatchObject({ state: "absent", blockers: [{ code: "module-missing" }] });
  expect(found["gpu.cuda-ipc"]).toMatchObject({ state: "absent", blockers: [{ code: "module-missing" }] });
});

test("a specification that names a card that is gone", async () => {
  const context = alteredContext(fixtures.gpuServer, { files: { "/dev/nvidia0": { errno: "ENOENT" } } });
  expect((await nvidia.run(context))["gpu.nvidia-container"]).toMatchObject({
    state: "broken",
    summary: "/etc/cdi/nvidia.yaml names /dev/nvidia0, which is not in this /dev",
  });
});

test("a toolkit without a specification", async () => {
  const context = alteredContext(fixtures.gpuServer, { files: { "/etc/cdi/nvidia.yaml": { errno: "ENOENT" } } });
  expect((await nvidia.run(context))["gpu.nvidia-container"].state).toBe("degraded");
});
