/** AppArmor: whether it is on, and under which label cupel runs. What it denies shows where it denies it. */
import type { Finding } from "../model/capability.ts";
import { onLinux } from "./_elsewhere.ts";
import { lineOrErrno, readLine } from "./_host-text.ts";
import { defineProbe, finding, type ProbeContext } from "./_probe.ts";

async function run({ host }: ProbeContext) {
  const enabled = readLine(host, "/sys/module/apparmor/parameters/enabled");
  const label = readLine(host, "/proc/self/attr/apparmor/current");
  const restricted = readLine(host, "/proc/sys/kernel/apparmor_restrict_unprivileged_userns");
  const evidence = [
    { action: "read /sys/module/apparmor/parameters/enabled", result: lineOrErrno(enabled) },
    { action: "read /proc/self/attr/apparmor/current", result: lineOrErrno(label) },
  ];
  if (restricted.ok) {
    evidence.push({ action: "read kernel.apparmor_restrict_unprivileged_userns", result: restricted.value });
  }
  return { "lsm.apparmor": judge(enabled.ok ? enabled.value : "", label.ok ? label.value : "", evidence) };
}

function judge(enabled: string, label: string, evidence: Finding["evidence"]): Finding {
  if (label !== "") {
    const summary = `on; cupel runs as ${label}`;
    return finding({ state: "works", level: "declared", summary, evidence, value: label });
  }
  if (enabled === "Y") {
    const summary = "on, but the label of cupel cannot be read";
    return finding({ state: "unknown", level: "declared", summary, evidence });
  }
  const summary = enabled === "N" ? "built in, but not enabled at boot" : "not on this host";
  return finding({ state: "absent", level: "declared", summary, evidence });
}

/** Probe `apparmor`. */
export default defineProbe({
  id: "apparmor",
  area: "privilege",
  capabilities: { "lsm.apparmor": "AppArmor" },
  deadlineMs: 1000,
  run: onLinux(["lsm.apparmor"], run),
});
