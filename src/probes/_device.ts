/** Why /dev/kvm cannot be opened. */
import type { Host } from "../host/host.ts";
import type { Blocker, CapabilityState, Evidence, Finding } from "../model/capability.ts";
import { finding } from "./_probe.ts";

/** The finding for an open that failed with `errno`. */
export function describeDevice(host: Host, errno: string, evidence: readonly Evidence[]): Finding {
  const seen = [...evidence, ...lookAround(host)];
  const { state, blocker } = explain(host, errno);
  return finding({ state, level: "opened", summary: blocker.detail, evidence: seen, blockers: [blocker] });
}

function explain(host: Host, errno: string): { state: CapabilityState; blocker: Blocker } {
  switch (errno) {
    case "ENOENT":
      return { state: "absent", blocker: explainMissing(host) };
    case "EACCES":
      return { state: "blocked", blocker: { code: "device-mode", detail: `/dev/kvm: ${describeMode(host)} (EACCES)` } };
    case "EPERM":
      return {
        state: "blocked",
        blocker: {
          code: "device-cgroup",
          detail: "/dev/kvm is denied though its mode allows it: a device control group (EPERM)",
        },
      };
    case "ENXIO":
    case "ENODEV":
      return {
        state: "absent",
        blocker: {
          code: "device-missing",
          detail: `/dev/kvm is a name with nothing behind it (${errno}): no KVM in this kernel`,
        },
      };
    default:
      return { state: "broken", blocker: { code: "unknown", detail: `/dev/kvm: ${errno}` } };
  }
}

/** /proc/misc lists KVM where the kernel has it, also in a container that was not given the device. */
function explainMissing(host: Host): Blocker {
  const devices = host.readText("/proc/misc");
  if (devices.ok && /^\s*\d+ kvm$/m.test(devices.value)) {
    return { code: "device-missing", detail: "the kernel has KVM, but /dev/kvm is not in this /dev" };
  }
  const flags = host.readText("/proc/cpuinfo");
  if (flags.ok && /^flags\s*:.*\b(vmx|svm)\b/m.test(flags.value)) {
    return {
      code: "device-missing",
      detail: "no /dev/kvm, though the processor can virtualize: KVM's module is not loaded",
    };
  }
  return {
    code: "device-missing",
    detail: "no /dev/kvm, and the processor shows no virtualization: switched off in the firmware or by the hypervisor",
  };
}

function describeMode(host: Host): string {
  const status = host.status("/dev/kvm");
  if (!status.ok) return "this user may not open it";
  const { mode, uid, gid } = status.value;
  return `mode ${mode.toString(8).padStart(4, "0")}, owner ${uid}, group ${gid}; this user may not open it`;
}

function lookAround(host: Host): Evidence[] {
  const status = host.status("/dev/kvm");
  const result = status.ok ? `${status.value.kind}, ${describeMode(host)}` : status.errno;
  return [{ action: "stat /dev/kvm", result }];
}
