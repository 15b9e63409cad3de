/** System call filters, exercised: one call denied with an errno of our choice, another still let through. */
import type { Blocker, Finding } from "../model/capability.ts";
import { onLinux } from "./_elsewhere.ts";
import { defineProbe, finding, type ProbeContext } from "./_probe.ts";
import { allGave, errnoAt, evidenceOf, notEstablished, readSteps, type Reading } from "./_steps.ts";

/** SIGSYS on x86-64 and arm64. */
const signalSys = 31;

async function run({ helpers }: ProbeContext) {
  const reading = readSteps("seccomp", await helpers.probe("seccomp", [], 3000));
  return { "seccomp.filter": judgeFilter(reading), "seccomp.user-notification": judgeNotification(reading) };
}

function judgeFilter(reading: Reading): Finding {
  const evidence = evidenceOf(reading, {
    mode: "prctl(PR_GET_SECCOMP)",
    control: "getppid() before",
    install: "install a filter that denies getppid with EDOM",
    "denied-call": "getppid() after",
    "other-call": "getuid() after",
    tsync: "install with TSYNC",
    "log-flag": "install with LOG",
  });
  const killed = reading.steps.get("kill-process");
  if (killed !== undefined)
    evidence.push({ action: "a call that the filter kills for", result: `signal ${killed.value}` });
  if (allGave(reading, { control: "ok", install: "ok", "denied-call": "EDOM", "other-call": "ok" })) {
    const dies = killed?.value === signalSys;
    const summary = "denies one call with its own errno and lets another pass";
    return dies
      ? finding({ state: "works", level: "enforced", summary, evidence })
      : finding({ state: "degraded", level: "enforced", summary: `${summary}; cannot kill for a call`, evidence });
  }
  const install = errnoAt(reading, "install");
  if (install === undefined) return { ...notEstablished(reading, "install a filter"), evidence };
  if (install === "ok") {
    return finding({
      state: "broken",
      level: "exercised",
      summary: "a filter can be installed but does not deny",
      evidence,
    });
  }
  return denied(install, "no filter can be installed", evidence);
}

function judgeNotification(reading: Reading): Finding {
  const evidence = evidenceOf(reading, {
    "action-user-notification": "seccomp(SECCOMP_GET_ACTION_AVAIL, USER_NOTIF)",
    listener: "install a filter with a listener",
    answer: "answer a notification",
    "notified-call": "the call that was answered for",
  });
  if (allGave(reading, { listener: "ok", answer: "ok", "notified-call": "ok" })) {
    return finding({ state: "works", level: "enforced", summary: "a call was answered by another process", evidence });
  }
  const listener = errnoAt(reading, "listener");
  if (listener === undefined) return { ...notEstablished(reading, "install a filter with a listener"), evidence };
  if (listener === "ok") {
    return finding({
      state: "broken",
      level: "exercised",
      summary: "there is a listener, but no call reaches it",
      evidence,
    });
  }
  return denied(listener, "no listener can be had", evidence);
}

/** EBUSY: some filter around us has a listener already (seccomp(2)); EINVAL: not built in; EPERM, ENOSYS: denied by a filter. */
function denied(errno: string, what: string, evidence: Finding["evidence"]): Finding {
  const blocker: Blocker =
    errno === "EINVAL"
      ? { code: "kernel-config", detail: `${what} (EINVAL): not built into this kernel` }
      : {
          code: "seccomp",
          detail: `${what} (${errno}): ${errno === "EBUSY" ? "a surrounding filter has one" : "a surrounding filter denies it"}`,
        };
  const state = errno === "EINVAL" ? "absent" : "blocked";
  return finding({ state, level: "exercised", summary: blocker.detail, evidence, blockers: [blocker] });
}

/** Probe `seccomp`. */
export default defineProbe({
  id: "seccomp",
  area: "privilege",
  capabilities: { "seccomp.filter": "System call filters", "seccomp.user-notification": "System call notifications" },
  deadlineMs: 4000,
  run: onLinux(["seccomp.filter", "seccomp.user-notification"], run),
});
