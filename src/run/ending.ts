/** How a job ended and why, from what the launcher told and what its control groups counted. Pure. */
import { errnoName } from "../host/errno-name.ts";
import { findEvent, type LaunchEvent } from "../launch/launch-event.ts";
import type { Evidence } from "../model/capability.ts";
import type { Ending } from "../model/ending.ts";
import { killSignal, parseWaitStatus, seconds, verdict, type Seen, type Verdict } from "./ending-verdict.ts";
import { judgeLoss, judgeStart } from "./sandbox-failure.ts";
import { forwardedSignals, signalName } from "./signals.ts";
import { lostOutput } from "./stream-notices.ts";

const notEvidence: readonly LaunchEvent["event"][] = ["started", "published", "suspended", "output", "finished"];

function evidenceOf({ events, controlGroups, asked }: Seen): Evidence[] {
  const told = events
    .filter(({ event }) => !notEvidence.includes(event))
    .map(({ event, ...details }) => ({ action: `launcher: ${event}`, result: JSON.stringify(details) }));
  const passedOn = asked === undefined ? [] : [{ action: "signal passed on to the job", result: asked }];
  return [...told, ...passedOn, ...(controlGroups?.evidence ?? [])];
}

/** An end that cupel put to it: the launcher tells of one such reason, the first. */
function cutShort({ events }: Seen): Verdict | undefined {
  const wall = findEvent(events, "timeout");
  if (wall !== undefined)
    return verdict("timeout-wall", "wall-time", `the job was ended after ${seconds(wall.timeoutMs)}, its time limit`);
  const cpu = findEvent(events, "timeout-cpu");
  if (cpu !== undefined) {
    const { usedMs, limitMs } = cpu;
    return verdict(
      "timeout-cpu",
      "cpu-time",
      `the job was ended for its CPU time: ${seconds(usedMs)} of the ${seconds(limitMs)} that it may use`,
    );
  }
  const idle = findEvent(events, "timeout-idle");
  if (idle !== undefined)
    return verdict("timeout-idle", "no-output", `the job was ended after ${seconds(idle.limitMs)} without output`);
  const output = findEvent(events, "output-limit");
  return output === undefined
    ? undefined
    : verdict("limit-output", "output-size", `the job wrote more than ${output.bytesMax} bytes of output, its cap`);
}

const [cpuSignal, systemCallSignal] = [24, 31];

/** A signal says little by itself; what the kernel counted, or what was set up to send it, tells where it is from. */
function signalled(number: number, { controlGroups, asked, launch }: Seen): Verdict {
  const name = signalName(number);
  if (number === killSignal && (controlGroups?.outOfMemoryKills ?? 0) > 0)
    return verdict("out-of-memory", "memory", "the job was ended because it went over its memory limit");
  const { cpuSeconds } = launch.resourceLimits;
  if (number === cpuSignal && cpuSeconds !== undefined)
    return verdict(
      "timeout-cpu",
      "cpu-time",
      `the job was ended by SIGXCPU: one process used ${cpuSeconds} s of CPU time`,
    );
  if (asked !== undefined && (name === asked || number === killSignal))
    return verdict("cancelled", "caller", `the job was ended by ${asked} from the caller`);
  if (number === systemCallSignal && launch.seccomp !== "none") {
    return verdict(
      "denied-syscall",
      "system-call",
      "the job was ended by SIGSYS, which the filter on system calls sends for those of a foreign ABI (and the job could to itself)",
    );
  }
  return verdict("signalled", "signal", `the job was ended by ${name}`);
}

/** What a job that failed by itself had run into before: each was counted, or seen when it had ended. */
function ranInto(how: string, { events, controlGroups }: Seen): Verdict | undefined {
  const { outOfMemoryKills = 0, refusedForks = 0 } = controlGroups ?? {};
  if (outOfMemoryKills > 0) {
    const summary = `${how}; before, the kernel ended ${outOfMemoryKills} of its processes over its memory limit`;
    return verdict("out-of-memory", "memory", summary);
  }
  if (refusedForks > 0) {
    const times = refusedForks === 1 ? "once" : `${refusedForks} times`;
    const summary = `${how}; before, it was refused a process ${times}, over its cap on them`;
    return verdict("limit-pids", "forks-refused", summary);
  }
  const full = findEvent(events, "full");
  if (full === undefined) return undefined;
  const what = full.freeBytes === 0 ? `${full.bytes} bytes` : `${full.files} files`;
  return verdict("limit-disk", "file-system-full", `${how}; then ${full.subject} was full, with ${what}`);
}

/** A shell says by such a code that a signal ended its child (128+n). */
function isAskedFor(code: number, asked: string | undefined): boolean {
  return Object.entries(forwardedSignals).some(([name, number]) => name === asked && code === 128 + number);
}

function exited(code: number, seen: Seen): Verdict {
  const how = `the job exited with ${code}`;
  if (code !== 0 && isAskedFor(code, seen.asked))
    return verdict("cancelled", "caller", `${how} at ${seen.asked} from the caller`);
  if (code !== 0) return ranInto(how, seen) ?? verdict("nonzero", "exit", how);
  // The job could not know of lost output: its pipe took everything. To call that a success would lose it in silence.
  const unwritten = lostOutput(seen.events);
  if (unwritten !== undefined) return verdict("setup-failed", "output-lost", unwritten);
  // Nor could it know of this, and whoever waits for the changes is not to go on without them.
  const kept = findEvent(seen.events, "layer-kept");
  if (kept !== undefined && kept.errno !== 0)
    return verdict(
      "setup-failed",
      "changes-lost",
      `what the job changed in its workspace could not be copied out of memory: ${errnoName(kept.errno)}`,
    );
  if (seen.workspace?.lost !== undefined)
    return verdict(
      "setup-failed",
      "changes-lost",
      `what the job changed in its workspace is lost: ${seen.workspace.lost}`,
    );
  const lack = seen.artifactsLack;
  return lack === undefined ? verdict("ok", "exit", how) : verdict("setup-failed", "artifacts-missing", lack);
}

function ended(end: Pick<Ending, "code" | "signal">, seen: Seen): Verdict {
  if (end.code !== undefined) return exited(end.code, seen);
  const found = signalled(end.signal?.number ?? 0, seen);
  return found.status === "signalled" ? (ranInto(found.summary, withoutKills(seen)) ?? found) : found;
}

/** Another signal than SIGKILL is not what the kernel ends a process with that is over its memory. */
function withoutKills(seen: Seen): Seen {
  const { controlGroups } = seen;
  return {
    ...seen,
    controlGroups: controlGroups === undefined ? undefined : { ...controlGroups, outOfMemoryKills: 0 },
  };
}

function judge(seen: Seen, end: Pick<Ending, "code" | "signal">): Verdict {
  const cut = judgeStart(seen) ?? cutShort(seen) ?? judgeLoss(seen);
  if (cut !== undefined) return cut;
  if (findEvent(seen.events, "ended") !== undefined) return ended(end, seen);
  return verdict("setup-failed", "launcher-lost", "the launcher ended without a word");
}

/** Whether what ended, or could not be started, is what runs before the job. */
function isInSetup({ events, launch }: Seen): boolean {
  if (launch.setup === undefined || findEvent(events, "setup-ended") !== undefined) return false;
  return findEvent(events, "ended") !== undefined || findEvent(events, "exec-failed") !== undefined;
}

function aboutSetup(summary: string): string {
  return `${summary.replace(/^the job /, "the set-up command ")}; so the job's own was not run`;
}

/** The ending of a job that was started. */
export function judgeEnding(seen: Seen): Ending {
  const told = findEvent(seen.events, "ended");
  const end = told === undefined ? {} : parseWaitStatus(told.status);
  const { because, summary, status, signal } = judge(seen, end);
  const evidence = evidenceOf(seen);
  const how = signal === undefined ? end : { signal };
  if (!isInSetup(seen)) return { status, cause: { code: because, summary, evidence }, ...how };
  return { status, inSetup: true, cause: { code: because, summary: aboutSetup(summary), evidence }, ...how };
}
