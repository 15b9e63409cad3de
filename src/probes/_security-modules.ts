/** Linux security modules: which ones are active, by the kernel's own list and by securityfs. */
import type { Host } from "../host/host.ts";
import type { Evidence, Finding } from "../model/capability.ts";
import { lineOrErrno, readLine } from "./_host-text.ts";
import { finding } from "./_probe.ts";
import { errnoAt, type Reading } from "./_steps.ts";

/** LSM_ID_… of include/uapi/linux/lsm.h (Linux 6.8). */
const names: Readonly<Record<string, string>> = {
  "100": "capability",
  "101": "selinux",
  "102": "smack",
  "103": "tomoyo",
  "104": "apparmor",
  "105": "yama",
  "106": "loadpin",
  "107": "safesetid",
  "108": "lockdown",
  "109": "bpf",
  "110": "landlock",
  "111": "ima",
  "112": "evm",
  "113": "ipe",
};

/** What both sources say. */
export interface SecurityModules {
  /** Undefined where neither source speaks; that is not the same as none. */
  readonly active: readonly string[] | undefined;
  readonly evidence: readonly Evidence[];
}

/** securityfs is often not mounted (WSL, containers, small guests); the system call needs no mount. */
export function readSecurityModules(host: Host, reading: Reading): SecurityModules {
  const file = readLine(host, "/sys/kernel/security/lsm");
  const step = reading.steps.get("modules");
  const called = step?.errno === "ok" ? step.text.split(" ").filter((id) => id !== "") : undefined;
  const byCall = called?.map((id) => names[id] ?? `module ${id}`);
  const byFile = file.ok && file.value !== "" ? file.value.split(",") : undefined;
  const evidence = [
    {
      action: "lsm_list_modules()",
      result: byCall === undefined ? (errnoAt(reading, "modules") ?? "not reached") : byCall.join(","),
    },
    { action: "read /sys/kernel/security/lsm", result: lineOrErrno(file) },
  ];
  return { active: byCall ?? byFile, evidence };
}

/** The finding about the list. */
export function judgeSecurityModules({ active, evidence }: SecurityModules): Finding {
  if (active === undefined) {
    const summary = "neither the kernel nor securityfs says which security modules are active";
    return finding({ state: "unknown", level: "inferred", summary, evidence });
  }
  const value = active.join(",");
  const summary = active.length === 0 ? "no security module is active" : `active: ${active.join(", ")}`;
  return finding({ state: "works", level: "declared", summary, evidence, value });
}

/** kernel_lockdown(7): one of none, integrity and confidentiality is in brackets. */
export function judgeLockdown(host: Host, { active }: SecurityModules): Finding {
  const line = readLine(host, "/sys/kernel/security/lockdown");
  const evidence = [
    { action: "read /sys/kernel/security/lockdown", result: lineOrErrno(line) },
    { action: "look for lockdown among the security modules", result: listWord(active) },
  ];
  const mode = line.ok ? /\[(\w+)\]/.exec(line.value)?.[1] : undefined;
  if (mode !== undefined) {
    const summary =
      mode === "none"
        ? "off: root may change the running kernel"
        : `${mode}: even root may not change the running kernel${mode === "integrity" ? "" : ", nor read its memory"}`;
    return finding({ state: "works", level: "declared", summary, evidence, value: mode });
  }
  if (active !== undefined && !active.includes("lockdown")) {
    const summary = "not among the active security modules: root may change the running kernel";
    return finding({ state: "absent", level: "declared", summary, evidence });
  }
  const summary = "its mode cannot be read: securityfs is not to be seen here";
  return finding({ state: "unknown", level: "inferred", summary, evidence });
}

function listWord(active: readonly string[] | undefined): string {
  if (active === undefined) return "cannot be told";
  return active.includes("lockdown") ? "active" : "not active";
}
