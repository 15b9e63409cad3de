/** Attacks on a job's end: on time, on output, by the runner's end. */
import type { GuaranteeId } from "../model/guarantee.ts";
import { renderAttackOrders, type AttackOrder } from "./attack-line.ts";
import type { AttackControl, SandboxWishes } from "./attack-spec.ts";
import {
  isSandboxed,
  momentMs,
  noWish,
  pause,
  runDeadlineMs,
  runOnStage,
  type HostAttack,
  type HostFinding,
  type HostStage,
  type StageRun,
} from "./host-stage.ts";
import { endLeftovers } from "./leftovers.ts";

/** How long attacks keep busy that are to be ended before. */
const busyMs = 800;

/** Leaves a process in a session of its own, and keeps busy; `more` comes first. */
const stayOrders = (more: readonly AttackOrder[] = [], spinMs = busyMs): string =>
  renderAttackOrders([
    ...more,
    { order: "set", key: "mark", value: "stays" },
    { order: "set", key: "daemon-seconds", value: "8" },
    { order: "set", key: "spin-ms", value: String(spinMs) },
    { order: "set", key: "cpu-count", value: "1" },
    { order: "run", id: "C07", deadlineMs: runDeadlineMs },
    { order: "run", id: "D07", deadlineMs: runDeadlineMs },
  ]);

async function findStayers(stage: HostStage): Promise<string | undefined> {
  const [stayer] = await endLeftovers(stage.program, isSandboxed(stage));
  return stayer?.text;
}

/** Whoever looks after the job is ended by it; without a sandbox that would be this very process. */
const endParent: readonly AttackOrder[] = [{ order: "set", key: "spared-pid", value: String(process.pid) }];

/** A sandbox in which a program takes longer than one of them to say that it is there is given the next. */
const deadlinesMs = [250, 1500, 6000] as const;

async function runToDeadline(stage: HostStage, timeoutMs: number): ReturnType<typeof runOnStage> {
  const isInside = stage.prefix({ timeoutMs })?.length !== 0;
  return runOnStage(stage, { timeoutMs }, { orders: [stayOrders(isInside ? endParent : [], 3 * timeoutMs)] });
}

async function outlastTime(stage: HostStage): Promise<HostFinding> {
  const [shortMs, ...longerMs] = deadlinesMs;
  let end = await runToDeadline(stage, shortMs);
  for (const timeoutMs of longerMs) if (end?.hasStarted === false) end = await runToDeadline(stage, timeoutMs);
  if (end === undefined) return noWish;
  const outlasted = end.records.get("D07")?.ending === "attempted" ? "it did all that it had to do" : undefined;
  if (outlasted === undefined) await pause(momentMs);
  const stayer = await findStayers(stage);
  if (!end.hasStarted) return { failure: `the attacker did not start (${end.end})` };
  return { sign: outlasted ?? stayer };
}

async function outlive(stage: HostStage, wishes: SandboxWishes, how: StageRun): Promise<HostFinding> {
  const end = await runOnStage(stage, wishes, how);
  if (end === undefined) return noWish;
  await pause(momentMs);
  const stayer = await findStayers(stage);
  if (!end.hasStarted) return { failure: `the attacker did not start (${end.end})` };
  return { sign: stayer };
}

/** Of somebody else's sandbox nobody knows who starts its programs, and so whom they would end: it is asked for nothing. */
const ownAlone: SandboxWishes = { timeoutMs: runDeadlineMs };

async function outliveRunner(stage: HostStage): Promise<HostFinding> {
  const killed = await outlive(stage, {}, { orders: [stayOrders()], killAfterAttacks: 1 });
  if (!isSandboxed(stage) || killed.failure !== undefined || killed.sign !== undefined) return killed;
  const parentless = await outlive(stage, ownAlone, { orders: [stayOrders(endParent)] });
  return parentless === noWish ? killed : parentless;
}

const floodBytes = 2 * 1024 * 1024;

/**
 * The caller's output is a FIFO that has a name, which others of the caller's can open; the runtime itself gives sockets to
 * what it starts, which nobody can open by a path (proc(5)).
 */
const intoNamedPipe = ["/bin/sh", "-c", 'mkfifo -m 666 "$0" && { cat "$0" & "$@" >"$0"; wait; }'];

const outputCap: SandboxWishes = { outputBytes: 1024 * 1024 };

/**
 * By the caller's output itself; by the streams of those who started it, as far up as this very process, which is spared;
 * then by its own. The names of /proc/PID/status are those of proc_pid_status(5).
 */
const flood = `
head -c ${floodBytes} /dev/zero 2>/dev/null >"$0"
process=$PPID
while [ "$process" -gt 1 ] && [ "$process" != ${process.pid} ]; do
  head -c ${floodBytes} /dev/zero >"/proc/$process/fd/1"
  parent=0
  while read -r name value; do [ "$name" != PPid: ] || parent=$value; done <"/proc/$process/status"
  process=$parent
done 2>/dev/null
exec head -c ${floodBytes} /dev/zero`;

async function floodOutput(stage: HostStage): Promise<HostFinding> {
  const stream = `${stage.program}-output`;
  const words = ["/bin/sh", "-c", flood, stream];
  const end = await runOnStage(stage, outputCap, { orders: [], words, before: [...intoNamedPipe, stream] });
  if (end === undefined) return noWish;
  if (end.outputBytes === 0) return { failure: `nothing was written (${end.end})` };
  const isOver = end.outputBytes > (outputCap.outputBytes ?? 0);
  return { sign: isOver ? `${end.outputBytes} bytes of it arrived` : undefined };
}

const everyone: AttackControl = { by: "everyone" };
const limitTime: readonly GuaranteeId[] = ["limit.time"];

/** All of them. */
export const endingAttacks: readonly HostAttack[] = [
  {
    id: "C09",
    title: "outlive a runner that is killed together with its launcher, or that the job itself ends",
    guarantees: ["proc.tree"],
    control: everyone,
    attempt: outliveRunner,
  },
  {
    id: "D08",
    title: "outlast the time limit, in a session of its own and busy",
    guarantees: limitTime,
    quickFor: limitTime,
    control: everyone,
    attempt: outlastTime,
  },
  {
    id: "D10",
    title: "flood the output",
    guarantees: ["limit.output"],
    quickFor: ["limit.output"],
    control: everyone,
    attempt: floodOutput,
  },
];
