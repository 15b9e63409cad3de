/** Attacks on a sandbox's set-up: what it leaves, what it takes from a job's words, and what is put in its way. */
import { lstatSync, mkdirSync, readFileSync } from "node:fs";
import { namesIn } from "../host/names-in.ts";
import { renderAttackOrders } from "./attack-line.ts";
import { factsOf } from "./attack-record.ts";
import { differencesOf, readTreeState } from "./canaries/tree-state.ts";
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
} from "./host-stage.ts";
import { endLeftovers } from "./leftovers.ts";
import { overManyTurns, whileReplaced } from "./replaced-path.ts";

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
    const end = await runOnStage(stage, {}, { orders: [], killAfterMs });
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
  const orders = renderAttackOrders([{ order: "run", id: "B05", deadlineMs: runDeadlineMs }]);
  const end = await runOnStage(stage, { variable }, { orders: [orders] });
  if (end === undefined) return noWish;
  const record = end.records.get("B05");
  if (record === undefined) return { failure: `the attacker did not start (${end.end})` };
  const isThere = factsOf(record).get("variable")?.includes("CUPEL_SMUGGLED") === true;
  return { sign: isThere ? "a variable came with another one's value" : undefined };
}

/** So often is a sandbox set up while its paths are replaced. */
const launches = 3;

function directoryOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}

/** What the host has outside of the workspace; the secrets lie there. */
function outsideOf({ openFile }: HostStage): string {
  return directoryOf(openFile);
}

/** A directory that a mount point in the workspace lies in is replaced by a link to one outside. */
async function plantLink(stage: HostStage): Promise<HostFinding> {
  const [inner, outside] = [`${stage.workspace}/inner`, outsideOf(stage)];
  mkdirSync(`${inner}/deep`, { recursive: true });
  const before = readTreeState(outside);
  const words = ["/bin/sh", "-c", overManyTurns("mkdir inner/deep")];
  for (let launch = 0; launch < launches; launch++) {
    const run = (): ReturnType<typeof runOnStage> =>
      runOnStage(stage, { writable: `${inner}/deep` }, { orders: [], words });
    const end = await whileReplaced(inner, `${outside}/out`, run);
    if (end === undefined) return noWish;
  }
  const [made] = differencesOf("", before, readTreeState(outside));
  return { sign: made?.text };
}

/** Where the caller stands is replaced by a link to where secrets lie. */
async function replaceWorkspace(stage: HostStage): Promise<HostFinding> {
  const token = readFileSync(stage.openFile, "utf8").trim();
  const name = stage.openFile.slice(outsideOf(stage).length + 1);
  const words = ["/bin/sh", "-c", overManyTurns('cat "$0/$1" "$1"'), stage.workspace, name];
  for (let launch = 0; launch < launches; launch++) {
    const run = (): ReturnType<typeof runOnStage> => runOnStage(stage, {}, { orders: [], words });
    const end = await whileReplaced(stage.workspace, outsideOf(stage), run);
    if (end === undefined) return noWish;
    if (end.output.includes(token)) return { sign: "it read a file that lies in another directory" };
  }
  return { sign: undefined };
}

/** All of them. */
export const setUpAttacks: readonly HostAttack[] = [
  {
    id: "G01",
    title: "have a link where the set-up makes its mount points",
    guarantees: ["fs.write"],
    control: { by: "everyone" },
    attempt: plantLink,
  },
  {
    id: "G02",
    title: "have the workspace replaced by a link while the sandbox is set up",
    guarantees: ["fs.read"],
    control: { by: "everyone" },
    attempt: replaceWorkspace,
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
