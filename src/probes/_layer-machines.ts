/** Which virtual machine this is, if any. CPUID is out of reach of a script: the kernel's own hints must do. */
import type { Host } from "../host/host.ts";
import type { Evidence } from "../model/capability.ts";
import { oneLine } from "./_host-text.ts";

/** A layer, if there is one, and what speaks for or against it. */
export interface LayerFinding {
  readonly layer: string | undefined;
  readonly evidence: readonly Evidence[];
}

/** Words in DMI's vendor and product, as systemd-detect-virt knows them, the more telling first. */
const dmiWords: readonly (readonly [RegExp, string])[] = [
  [/amazon ec2/i, "amazon-ec2"],
  [/google/i, "google-compute-engine"],
  [/cloud hypervisor/i, "cloud-hypervisor"],
  [/vmware/i, "vmware"],
  [/innotek|virtualbox/i, "virtualbox"],
  [/xen/i, "xen"],
  [/parallels/i, "parallels"],
  [/bhyve/i, "bhyve"],
  [/apple virtualization/i, "apple"],
  [/microsoft corporation.*virtual machine/i, "hyper-v"],
  [/qemu|kvm|openstack|digitalocean|bochs/i, "qemu"],
];

/** The machine around this kernel. */
export function findMachine(host: Host): LayerFinding {
  const release = firstLine(host, "/proc/sys/kernel/osrelease");
  if (/microsoft/i.test(release)) {
    const generation = /WSL2|microsoft-standard/.test(release) ? "vm:wsl2" : "wsl1";
    return { layer: generation, evidence: [{ action: "read /proc/sys/kernel/osrelease", result: release }] };
  }
  for (const look of [findFirecracker, findByDmi, findByHypervisorNode]) {
    const found = look(host);
    if (found.layer !== undefined) return found;
  }
  const flagged = /^flags\s*:.*\bhypervisor\b/m.test(textOf(host, "/proc/cpuinfo"));
  const evidence = [{ action: "the hypervisor flag of /proc/cpuinfo", result: flagged ? "set" : "not set" }];
  return { layer: flagged ? "vm:unknown" : undefined, evidence };
}

/** Firecracker has no DMI; its ACPI tables are signed FIRECK (root reads them), its device ids are its own. */
function findFirecracker(host: Host): LayerFinding {
  if (host.list("/sys/class/dmi/id").ok) return { layer: undefined, evidence: [] };
  const evidence: Evidence[] = [{ action: "list /sys/class/dmi/id", result: "ENOENT" }];
  if (textOf(host, "/sys/firmware/acpi/tables/DSDT").includes("FIRECK")) {
    evidence.push({ action: "maker of the ACPI table DSDT", result: "FIRECK" });
  }
  const devices = host.list("/sys/bus/acpi/devices");
  const own = devices.ok ? devices.value.filter((name) => /^(AMZNC10C|FCVMGID):/.test(name)) : [];
  if (own.length > 0) evidence.push({ action: "ACPI devices of Firecracker's", result: own.join(", ") });
  if (/firecracker/.test(textOf(host, "/proc/cmdline"))) {
    evidence.push({ action: "read /proc/cmdline", result: "names firecracker" });
  }
  return { layer: evidence.length > 1 ? "vm:firecracker" : undefined, evidence };
}

function findByDmi(host: Host): LayerFinding {
  const names = ["sys_vendor", "product_name", "bios_vendor"];
  const text = names
    .map((name) => firstLine(host, `/sys/class/dmi/id/${name}`))
    .join(" ")
    .trim();
  // Amazon's and Google's machines without a hypervisor say the same in DMI; arm64 has no flag that would tell.
  const isFlagless = host.architecture === "x64" && !/\bhypervisor\b/.test(textOf(host, "/proc/cpuinfo"));
  const isMetal = isFlagless || /\.metal\b/.test(text);
  const name = dmiWords.find(([words]) => words.test(text))?.[1];
  const evidence = text === "" ? [] : [{ action: "read /sys/class/dmi/id", result: text }];
  if (name === undefined || isMetal) return { layer: undefined, evidence };
  return name === "qemu" ? findAccelerator(host, evidence) : { layer: `vm:${name}`, evidence };
}

/** QEMU's machines say the same in DMI with KVM and without; KVM offers its guests a clock of its own. */
function findAccelerator(host: Host, evidence: readonly Evidence[]): LayerFinding {
  const clocks = firstLine(host, "/sys/devices/system/clocksource/clocksource0/available_clocksource");
  const layer = /\bkvm-clock\b/.test(clocks) ? "vm:kvm" : "vm:qemu";
  return {
    layer,
    evidence: [...evidence, { action: "clocks that the kernel found", result: clocks || "not to be read" }],
  };
}

function findByHypervisorNode(host: Host): LayerFinding {
  const type = firstLine(host, "/sys/hypervisor/type");
  if (type !== "")
    return {
      layer: `vm:${type.replaceAll(/[^\w-]+/g, "-")}`,
      evidence: [{ action: "read /sys/hypervisor/type", result: type }],
    };
  const compatible = oneLine(textOf(host, "/proc/device-tree/hypervisor/compatible"));
  const evidence = compatible === "" ? [] : [{ action: "read the device tree's hypervisor", result: compatible }];
  return { layer: compatible === "" ? undefined : `vm:${/kvm/.test(compatible) ? "kvm" : "unknown"}`, evidence };
}

function textOf(host: Host, path: string): string {
  const text = host.readText(path);
  return text.ok ? text.value : "";
}

function firstLine(host: Host, path: string): string {
  return oneLine(textOf(host, path));
}
