import { describe, expect, test } from "bun:test";
import type { RootStep } from "../../src/model/root-step.ts";
import { gvisorGuest, rootForGvisor, type GvisorUse } from "../../src/strategies/_gvisor-guest.ts";

const use: GvisorUse = { path: "/usr/bin/runsc", platform: "ptrace", network: "own", hostname: "job" };

function bundleOf(parts: Partial<GvisorUse> = {}): unknown {
  const step = gvisorGuest({ ...use, ...parts }).root.find((one) => one.step === "file");
  return JSON.parse(step?.content ?? "");
}

describe("gvisorGuest", () => {
  test("has a bundle that starts the launcher in the job's root, and says nothing of any job", () => {
    expect(bundleOf()).toEqual({
      ociVersion: "1.0.2",
      hostname: "job",
      process: {
        terminal: false,
        user: { uid: 0, gid: 0 },
        args: ["/dev/cupel/launcher", "guest"],
        env: [],
        cwd: "/",
        capabilities: {
          bounding: ["CAP_SYS_ADMIN", "CAP_SETPCAP", "CAP_CHOWN", "CAP_SETUID"],
          effective: ["CAP_SYS_ADMIN", "CAP_SETPCAP", "CAP_CHOWN", "CAP_SETUID"],
          permitted: ["CAP_SYS_ADMIN", "CAP_SETPCAP", "CAP_CHOWN", "CAP_SETUID"],
        },
      },
      root: { path: "/job", readonly: false },
      mounts: [
        { destination: "/proc", type: "proc", source: "proc" },
        { destination: "/tmp", type: "bind", source: "/job/tmp", options: ["rbind"] },
        { destination: "/dev/shm", type: "bind", source: "/job/dev/shm", options: ["rbind"] },
        { destination: "/dev/cupel", type: "bind", source: "/cupel", options: ["rbind"] },
      ],
      linux: {
        namespaces: [{ type: "pid" }, { type: "mount" }, { type: "ipc" }, { type: "uts" }],
      },
    });
  });

  test("has the same bundle whatever the network: that is for a flag to say", () =>
    expect(bundleOf({ network: "shared" })).toEqual(bundleOf()));

  test("lies in a root that can be written to in one place", () => {
    const { root } = gvisorGuest(use);
    expect(root.at(-1)).toEqual({ step: "read-only", destination: "/" });
    expect(root.filter((step) => "writable" in step && step.writable)).toMatchObject([
      { step: "tmpfs", destination: "/state", mode: 0o700, owned: true },
    ]);
  });
});

test("rootForGvisor leaves what gVisor mounts to it, but for memory that has a cap", () => {
  const root: RootStep[] = [
    { step: "mirror", path: "/usr" },
    { step: "proc", destination: "/proc" },
    { step: "read-only", destination: "/proc/sys" },
    { step: "mask", destination: "/proc/keys" },
    { step: "mask", destination: "/etc/ssl/private" },
    { step: "devices", destination: "/dev", shmBytes: 4096, shmFilesMax: 7 },
    { step: "read-only", destination: "/" },
  ];
  expect(rootForGvisor(root)).toEqual([
    { step: "mirror", path: "/usr" },
    { step: "mask", destination: "/etc/ssl/private" },
    { step: "directory", destination: "/proc", mode: 0o755 },
    { step: "directory", destination: "/dev", mode: 0o755 },
    { step: "directory", destination: "/sys", mode: 0 },
    {
      step: "tmpfs",
      destination: "/dev/shm",
      mode: 0o1777,
      sizeBytes: 4096,
      filesMax: 7,
      owned: true,
      writable: true,
    },
    { step: "directory", destination: "/dev/cupel", mode: 0o755 },
    { step: "read-only", destination: "/" },
  ]);
});
