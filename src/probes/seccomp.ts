/** System call filters, exercised: one call denied with an errno of our choice, another still let through. */
import type { Blocker, Evidence, Finding } from "../model/capability.ts";
import { onLinux } from "./_elsewhere.ts";
import { defineProbe, finding, type ProbeContext } from "./_probe.ts";
import { allGave, errnoAt, evidenceOf, notEstablished, readSteps, valueAt, type Reading } from "./_steps.ts";

/** SIGSYS on x86-64 and arm64. */
const signalSys = 31;
const signalSegv = 11;

const ids = ["seccomp.filter", "seccomp.architectures", "seccomp.user-notification"] as const;

async function run({ helpers, host }: ProbeContext) {
  const reading = readSteps("seccomp", await helpers.probe("seccomp", [], 3000));
  return {
    "seccomp.filter": judgeFilter(reading),
    "seccomp.architectures": judgeForeignCalls(reading, host.architecture),
    "seccomp.user-notification": judgeNotification(reading),
  };
}

/** SECCOMP_GET_ACTION_AVAIL (seccomp(2), Linux 4.14), as /proc/sys/kernel/seccomp/actions_avail lists them. */
const actions = ["kill-process", "kill-thread", "trap", "errno", "user-notification", "trace", "log", "allow"];

function actionsEvidence(reading: Reading): Evidence[] {
  const known = actions.filter((action) => errnoAt(reading, `action-${action}`) === "ok");
  const isAsked = actions.some((action) => errnoAt(reading, `action-${action}`) !== undefined);
  return isAsked ? [{ action: "seccomp(SECCOMP_GET_ACTION_AVAIL)", result: known.join(", ") || "none" }] : [];
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
  evidence.push(...actionsEvidence(reading));
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

const foreignWords = {
  "foreign-control": "getppid() by int 0x80 before",
  "foreign-control-died": "getppid() by int 0x80 before, by signal",
  "x32-control": "getppid() as an x32 call before",
  "foreign-install": "install a filter that denies other architectures with EDOM",
  "foreign-own": "getppid() as a 64-bit call after",
  "foreign-denied": "getppid() by int 0x80 after",
  "foreign-died": "ended by signal",
  "x32-denied": "getppid() as an x32 call after",
} as const;

/** Filters see the architecture of a call (seccomp(2)); one that asks for the number alone is gone around by int 0x80. */
function judgeForeignCalls(reading: Reading, architecture: string): Finding {
  if (architecture !== "x64") {
    const evidence = [{ action: "architecture", result: architecture }];
    const summary = `${architecture} programs cannot make calls of another architecture`;
    return finding({ state: "not-applicable", level: "declared", summary, evidence });
  }
  const evidence = evidenceOf(reading, foreignWords);
  const installed = errnoAt(reading, "foreign-install");
  if (installed !== undefined && installed !== "ok") return denied(installed, "no filter can be installed", evidence);
  if (errnoAt(reading, "foreign-own") === undefined)
    return { ...notEstablished(reading, "install a filter"), evidence };
  const summary = describeForeignCalls(reading);
  if (summary !== undefined) return finding({ state: "works", level: "enforced", summary, evidence });
  const broken = "a filter does not deny calls of another architecture";
  return finding({ state: "broken", level: "exercised", summary: broken, evidence });
}

/** How foreign calls end under a filter that denies them; undefined where one gets through. */
function describeForeignCalls(reading: Reading): string | undefined {
  const died = valueAt(reading, "foreign-died");
  if (died === signalSys) return "a surrounding filter kills for 32-bit or x32 calls already";
  if (!allGave(reading, { "foreign-own": "ok", "x32-denied": "EDOM" })) return undefined;
  if (died === signalSegv) return "x32 calls are denied; this kernel takes no 32-bit ones";
  if (errnoAt(reading, "foreign-denied") !== "EDOM") return undefined;
  return errnoAt(reading, "foreign-control") === "ok"
    ? "32-bit and x32 calls are denied, 64-bit ones are let through"
    : "32-bit and x32 calls are denied; 32-bit ones fail without this filter, too";
}

function judgeNotification(reading: Reading): Finding {
  const evidence = evidenceOf(reading, {
    "action-user-notification": "seccomp(SECCOMP_GET_ACTION_AVAIL, USER_NOTIF)",
    listener: "install a filter with a listener",
    answer: "answer a notification",
    "notified-call": "the call that was answered for",
    "second-listener": "a second listener in the same process",
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
  capabilities: {
    "seccomp.filter": "System call filters",
    "seccomp.architectures": "Filters over other architectures",
    "seccomp.user-notification": "System call notifications",
  },
  deadlineMs: 4000,
  run: onLinux(ids, run),
});
