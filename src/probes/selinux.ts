/** SELinux: whether it is on, whether it enforces, and under which label cupel runs. */
import type { Answer } from "../host/host.ts";
import type { Finding } from "../model/capability.ts";
import { onLinux } from "./_elsewhere.ts";
import { lineOrErrno, readLine } from "./_host-text.ts";
import { defineProbe, finding, type ProbeContext } from "./_probe.ts";

async function run({ host }: ProbeContext) {
  const enforce = readLine(host, "/sys/fs/selinux/enforce");
  const own = readLine(host, "/proc/self/attr/current");
  const evidence = [
    { action: "read /sys/fs/selinux/enforce", result: lineOrErrno(enforce) },
    { action: "read /proc/self/attr/current", result: lineOrErrno(own) },
  ];
  return { "lsm.selinux": judge(enforce, own.ok ? own.value : "", evidence) };
}

function judge(enforce: Answer<string>, label: string, evidence: Finding["evidence"]): Finding {
  if (!enforce.ok) return finding({ state: "absent", level: "declared", summary: "not on this host", evidence });
  if (enforce.value === "1") {
    const summary = `enforcing; cupel runs as ${label}`;
    return finding({ state: "works", level: "declared", summary, evidence, value: label });
  }
  if (enforce.value === "0") {
    const summary = "permissive: it logs and denies nothing";
    return finding({ state: "degraded", level: "declared", summary, evidence, value: label });
  }
  return finding({ state: "unknown", level: "declared", summary: "its mode cannot be read", evidence });
}

/** Probe `selinux`. */
export default defineProbe({
  id: "selinux",
  area: "privilege",
  capabilities: { "lsm.selinux": "SELinux" },
  deadlineMs: 1000,
  run: onLinux(["lsm.selinux"], run),
});
