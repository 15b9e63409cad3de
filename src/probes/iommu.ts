/** The unit that keeps devices from each other's memory: without it no device can be given to a guest safely. */
import { onLinux } from "./_elsewhere.ts";
import { defineProbe, finding, type ProbeContext } from "./_probe.ts";

/** One directory for each group of devices that can be told apart (Documentation/ABI/testing/sysfs-kernel-iommu_groups). */
const groupsPath = "/sys/kernel/iommu_groups";

async function run({ host }: ProbeContext) {
  const groups = host.list(groupsPath);
  const count = groups.ok ? groups.value.filter((name) => /^\d+$/.test(name)).length : 0;
  const evidence = [{ action: `list ${groupsPath}`, result: groups.ok ? `${count} groups` : groups.errno }];
  if (!groups.ok && groups.errno !== "ENOENT") {
    const summary = `could not be established: ${groupsPath}: ${groups.errno}`;
    return { "vm.iommu": finding({ state: "unknown", level: "inferred", summary, evidence }) };
  }
  if (count === 0) {
    const isGuest = /^flags\s*:.*\bhypervisor\b/m.test(textOf(host.readText("/proc/cpuinfo")));
    const detail = isGuest
      ? "no groups of devices: the hypervisor around gives this machine no IOMMU"
      : "no groups of devices: the IOMMU is switched off in the firmware, or by a boot parameter (intel_iommu=on)";
    const blockers = [{ code: isGuest ? "device-missing" : "boot-param", detail }] as const;
    return { "vm.iommu": finding({ state: "absent", level: "declared", summary: detail, evidence, blockers }) };
  }
  const summary = `${count} groups of devices; none was given to a guest`;
  return { "vm.iommu": finding({ state: "works", level: "declared", summary, evidence, value: count }) };
}

function textOf(answer: { readonly ok: boolean; readonly value?: string }): string {
  return answer.value ?? "";
}

/** Probe `iommu`. */
export default defineProbe({
  id: "iommu",
  area: "virtualization",
  capabilities: { "vm.iommu": "Devices for guests (IOMMU)" },
  deadlineMs: 1000,
  run: onLinux(["vm.iommu"], run),
});
