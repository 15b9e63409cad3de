/** What the host does against attacks that no sandbox on its kernel can stop: read, not tried. */
import type { Answer, Host } from "../host/host.ts";
import type { Evidence, Finding } from "../model/capability.ts";
import { onLinux } from "./_elsewhere.ts";
import { lineOrErrno, oneLine, readLine } from "./_host-text.ts";
import { defineProbe, finding, type ProbeContext } from "./_probe.ts";
import { numberOf, readSetting, settingEvidence, settingWords } from "./_settings.ts";

const ids = ["hardening.cpu", "hardening.memory", "hardening.core-dumps"] as const;

function run({ host }: ProbeContext) {
  return Promise.resolve({
    "hardening.cpu": judgeProcessor(host),
    "hardening.memory": judgeMemory(host),
    "hardening.core-dumps": judgeCoreDumps(host),
  });
}

const vulnerabilities = "/sys/devices/system/cpu/vulnerabilities";

/** Documentation/ABI/testing/sysfs-devices-system-cpu: "Not affected", "Vulnerable: …" or "Mitigation: …". */
function judgeProcessor(host: Host): Finding {
  const listed = host.list(vulnerabilities);
  const threads = readLine(host, "/sys/devices/system/cpu/smt/active");
  const threadsRead = { action: "read /sys/devices/system/cpu/smt/active", result: lineOrErrno(threads) };
  if (!listed.ok) {
    const evidence = [{ action: `list ${vulnerabilities}`, result: listed.errno }, threadsRead];
    return finding({
      state: "unknown",
      level: "inferred",
      summary: "the kernel does not say what this processor is vulnerable to",
      evidence,
    });
  }
  const entries = listed.value
    .filter((name) => /^\w+$/.test(name))
    .map((name) => ({ name, line: readLine(host, `${vulnerabilities}/${name}`) }));
  const affected = entries.filter(({ line }) => line.ok && !line.value.startsWith("Not affected"));
  const open = affected.filter(({ line }) => line.ok && /^(?:KVM: )?Vulnerable/.test(line.value));
  const evidence: Evidence[] = [
    { action: `list ${vulnerabilities}`, result: `${entries.length} known` },
    ...affected.slice(0, 20).map(({ name, line }) => ({ action: `read ${name}`, result: lineOrErrno(line) })),
    threadsRead,
  ];
  const sharing = threads.ok && threads.value === "1" ? "; jobs share cores with others (SMT is on)" : "";
  const view = isGuest(host) ? ", as a virtual machine sees it" : "";
  if (entries.length > 0 && open.length === 0) {
    const summary = `of ${entries.length} known weaknesses of processors none is left open${view}${sharing}`;
    return finding({ state: "works", level: "declared", summary, evidence, value: "" });
  }
  const value = open.map(({ name }) => name).join(",");
  const summary = `left open${view}: ${open.map(({ name }) => name).join(", ") || "cannot be told"}${sharing}`;
  return finding({ state: open.length > 0 ? "degraded" : "unknown", level: "declared", summary, evidence, value });
}

/** CPUID's bit that a hypervisor sets; on arm64 /proc/cpuinfo has no such word. */
function isGuest(host: Host): boolean {
  const text = host.readText("/proc/cpuinfo");
  return text.ok && /^flags\s*:.*\bhypervisor\b/m.test(text.value.slice(0, 8192));
}

function judgeMemory(host: Host): Finding {
  const merging = readLine(host, "/sys/kernel/mm/ksm/run");
  const swaps = host.readText("/proc/swaps");
  const layout = readSetting(host, "kernel.randomize_va_space");
  const log = readSetting(host, "kernel.dmesg_restrict");
  const evidence: Evidence[] = [
    settingEvidence(layout),
    { action: "read /sys/kernel/mm/ksm/run", result: lineOrErrno(merging) },
    { action: "count swaps in /proc/swaps", result: swaps.ok ? String(countSwaps(swaps.value)) : swaps.errno },
    settingEvidence(log),
    settingEvidence(readSetting(host, "kernel.kptr_restrict")),
  ];
  const randomized = numberOf(layout);
  if (randomized === undefined) {
    const summary = "the kernel's settings for memory cannot be read";
    return finding({ state: "unknown", level: "inferred", summary, evidence });
  }
  // proc_sys_kernel(5): 1 leaves the heap where it always is, 0 everything.
  const weak = [
    ...(randomized < 2 ? [`addresses are not randomized in whole (${settingWords(layout)})`] : []),
    ...(merging.ok && merging.value === "1" ? ["equal pages of different jobs are merged (KSM runs)"] : []),
  ];
  const told = [swapWords(swaps), ...(numberOf(log) === 0 ? ["anybody may read the kernel's log"] : [])];
  return weak.length === 0
    ? finding({ state: "works", level: "declared", summary: `addresses are randomized; ${told.join("; ")}`, evidence })
    : finding({ state: "degraded", level: "declared", summary: [...weak, ...told].join("; "), evidence });
}

/** The first line is a heading (proc_swaps(5)). */
function countSwaps(text: string): number {
  return text.split("\n").filter((line) => line.startsWith("/")).length;
}

function swapWords(swaps: Answer<string>): string {
  if (!swaps.ok) return "whether there is swap cannot be told";
  return countSwaps(swaps.value) > 0 ? "a job's memory may be swapped out" : "no swap";
}

/** core(5): a pattern that starts with `|` has the kernel start that program as root, in the initial namespaces. */
function judgeCoreDumps(host: Host): Finding {
  const pattern = readSetting(host, "kernel.core_pattern");
  const evidence = [settingEvidence(pattern)];
  if (!pattern.answer.ok) {
    const summary = "kernel.core_pattern cannot be read";
    return finding({ state: "unknown", level: "inferred", summary, evidence });
  }
  const text = oneLine(pattern.answer.value);
  if (text.startsWith("|")) {
    const program = text.slice(1).trim().split(" ", 1)[0] ?? "";
    const summary = `a crash in a job has the host start ${program} as root, with the job's memory as its input`;
    return finding({ state: "degraded", level: "declared", summary, evidence, value: program });
  }
  if (text.startsWith("@")) {
    const summary = `a crash in a job is told to a socket of the host: ${text}`;
    return finding({ state: "degraded", level: "declared", summary, evidence, value: text });
  }
  const summary =
    text === "" ? "a crash leaves no core file" : "a crash in a job starts nothing; its core file stays with the job";
  return finding({ state: "works", level: "declared", summary, evidence, value: text });
}

/** Probe `hardening`. */
export default defineProbe({
  id: "hardening",
  area: "host",
  capabilities: {
    "hardening.cpu": "Processor's weaknesses",
    "hardening.memory": "Protection of memory",
    "hardening.core-dumps": "Core dumps",
  },
  deadlineMs: 1000,
  run: onLinux(ids, run),
});
