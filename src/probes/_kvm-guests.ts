/** What the guests did that the prober ran in KVM. */
import type { Host } from "../host/host.ts";
import type { Blocker, Evidence, Finding } from "../model/capability.ts";
import { readLine } from "./_host-text.ts";
import { finding } from "./_probe.ts";
import { errnoAt, evidenceOf, notEstablished, valueAt, type Reading } from "./_steps.ts";

/** How a guest's failure reads. */
function describeFailure(reading: Reading, step: string): string {
  const found = reading.steps.get(step);
  if (found?.errno === "ETIMEDOUT") return `no exit from the guest in ${found.value} ms; ended`;
  return `${found?.errno ?? "not reached"}: ${found?.text ?? ""}`;
}

/** Backends by the module that carries them: a processor's own, or one that needs none. */
function backend(host: Host): string | undefined {
  const modules = host.list("/sys/module");
  if (!modules.ok) return undefined;
  return ["kvm_intel", "kvm_amd", "kvm_pvm"].find((name) => modules.value.includes(name));
}

/** Whether guests may have guests: a parameter of the processor's own backends, Y or 1. */
function nesting(host: Host, module: string): Evidence[] {
  const path = `/sys/module/${module}/parameters/nested`;
  const nested = readLine(host, path);
  return nested.ok ? [{ action: `read ${path}`, result: nested.value }] : [];
}

/** Sixteen bits; arm64 has no such mode, there the one guest counts. */
export function judgeRealMode(reading: Reading, host: Host): Finding {
  const step = host.architecture === "arm64" ? "long-mode" : "real-mode";
  const evidence = evidenceOf(reading, {
    [step]: "run a guest that adds, writes the sum to a port and halts (microseconds)",
  });
  const by = backend(host);
  if (by !== undefined) evidence.push({ action: "list /sys/module", result: by }, ...nesting(host, by));
  return judgeGuest(reading, step, evidence, by);
}

function judgeGuest(reading: Reading, step: string, evidence: readonly Evidence[], value?: string): Finding {
  const errno = errnoAt(reading, step);
  if (errno === undefined) return { ...notEstablished(reading, "KVM_RUN"), evidence };
  if (errno === "ok") {
    const took = ((valueAt(reading, step) ?? 0) / 1000).toFixed(1);
    return finding({
      state: "works",
      level: "exercised",
      summary: `a guest gave the right answer and halted in ${took} ms`,
      evidence,
      value,
    });
  }
  const detail = describeFailure(reading, step);
  return finding({
    state: "broken",
    level: "exercised",
    summary: detail,
    evidence,
    blockers: [{ code: "unknown", detail }],
    value,
  });
}

/** Turns of the loop and its deadline, as in platform/linux/prober/kvm-guest-x86.c. */
const loopTurns = "262,144";

/** A processor takes a millisecond at most for the loop; several of these mean a machine too busy to judge. */
const busyMicroseconds = 20_000;

/** Sixty-four bits with paging: the right answer, and at a processor's speed. */
export function judgeLongMode(reading: Reading): Finding {
  const evidence = evidenceOf(reading, {
    "long-mode": "run a 64-bit guest with paging (microseconds)",
    "long-mode-loop": `run a 64-bit loop of ${loopTurns} turns in a guest (microseconds)`,
    "native-loop": "run the same loop here (microseconds)",
  });
  const answered = judgeGuest(reading, "long-mode", evidence);
  const loop = errnoAt(reading, "long-mode-loop");
  if (answered.state !== "works" || loop === undefined || loop === "ok") return answered;
  if (loop !== "ETIMEDOUT") return judgeGuest(reading, "long-mode-loop", evidence);
  const native = valueAt(reading, "native-loop") ?? 0;
  const deadline = reading.steps.get("long-mode-loop")?.value ?? 0;
  if (native > busyMicroseconds) {
    const summary = "could not be established: this machine is too busy to tell an interpreted guest from a slow one";
    return finding({ state: "unknown", level: "exercised", summary, evidence });
  }
  const detail =
    `64-bit code gives right answers but is interpreted: a loop that takes ${native} microseconds here was not done ` +
    `after ${deadline} ms in a guest, so no kernel boots in useful time`;
  const blocker: Blocker = { code: "hypervisor-nested-off", detail };
  return finding({ state: "broken", level: "exercised", summary: detail, evidence, blockers: [blocker] });
}
