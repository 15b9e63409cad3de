/** Tracing, done: a process reads another's memory, once where that asked for it and once where it did not. */
import type { Blocker, Evidence, Finding } from "../model/capability.ts";
import { onLinux } from "./_elsewhere.ts";
import { defineProbe, finding, type ProbeContext } from "./_probe.ts";
import { numberOf, readSetting, settingEvidence, type Setting } from "./_settings.ts";
import { allGave, errnoAt, evidenceOf, notEstablished, readSteps, valueAt, type Reading } from "./_steps.ts";

const ids = ["trace.child", "trace.sibling"] as const;

async function run({ host, helpers }: ProbeContext) {
  const reading = readSteps("tracing", await helpers.probe("tracing", [], 3500));
  const scope = readSetting(host, "kernel.yama.ptrace_scope");
  return { "trace.child": judgeChild(reading, scope), "trace.sibling": judgeSibling(reading, scope) };
}

function judgeChild(reading: Reading, scope: Setting): Finding {
  const evidence = [
    ...evidenceOf(reading, {
      "ptrace-bad": "ptrace(unknown request)",
      "child-asks": "a child asks to be traced",
      "child-stopped": "it stops",
      "child-peek": "its memory is read",
      "child-continue": "it goes on",
      "child-ended": "it ends as it would have",
    }),
    settingEvidence(scope),
  ];
  if (allGave(reading, { "child-asks": "ok", "child-stopped": "ok", "child-peek": "ok", "child-ended": "ok" })) {
    const summary = "a debugger can trace what it starts";
    return finding({ state: "works", level: "exercised", summary, evidence });
  }
  return judgeDenied({ reading, scope, evidence }, "child-asks");
}

function judgeSibling(reading: Reading, scope: Setting): Finding {
  const evidence: Evidence[] = [
    ...evidenceOf(reading, {
      "descendant-seize": "attach to a descendant that did not ask for it",
      "descendant-copy": "process_vm_readv() of it",
      "beside-seize": "attach to it from a process beside it",
      "beside-copy": "process_vm_readv() from there",
    }),
    settingEvidence(scope),
  ];
  if (errnoAt(reading, "beside-seize") === "ok") {
    const summary = "a process can attach to any other of its user, unless something keeps them apart";
    return finding({ state: "works", level: "exercised", summary, evidence });
  }
  return judgeDenied({ reading, scope, evidence }, "beside-seize");
}

interface Denied {
  readonly reading: Reading;
  readonly scope: Setting;
  readonly evidence: readonly Evidence[];
}

/** Where a debugger cannot trace what it starts, or one process another. */
function judgeDenied({ reading, scope, evidence }: Denied, step: DeniedStep): Finding {
  const errno = errnoAt(reading, step);
  if (errno === undefined) return { ...notEstablished(reading, "ptrace"), evidence };
  if (errno === "ok") {
    const summary = "a child asked to be traced, but was not";
    return finding({ state: "broken", level: "exercised", summary, evidence });
  }
  const blockers = explain(reading, numberOf(scope) ?? 0, { errno, step });
  if (step === "child-asks") {
    const summary = `a debugger cannot trace what it starts (${errno})`;
    return finding({ state: "blocked", level: "exercised", summary, evidence, blockers });
  }
  // A denial counts beside an attach that was not denied.
  const level = errnoAt(reading, "descendant-seize") === "ok" ? "enforced" : "exercised";
  const summary = `a process cannot attach to one beside it (${errno}): that protects jobs`;
  return finding({ state: "blocked", level, summary, evidence, blockers });
}

type DeniedStep = "child-asks" | "beside-seize";

/** Yama.rst: 1 leaves descendants, 2 only who has CAP_SYS_PTRACE, 3 nobody. The first value that denies each step. */
const deniesFrom: Readonly<Record<DeniedStep, number>> = { "child-asks": 2, "beside-seize": 1 };

function explain(reading: Reading, value: number, denied: { errno: string; step: DeniedStep }): Blocker[] {
  const bad = errnoAt(reading, "ptrace-bad");
  if (valueAt(reading, "seccomp-mode") !== 0 && bad !== undefined && bad !== "ESRCH") {
    return [{ code: "seccomp", detail: `a system call filter answers ${bad} to ptrace` }];
  }
  if (value >= deniesFrom[denied.step]) return [{ code: "sysctl", detail: scopeWords(value) }];
  return [{ code: "unknown", detail: `tracing is denied (${denied.errno}) by neither Yama nor a filter` }];
}

/** Without the setting's whole name: nobody should take from here that another value would be better. */
function scopeWords(value: number): string {
  return `Yama allows it to ${["everybody", "ancestors only", "who has CAP_SYS_PTRACE", "nobody"][value] ?? "nobody"} (ptrace_scope ${value})`;
}

/** Probe `tracing`. */
export default defineProbe({
  id: "tracing",
  area: "privilege",
  capabilities: { "trace.child": "Tracing a child", "trace.sibling": "Tracing another process" },
  deadlineMs: 4500,
  run: onLinux(ids, run),
});
