/** /dev/kvm, and why it is not there. */
import type { Host } from "../host/host.ts";
import type { Blocker } from "../model/capability.ts";
import type { Device } from "./_device.ts";

/** The device of KVM. */
export const kvmDevice: Device = {
  path: "/dev/kvm",
  what: "KVM",
  registeredAs: { file: "/proc/misc", names: ["kvm"] },
  explainMissing,
};

/**
 * The processor's flags (/proc/cpuinfo) say which it is: a module that nobody loaded, a hypervisor that keeps nesting
 * off, or firmware that does. They explain only why the device is missing: KVM can work without any of them.
 */
function explainMissing(host: Host): Blocker {
  const info = host.readText("/proc/cpuinfo");
  const flags = info.ok ? (/^flags\s*:.*$/m.exec(info.value)?.[0] ?? "") : "";
  if (/\b(vmx|svm)\b/.test(flags)) {
    return {
      code: "device-missing",
      detail: "no /dev/kvm, though the processor can virtualize: KVM's module is not loaded",
    };
  }
  if (/\bhypervisor\b/.test(flags)) {
    const detail = "no /dev/kvm, and the processor shows no virtualization: the hypervisor around keeps nesting off";
    return { code: "hypervisor-nested-off", detail };
  }
  if (flags !== "") {
    const detail = "no /dev/kvm, and the processor shows no virtualization: switched off in the firmware, or not there";
    return { code: "firmware", detail };
  }
  return { code: "device-missing", detail: "no /dev/kvm" };
}
