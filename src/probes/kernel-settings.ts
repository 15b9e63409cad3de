/** How the kernel was built and started: its configuration, its command line, its security modules, its lockdown. */
import type { Host } from "../host/host.ts";
import type { Finding } from "../model/capability.ts";
import { onLinux } from "./_elsewhere.ts";
import { lineOrErrno, oneLine, readLine } from "./_host-text.ts";
import { readKernelConfig } from "./_kernel-config.ts";
import { defineProbe, finding, type ProbeContext } from "./_probe.ts";
import { judgeLockdown, judgeSecurityModules, readSecurityModules } from "./_security-modules.ts";
import { readSteps } from "./_steps.ts";

const ids = ["host.config", "host.command-line", "host.lsm-list", "host.lockdown"] as const;

/** Options that one sandbox or another rests on. Whether they do their work is for the other probes to see. */
const soughtOptions = (
  "NAMESPACES USER_NS PID_NS NET_NS IPC_NS UTS_NS TIME_NS " +
  "CGROUPS CGROUP_PIDS MEMCG CFS_BANDWIDTH CPUSETS CGROUP_FREEZER " +
  "SECCOMP_FILTER SECURITY_LANDLOCK SECURITY_YAMA BPF_SYSCALL BPF_LSM " +
  "OVERLAY_FS FUSE_FS TUN VETH KVM VHOST_VSOCK BINFMT_MISC"
).split(" ");

/** Parameters that change what a sandbox can do. Others are not told: a command line may hold secrets. */
const toldParameters = new RegExp(
  [
    "^(?:lsm|security|apparmor|selinux|landlock|lockdown|enforcing|audit|mitigations|nosmt|nopti|nokaslr|pti",
    "|cgroup_no_v1|cgroup_disable|cgroup_enable|swapaccount|systemd\\.unified_cgroup_hierarchy|psi",
    "|user_namespace\\.enable|namespace\\.unpriv_enable|nested_pvm|(?:kvm|kvm_intel|kvm_amd)\\.[a-z_]+",
    "|intel_iommu|amd_iommu|iommu|init_on_alloc|init_on_free|slab_nomerge|vsyscall|nomodule|module\\.sig_enforce",
    "|spectre_v2|spec_store_bypass_disable|l1tf|mds|tsx|maxcpus|nr_cpus|isolcpus|mem|hugepages)(?:=|$)",
  ].join(""),
);

async function run({ host, helpers }: ProbeContext) {
  const reading = readSteps("kernel-facts", await helpers.probe("kernel-facts", [], 1000));
  const modules = readSecurityModules(host, reading);
  return {
    "host.config": await judgeConfig(host),
    "host.command-line": judgeCommandLine(host),
    "host.lsm-list": judgeSecurityModules(modules),
    "host.lockdown": judgeLockdown(host, modules),
  };
}

async function judgeConfig(host: Host): Promise<Finding> {
  const release = readLine(host, "/proc/sys/kernel/osrelease");
  const { config, evidence } = await readKernelConfig(host, release.ok ? release.value : undefined);
  if (config === undefined) {
    const summary = "this kernel's configuration is nowhere to be read; the other probes do not need it";
    return finding({ state: "absent", level: "declared", summary, evidence });
  }
  const set = soughtOptions.filter((name) => config.options.has(name));
  const modules = set.filter((name) => config.options.get(name) === "m");
  const notSet = soughtOptions.filter((name) => !config.options.has(name));
  const summary =
    `${config.path}: ${set.length} of ${soughtOptions.length} options that sandboxes rest on are set` +
    (notSet.length === 0 ? "" : `; not set: ${notSet.join(", ")}`);
  const told = [
    ...evidence,
    { action: "look for options that sandboxes rest on", result: `set: ${set.join(", ") || "none"}` },
    { action: "of these built as modules", result: modules.join(", ") || "none" },
  ];
  return finding({ state: "works", level: "declared", summary, evidence: told, value: config.path });
}

function judgeCommandLine(host: Host): Finding {
  const answer = host.readText("/proc/cmdline");
  const line = answer.ok ? oneLine(answer.value, 4096) : "";
  if (line === "") {
    const evidence = [{ action: "read /proc/cmdline", result: answer.ok ? "empty" : lineOrErrno(answer) }];
    const summary = "the kernel's command line cannot be read";
    return finding({ state: "unknown", level: "inferred", summary, evidence });
  }
  const words = line.split(/\s+/);
  const told = words.filter((word) => toldParameters.test(word)).map((word) => word.slice(0, 100));
  const evidence = [
    { action: "read /proc/cmdline", result: `${words.length} parameters` },
    { action: "keep those that change what a sandbox can do", result: told.join(" ").slice(0, 1000) || "none" },
  ];
  const summary =
    told.length === 0
      ? "no parameter changes what a sandbox can do"
      : `${told.length} of ${words.length} parameters change what a sandbox can do: ${told.join(" ").slice(0, 500)}`;
  return finding({ state: "works", level: "declared", summary, evidence, value: told.join(" ").slice(0, 1000) });
}

/** Probe `kernel-settings`. */
export default defineProbe({
  id: "kernel-settings",
  area: "host",
  capabilities: {
    "host.config": "Kernel configuration",
    "host.command-line": "Kernel command line",
    "host.lsm-list": "Security modules",
    "host.lockdown": "Kernel lockdown",
  },
  deadlineMs: 2000,
  run: onLinux(ids, run),
});
