/** Attacks by what a job leaves in a copy-on-write workspace, on whoever takes it over or away. */
import { lstatSync, mkdirSync, readdirSync, readlinkSync } from "node:fs";
import type { Host } from "../host/host.ts";
import { createRealHost } from "../host/real-host.ts";
import { namesIn } from "../host/names-in.ts";
import { stateDirectories } from "../host/private-directory.ts";
import { applyKept } from "../run/apply-kept.ts";
import { discardLayer, listLayers, type KeptLayer } from "../run/kept-layers.ts";
import { layersIn } from "../run/layer-place.ts";
import { makingPattern } from "../run/run-id.ts";
import { realPath } from "../run/real-path.ts";
import { removeTree } from "../run/remove-tree.ts";
import { renderAttackOrders, type AttackOrder } from "./attack-line.ts";
import { freshMark } from "./attack-side.ts";
import type { AttackControl } from "./attack-spec.ts";
import { differencesOf, readTreeState } from "./canaries/tree-state.ts";
import { noWish, runDeadlineMs, runOnStage, type HostAttack, type HostFinding, type HostStage } from "./host-stage.ts";
import { overManyTurns, whileReplaced } from "./replaced-path.ts";

/** What this stage's jobs left to be applied. */
function layersOf({ workspace }: HostStage): KeptLayer[] {
  const canonical = realPath(workspace) ?? workspace;
  return listLayers(createRealHost()).filter(({ record }) => record.workspace === canonical);
}

function discardAll(stage: HostStage): void {
  layersOf(stage).forEach(discardLayer);
}

/** What nobody wants from a job, one entry of each kind; and one that anybody would take. */
const unwanted = `
: >plain
ln -s ../secret/out link
: >set-id && chmod 6755 set-id
mkfifo pipe
mkdir -p .git/hooks && : >.git/hooks/pre-commit
: >.bashrc
ln -s "$0" direct && : >direct/made
mknod device c 1 3
true`;

/** Of an entry, why it should not have come into the workspace; undefined where it may. */
function judgeEntry(path: string, name: string): string | undefined {
  const stats = lstatSync(path);
  if (stats.isSymbolicLink()) return /^\/|^\.\./.test(readlinkSync(path)) ? `the link ${name} leads out` : undefined;
  if (!stats.isFile() && !stats.isDirectory()) return `${name} is a FIFO or a device`;
  if (stats.isFile() && (stats.mode & 0o6000) !== 0) return `${name} has a set-ID bit`;
  return name === ".bashrc" || name === "pre-commit" ? `programs take orders from ${name}` : undefined;
}

function findUnwanted(directory: string): string | undefined {
  for (const name of readdirSync(directory)) {
    const path = `${directory}/${name}`;
    const found = judgeEntry(path, name) ?? (lstatSync(path).isDirectory() ? findUnwanted(path) : undefined);
    if (found !== undefined) return found;
  }
  return undefined;
}

function outsideOf({ openFile }: HostStage): string {
  return openFile.slice(0, openFile.lastIndexOf("/"));
}

async function leaveUnwanted(stage: HostStage): Promise<HostFinding> {
  const outside = outsideOf(stage);
  const before = readTreeState(outside);
  const words = ["/bin/sh", "-c", unwanted, `${outside}/out`];
  try {
    const end = await runOnStage(stage, { changes: "kept" }, { orders: [], words });
    if (end === undefined) return noWish;
    for (const layer of layersOf(stage)) applyKept(layer, { paths: [], skipsRefused: true });
    const [changed] = differencesOf("", before, readTreeState(outside));
    const sign = findUnwanted(stage.workspace) ?? changed?.text;
    const isTaken = readdirSync(stage.workspace).includes("plain");
    return isTaken || sign !== undefined ? { sign } : { failure: `nothing was applied (${end.end})` };
  } finally {
    discardAll(stage);
  }
}

const applications = 3;

/** While it is applied, a directory of the workspace is replaced by a link to one outside. */
async function replaceDirectory(stage: HostStage): Promise<HostFinding> {
  const [inner, outside] = [`${stage.workspace}/inner`, outsideOf(stage)];
  mkdirSync(inner);
  const before = readTreeState(outside);
  const words = ["/bin/sh", "-c", overManyTurns("for name in $(seq 100); do true >inner/made-$name; done")];
  try {
    for (let application = 0; application < applications; application++) {
      const run = (): ReturnType<typeof runOnStage> => runOnStage(stage, { changes: "applied" }, { orders: [], words });
      // A job that saw it in the workspace for a moment takes it out of there with what it changed.
      const end = await whileReplaced(inner, `${outside}/out`, run, `${stage.workspace}.away`);
      if (end === undefined) return noWish;
    }
    const [made] = differencesOf("", before, readTreeState(outside));
    return { sign: made?.text };
  } finally {
    discardAll(stage);
  }
}

const [treeFiles, treeLevels] = [200, 100];

function treeOrders(stage: HostStage, mark: string): AttackOrder[] {
  const keys = {
    mark,
    scratch: stage.workspace,
    "file-count": String(treeFiles),
    "level-count": String(treeLevels),
    "leave-tree": "yes",
  } as const;
  const set = Object.entries(keys).map(([key, value]): AttackOrder => ({ order: "set", key, value }));
  return [...set, { order: "run", id: "D13", deadlineMs: runDeadlineMs }];
}

/** The layer that a run of this process's number has not taken away; undefined where it has. */
export function layerLeftBy(pid: number, host: Host): string | undefined {
  const isOf = (name: string): boolean => makingPattern.exec(name)?.[1] === String(pid);
  return stateDirectories(host)
    .map(layersIn)
    .flatMap((place) =>
      namesIn(place)
        .filter(isOf)
        .map((name) => `${place}/${name}`),
    )
    .at(0);
}

/** Where the attacker makes things that it cannot make in the workspace (platform/linux/attacker/scratch.c). */
const otherScratch = ["/tmp", "/dev/shm", "/var/tmp"];

function removeMarked(place: string, mark: string): void {
  for (const name of namesIn(place)) if (name.includes(mark)) removeTree(`${place}/${name}`);
}

/** With paths longer than any path may be (PATH_MAX, limits.h). */
async function leaveDeepTree(stage: HostStage): Promise<HostFinding> {
  const mark = freshMark("D13");
  const end = await runOnStage(stage, {}, { orders: [renderAttackOrders(treeOrders(stage, mark))] });
  if (end === undefined) return noWish;
  const [left] = namesIn(stage.workspace).filter((name) => name.includes(mark));
  for (const place of [stage.workspace, ...otherScratch]) removeMarked(place, mark);
  if (left !== undefined) return { sign: `${left} was left in the workspace` };
  if (end.records.get("D13")?.ending !== "attempted") return { failure: `the attacker did not make it (${end.end})` };
  const layer = layerLeftBy(end.pid, createRealHost());
  return { sign: layer === undefined ? undefined : `${layer} was left` };
}

const everyone: AttackControl = { by: "everyone" };

/** All of them. */
export const changeAttacks: readonly HostAttack[] = [
  {
    id: "D13",
    title: "leave a tree that is deeper than any path is long",
    guarantees: ["fs.workspace"],
    control: everyone,
    attempt: leaveDeepTree,
  },
  {
    id: "G03",
    title: "have links, devices, set-ID files and orders for other programs taken over",
    guarantees: ["fs.write", "fs.protected"],
    control: everyone,
    attempt: leaveUnwanted,
  },
  {
    id: "G04",
    title: "have a directory replaced by a link while changes are applied to it",
    guarantees: ["fs.write"],
    control: everyone,
    attempt: replaceDirectory,
  },
];
