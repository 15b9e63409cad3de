/** Memory that the host cannot read: encrypted guests, offered by this machine or lived in by it. */
import type { Host } from "../host/host.ts";
import type { Blocker, Evidence, Finding } from "../model/capability.ts";
import { onLinux } from "./_elsewhere.ts";
import { lineOrErrno, readLine } from "./_host-text.ts";
import { defineProbe, finding, type ProbeContext } from "./_probe.ts";

/** Parameters of KVM's modules that are Y or 1 where such guests can be started (Documentation/virt/kvm/x86). */
const parameters = {
  SEV: "/sys/module/kvm_amd/parameters/sev",
  "SEV-ES": "/sys/module/kvm_amd/parameters/sev_es",
  "SEV-SNP": "/sys/module/kvm_amd/parameters/sev_snp",
  TDX: "/sys/module/kvm_intel/parameters/tdx",
} as const;

/** Devices: of the firmware that encrypts for guests, and of guests that are encrypted. */
const devices = {
  "/dev/sev": "host",
  "/dev/sev-guest": "guest",
  "/dev/tdx_guest": "guest",
} as const;

async function run({ host }: ProbeContext) {
  return { "vm.confidential": look(host) };
}

function look(host: Host): Finding {
  const evidence: Evidence[] = [];
  const offered = Object.entries(parameters).filter(([, path]) => {
    const line = readLine(host, path);
    evidence.push({ action: `read ${path}`, result: lineOrErrno(line) });
    return line.ok && /^[Y1]$/.test(line.value);
  });
  const present = Object.keys(devices).filter((path) => {
    const status = host.status(path);
    evidence.push({ action: `stat ${path}`, result: status.ok ? status.value.kind : status.errno });
    return status.ok && status.value.kind === "character-device";
  });
  return judge(
    offered.map(([name]) => name),
    present as (keyof typeof devices)[],
    evidence,
  );
}

/** Only declared: a start of such a guest is another thing than a parameter. */
function judge(names: readonly string[], present: readonly (keyof typeof devices)[], evidence: Evidence[]): Finding {
  const isGuest = present.some((path) => devices[path] === "guest");
  const here = isGuest ? ["this machine is such a guest itself"] : [];
  if (names.length > 0) {
    const needsFirmware = names.some((name) => name.startsWith("SEV")) && !present.includes("/dev/sev");
    const summary = [`KVM says ${names.join(", ")}; no such guest was started`, ...here].join("; ");
    if (!needsFirmware)
      return finding({ state: "works", level: "declared", summary, evidence, value: names.join(" ") });
    const detail = "KVM says SEV, but /dev/sev is not in this /dev";
    const blockers: Blocker[] = [{ code: "device-missing", detail }];
    return finding({ state: "blocked", level: "declared", summary: detail, evidence, blockers });
  }
  const summary = [...here, "KVM offers no guests whose memory the host cannot read"].join("; ");
  return finding({ state: "absent", level: "declared", summary, evidence });
}

/** Probe `confidential`. */
export default defineProbe({
  id: "confidential",
  area: "virtualization",
  capabilities: { "vm.confidential": "Encrypted guests" },
  deadlineMs: 1000,
  run: onLinux(["vm.confidential"], run),
});
