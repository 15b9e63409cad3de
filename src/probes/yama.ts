/** Yama: who may trace whom (Documentation/admin-guide/LSM/Yama.rst). */
import type { Answer } from "../host/host.ts";
import type { Finding } from "../model/capability.ts";
import { onLinux } from "./_elsewhere.ts";
import { lineOrErrno, readLine } from "./_host-text.ts";
import { defineProbe, finding, type ProbeContext } from "./_probe.ts";

const scopes = [
  "any process of the same user may be traced",
  "only descendants may be traced",
  "only who has CAP_SYS_PTRACE may trace",
  "nobody may trace",
];

async function run({ host }: ProbeContext) {
  const scope = readLine(host, "/proc/sys/kernel/yama/ptrace_scope");
  return { "lsm.yama": judge(scope, [{ action: "read kernel.yama.ptrace_scope", result: lineOrErrno(scope) }]) };
}

function judge(scope: Answer<string>, evidence: Finding["evidence"]): Finding {
  if (!scope.ok) {
    const summary = "not on this host: any process of the same user may be traced";
    return finding({ state: "absent", level: "declared", summary, evidence });
  }
  const meaning = /^[0-3]$/.test(scope.value) ? scopes[Number(scope.value)] : undefined;
  if (meaning === undefined) {
    return finding({ state: "unknown", level: "declared", summary: "its setting cannot be read", evidence });
  }
  const summary = `ptrace_scope ${scope.value}: ${meaning}`;
  return finding({ state: "works", level: "declared", summary, evidence, value: Number(scope.value) });
}

/** Probe `yama`. */
export default defineProbe({
  id: "yama",
  area: "privilege",
  capabilities: { "lsm.yama": "Yama" },
  deadlineMs: 1000,
  run: onLinux(["lsm.yama"], run),
});
