/** Why /dev/fuse cannot be opened. */
import type { Host } from "../host/host.ts";
import type { Blocker, CapabilityState, Evidence, Finding } from "../model/capability.ts";
import { finding } from "./_probe.ts";

/** The finding for an open that failed with `errno`; open(2), and device control groups answer EPERM (cgroup-v1/devices.rst). */
export function describeFuseDevice(host: Host, errno: string, evidence: readonly Evidence[]): Finding {
  const status = host.status("/dev/fuse");
  const mode = status.ok
    ? `mode ${status.value.mode.toString(8).padStart(4, "0")}, owner ${status.value.uid}, group ${status.value.gid}`
    : status.errno;
  const { state, blocker } = explain(errno, mode);
  const seen = [...evidence, { action: "stat /dev/fuse", result: mode }];
  return finding({ state, level: "opened", summary: blocker.detail, evidence: seen, blockers: [blocker] });
}

function explain(errno: string, mode: string): { state: CapabilityState; blocker: Blocker } {
  switch (errno) {
    case "ENOENT":
      return {
        state: "absent",
        blocker: { code: "device-missing", detail: "the kernel has FUSE, but /dev/fuse is not in this /dev" },
      };
    case "EACCES":
      return {
        state: "blocked",
        blocker: { code: "device-mode", detail: `/dev/fuse: ${mode}; this user may not open it (EACCES)` },
      };
    case "EPERM":
      return {
        state: "blocked",
        blocker: {
          code: "device-cgroup",
          detail: "/dev/fuse is denied though its mode allows it: a device control group (EPERM)",
        },
      };
    case "ENXIO":
    case "ENODEV":
      return {
        state: "absent",
        blocker: { code: "device-missing", detail: `/dev/fuse is a name with nothing behind it (${errno})` },
      };
    default:
      return { state: "broken", blocker: { code: "unknown", detail: `/dev/fuse: ${errno}` } };
  }
}
