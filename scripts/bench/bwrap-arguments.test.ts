import { describe, expect, test } from "bun:test";
import type { LauncherPlan } from "../../src/model/plan.ts";
import type { RootStep } from "../../src/model/root-step.ts";
import { bwrapCommand, type HostEntry, type HostLook } from "./bwrap-arguments.ts";

const entries: Readonly<Record<string, HostEntry>> = {
  "/usr": "other",
  "/bin": { link: "usr/bin" },
  "/proc/kcore": "other",
  "/etc/ssl/private": "other",
};

const look: HostLook = {
  entry: (path) => entries[path] ?? "absent",
  isDirectory: (path) => path === "/etc/ssl/private",
};

function planOf(root: readonly RootStep[], namespaces: LauncherPlan["namespaces"]): LauncherPlan {
  return {
    kind: "launcher",
    namespaces,
    outside: "caller",
    inside: { uid: 1000, gid: 1001 },
    root,
    hostname: "job",
    loopbackUp: true,
    command: ["/bin/true"],
    directory: "/work",
    environment: { HOME: "/home/job" },
    umask: 0o022,
    sockets: "by-profile",
    terminal: "none",
    resourceLimits: {},
    controlGroup: {},
    dropCapabilities: true,
    seccomp: "default",
    landlockScopes: [],
    graceMs: 2000,
  };
}

describe("bwrapCommand", () => {
  test("says every namespace and every step", () => {
    const root: RootStep[] = [
      { step: "mirror", path: "/usr" },
      { step: "mirror", path: "/bin" },
      { step: "mirror", path: "/nix/store" },
      { step: "directory", destination: "/etc", mode: 0o755 },
      { step: "file", destination: "/etc/hostname", content: "job\n" },
      { step: "file", destination: "/etc/group", content: "root:x:0:\n" },
      { step: "tmpfs", destination: "/tmp", mode: 0o1777, sizeBytes: 4096, owned: true, writable: true },
      { step: "symlink", destination: "/var/tmp", target: "/tmp" },
      { step: "bind", source: "/a", destination: "/b", writable: true, mapOwner: "no", optional: false },
      { step: "bind", source: "/c", destination: "/d", writable: false, mapOwner: "no", optional: true },
      { step: "proc", destination: "/proc" },
      { step: "read-only", destination: "/proc/sys" },
      { step: "mask", destination: "/proc/kcore" },
      { step: "mask", destination: "/proc/acpi" },
      { step: "mask", destination: "/etc/ssl/private" },
      { step: "devices", destination: "/dev", shmBytes: 8192 },
      { step: "read-only", destination: "/" },
    ];
    const { words, contents } = bwrapCommand(
      planOf(root, ["user", "mount", "pid", "ipc", "uts", "cgroup", "network"]),
      look,
    );
    expect(words.join(" ").split(/ (?=--)/)).toEqual([
      "--unshare-user",
      "--unshare-pid",
      "--unshare-ipc",
      "--unshare-uts",
      "--unshare-cgroup",
      "--unshare-net",
      "--uid 1000",
      "--gid 1001",
      "--hostname job",
      "--die-with-parent",
      "--new-session",
      "--cap-drop ALL",
      "--clearenv",
      "--setenv HOME /home/job",
      "--ro-bind /usr /usr",
      "--symlink usr/bin /bin",
      "--perms 0755",
      "--dir /etc",
      "--perms 0444",
      "--file 20 /etc/hostname",
      "--perms 0444",
      "--file 21 /etc/group",
      "--perms 01777",
      "--size 4096",
      "--tmpfs /tmp",
      "--symlink /tmp /var/tmp",
      "--bind /a /b",
      "--ro-bind-try /c /d",
      "--proc /proc",
      "--ro-bind /dev/null /proc/kcore",
      "--perms 0555",
      "--size 4096",
      "--tmpfs /etc/ssl/private",
      "--dev /dev",
      "--perms 01777",
      "--size 8192",
      "--tmpfs /dev/shm",
      "--remount-ro /dev",
      "--remount-ro /",
      "--chdir /work",
    ]);
    expect(contents).toEqual({ 20: "job\n", 21: "root:x:0:\n" });
  });

  test("names no ids without a user namespace", () =>
    expect(bwrapCommand(planOf([], ["mount"]), look).words).not.toContain("--uid"));
});
