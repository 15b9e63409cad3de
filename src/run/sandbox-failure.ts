/** How a sandbox failed: before its job was started, or under it. Pure. */
import { errnoName } from "../host/errno-name.ts";
import { findEvent, type EventOf } from "../launch/launch-event.ts";
import { unitEnd } from "../launch/unit-ends.ts";
import type { LauncherPlan } from "../model/plan.ts";
import { killSignal, parseWaitStatus, seconds, verdict, type Seen, type Verdict } from "./ending-verdict.ts";
import { signalName } from "./signals.ts";

/** The program without which there is no job: it makes the sandbox, or is the kernel in it. */
function programOf({ guest }: Pick<LauncherPlan, "guest">): string {
  return guest === undefined ? "the program that makes the sandbox" : "the program that is the job's kernel";
}

/** An end that systemd gives a service which it could not set up has a name. */
function nameEnd(code: number, { maker }: Pick<LauncherPlan, "maker">): string {
  const end = maker?.program === "systemd-run" ? unitEnd(code) : undefined;
  return `exited with ${end === undefined ? code : `${end} (the manager's journal says more)`}`;
}

/** What kept another program from making the sandbox, or from being the kernel in it: its last words. */
export function describeMakerFailure(
  { status, words }: EventOf<"maker-failed">,
  launch: Pick<LauncherPlan, "guest" | "maker">,
): string {
  const said = words.trim();
  const { code, signal } = parseWaitStatus(status);
  const how = signal === undefined ? nameEnd(code ?? 0, launch) : `was ended by ${signal.name}`;
  return `${programOf(launch)} ${how}${said === "" ? ", and said nothing" : `: ${said}`}`;
}

/** Whether the program without which there is no job ended under one that had been started. */
function hasLostKernel({ events }: Seen): boolean {
  return findEvent(events, "started") !== undefined && findEvent(events, "maker-failed") !== undefined;
}

function failedStep({ step, subject, errno }: EventOf<"failed">): Verdict {
  const about = subject === "" ? "" : ` (${subject})`;
  return verdict("setup-failed", "set-up", `setting up the sandbox failed at ${step}${about}: ${errnoName(errno)}`);
}

function failedProgram({ events, launch, controlGroups }: Seen): Verdict | undefined {
  // It was ended with the time that its job had.
  if (findEvent(events, "timeout") !== undefined) return undefined;
  const late = findEvent(events, "maker-timeout");
  if (late !== undefined) {
    const within = `${programOf(launch)} had started no job within ${seconds(late.timeoutMs)}`;
    return verdict("setup-failed", "set-up", within);
  }
  const ended = findEvent(events, "maker-failed");
  if (ended === undefined) return undefined;
  if ((controlGroups?.outOfMemoryKills ?? 0) === 0)
    return verdict("setup-failed", "set-up", describeMakerFailure(ended, launch));
  return verdict("setup-failed", "memory", `${programOf(launch)} went over the job's memory limit, and was ended`);
}

function failedExecution({ errno, subject }: EventOf<"exec-failed">): Verdict {
  const name = errnoName(errno);
  return name === "ENOENT" || name === "ENOTDIR"
    ? verdict("setup-failed", "program-not-found", `${subject}: not found`)
    : verdict("setup-failed", "program-not-executable", `${subject}: cannot be executed (${name})`);
}

/** What kept the job from being started; undefined where it was. */
export function judgeStart(seen: Seen): Verdict | undefined {
  if (hasLostKernel(seen)) return undefined;
  const failed = findEvent(seen.events, "failed");
  if (failed !== undefined) return failedStep(failed);
  const program = failedProgram(seen);
  if (program !== undefined) return program;
  const execution = findEvent(seen.events, "exec-failed");
  return execution === undefined ? undefined : failedExecution(execution);
}

function outOfMemory({ controlGroups }: Seen): Verdict | undefined {
  if ((controlGroups?.outOfMemoryKills ?? 0) > 0)
    return {
      ...verdict("out-of-memory", "memory", "the job was ended with all of its processes, over its memory limit"),
      // What ends the first process of a PID namespace, or the kernel of the job's own, ends all others so.
      signal: { name: signalName(killSignal), number: killSignal },
    };
  return undefined;
}

/** What was lost under the job, which ended with it: a kernel of its own, or the sandbox's first process. */
export function judgeLoss(seen: Seen): Verdict | undefined {
  const kernel = hasLostKernel(seen) ? findEvent(seen.events, "maker-failed") : undefined;
  const first = findEvent(seen.events, "lost");
  if (kernel === undefined && first === undefined) return undefined;
  const summary =
    kernel === undefined
      ? `the sandbox's first process died (wait status ${first?.status})`
      : `${describeMakerFailure(kernel, seen.launch)}, and the job ended with it`;
  return outOfMemory(seen) ?? verdict("setup-failed", "first-process-lost", summary);
}
