/** Attacks of which only the host's side sees what becomes: on time, on output, by the runner's end, and on the set-up. */
import { lstatSync, readFileSync } from "node:fs";
import { namesIn } from "../host/names-in.ts";
import type { GuaranteeId } from "../model/guarantee.ts";
import { renderAttackOrders, type AttackOrder } from "./attack-line.ts";
import { factsOf } from "./attack-record.ts";
import type { AttackControl, SandboxWishes } from "./attack-spec.ts";
import { differencesOf, readTreeState } from "./canaries/tree-state.ts";
import type { HostAttack, HostFinding, HostStage } from "./host-attack.ts";
import { endLeftovers } from "./leftovers.ts";
import { secretAttack } from "./secret-attack.ts";
import { runAttacker, type AttackerEnd, type AttackerRun } from "./run-attacker.ts";

/** Longer than any of them takes. */
const deadlineMs = 10_000;
/** How long attacks keep busy that are to be ended before. */
const busyMs = 800;

type Run = Pick<AttackerRun, "orders" | "killAfterMs"> & {
  readonly words?: readonly string[];
  readonly before?: readonly string[];
};

async function run(
  stage: HostStage,
  wishes: SandboxWishes,
  { words, before = [], ...rest }: Run,
): Promise<AttackerEnd | undefined> {
  const prefix = stage.prefix(wishes);
  if (prefix === undefined) return undefined;
  return runAttacker({
    command: [...before, ...prefix, ...(words ?? [stage.program])],
    directory: stage.workspace,
    environment: stage.environment,
    openFile: stage.openFile,
    deadlineMs,
    ...rest,
  });
}

const noWish = { failure: "it takes words of cupel's own" };

/** Leaves a process in a session of its own, and keeps busy; `more` comes first. */
const stayOrders = (more: readonly AttackOrder[] = []): string =>
  renderAttackOrders([
    ...more,
    { order: "set", key: "mark", value: "stays" },
    { order: "set", key: "daemon-seconds", value: "8" },
    { order: "set", key: "spin-ms", value: String(busyMs) },
    { order: "set", key: "cpu-count", value: "1" },
    { order: "run", id: "C07", deadlineMs },
    { order: "run", id: "D07", deadlineMs },
  ]);

function isSandboxed(stage: HostStage): boolean {
  return stage.prefix({})?.length !== 0;
}

async function findStayers(stage: HostStage): Promise<string | undefined> {
  const [stayer] = await endLeftovers(stage.program, isSandboxed(stage));
  return stayer?.text;
}

/** Whoever looks after the job is ended by it; without a sandbox that would be this very process. */
const endParent: readonly AttackOrder[] = [{ order: "set", key: "spared-pid", value: String(process.pid) }];

const deadline: SandboxWishes = { timeoutMs: 250 };

/** The promise is kept within a moment, not at once (pdeath signals and closed channels take one). */
const momentMs = 300;

async function outlastTime(stage: HostStage): Promise<HostFinding> {
  const isInside = stage.prefix(deadline)?.length !== 0;
  const end = await run(stage, deadline, { orders: [stayOrders(isInside ? endParent : [])] });
  if (end === undefined) return noWish;
  const outlasted = end.records.get("D07")?.ending === "attempted" ? "it did all that it had to do" : undefined;
  if (outlasted === undefined) await pause(momentMs);
  const stayer = await findStayers(stage);
  if (!end.hasStarted) return { failure: `the attacker did not start (${end.end})` };
  return { sign: outlasted ?? stayer };
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

async function outlive(stage: HostStage, wishes: SandboxWishes, how: Run): Promise<HostFinding> {
  const end = await run(stage, wishes, how);
  if (end === undefined) return noWish;
  await pause(momentMs);
  const stayer = await findStayers(stage);
  if (!end.hasStarted) return { failure: `the attacker did not start (${end.end})` };
  return { sign: stayer };
}

/** Of somebody else's sandbox nobody knows who starts its programs, and so whom they would end: it is asked for nothing. */
const ownAlone: SandboxWishes = { timeoutMs: deadlineMs };

async function outliveRunner(stage: HostStage): Promise<HostFinding> {
  const killed = await outlive(stage, {}, { orders: [stayOrders()], killAfterMs: 500 });
  if (!isSandboxed(stage) || killed.failure !== undefined || killed.sign !== undefined) return killed;
  const parentless = await outlive(stage, ownAlone, { orders: [stayOrders(endParent)] });
  return parentless === noWish ? killed : parentless;
}

const floodBytes = 8 * 1024 * 1024;
/** The runtime gives sockets to what it starts, which nobody can open by a path (proc(5)); a caller's shell gives pipes. */
const intoPipe = ["/bin/sh", "-c", '"$@" | cat', "sh"];

const outputCap: SandboxWishes = { outputBytes: 1024 * 1024 };

/**
 * By the streams of those who started it, as far up as this very process, which is spared; then by its own. The names of
 * /proc/PID/status are those of proc_pid_status(5).
 */
const flood = `
process=$PPID
while [ "$process" -gt 1 ] && [ "$process" != ${process.pid} ]; do
  head -c ${floodBytes} /dev/zero >"/proc/$process/fd/1"
  parent=0
  while read -r name value; do [ "$name" != PPid: ] || parent=$value; done <"/proc/$process/status"
  process=$parent
done 2>/dev/null
exec head -c ${floodBytes} /dev/zero`;

async function floodOutput(stage: HostStage): Promise<HostFinding> {
  const words = ["/bin/sh", "-c", flood];
  const end = await run(stage, outputCap, { orders: [], words, before: intoPipe });
  if (end === undefined) return noWish;
  if (end.outputBytes === 0) return { failure: `nothing was written (${end.end})` };
  const isOver = end.outputBytes > (outputCap.outputBytes ?? 0);
  return { sign: isOver ? `${end.outputBytes} bytes of it arrived` : undefined };
}

/** Mounts on this host that have to do with this stage. */
function mountsOf({ program }: HostStage): string[] {
  const directory = program.slice(0, program.lastIndexOf("/"));
  return readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .filter((line) => line.includes(directory));
}

/** Control groups that were made for a process: `cupel-PID-…`, at most three levels down. */
function controlGroupsOf(pid: number, directory = "/sys/fs/cgroup", levels = 3): string[] {
  if (levels === 0) return [];
  return namesIn(directory).flatMap((name) => {
    const path = `${directory}/${name}`;
    if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return [];
    return [...(name.startsWith(`cupel-${pid}-`) ? [path] : []), ...controlGroupsOf(pid, path, levels - 1)];
  });
}

/** One is let go to its end. The other is killed before it; what that leaves the next run may have to take away. */
async function leaveTraces(stage: HostStage): Promise<HostFinding> {
  const before = mountsOf(stage);
  const files = readTreeState(stage.workspace);
  const ends: number[] = [];
  for (const killAfterMs of [20, undefined]) {
    const end = await run(stage, {}, { orders: [], killAfterMs });
    if (end === undefined) return noWish;
    ends.push(end.pid);
  }
  await pause(momentMs);
  const left = [
    ...mountsOf(stage).filter((mount) => !before.includes(mount)),
    ...controlGroupsOf(ends[1] ?? -1),
    ...(await endLeftovers(stage.program, isSandboxed(stage))).map(({ text }) => text),
    ...differencesOf("workspace", files, readTreeState(stage.workspace)).map(({ text }) => text),
  ][0];
  return { sign: left === undefined ? undefined : `left behind: ${left}` };
}

async function smuggleVariable(stage: HostStage): Promise<HostFinding> {
  const variable = "CUPEL_DECLARED=1\nCUPEL_SMUGGLED=2";
  const orders = renderAttackOrders([{ order: "run", id: "B05", deadlineMs }]);
  const end = await run(stage, { variable }, { orders: [orders] });
  if (end === undefined) return noWish;
  const record = end.records.get("B05");
  if (record === undefined) return { failure: `the attacker did not start (${end.end})` };
  const isThere = factsOf(record).get("variable")?.includes("CUPEL_SMUGGLED") === true;
  return { sign: isThere ? "a variable came with another one's value" : undefined };
}

const everyone: AttackControl = { by: "everyone" };
const limitTime: readonly GuaranteeId[] = ["limit.time"];

/** All of them. */
export const hostAttacks: readonly HostAttack[] = [
  secretAttack,
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
  {
    id: "G06",
    title: "leave mounts and files of the set-up behind, also by being killed in the middle of it",
    guarantees: ["proc.tree"],
    control: { by: "none", reason: "without a sandbox nothing is set up" },
    attempt: leaveTraces,
  },
  {
    id: "G09",
    title: "smuggle a variable in another one's value",
    guarantees: ["env.clean"],
    control: { by: "none", reason: "without a sandbox every variable is there" },
    attempt: smuggleVariable,
  },
];
