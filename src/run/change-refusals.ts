/** Why changes cannot be applied to the host's workspace as it is now. A layer's content is a job's: nothing of it is trusted. */
import { accessSync, constants, lstatSync, readdirSync, readlinkSync } from "node:fs";
import { errnoOf } from "../host/errno-of.ts";
import { isWithin } from "../model/job.ts";
import type { Change, HostEntry } from "../model/layer.ts";
import { hostEntryOf } from "./layer-entries.ts";
import { matchingOf } from "./path-globs.ts";
import { isProtected } from "./protected-names.ts";
import { nameOf, parentOf, type WorkspaceTree } from "./workspace-tree.ts";

/** One change that is refused. */
export interface Refusal {
  readonly path: string;
  readonly reason: string;
}

/** What is looked at. */
export interface ApplyInput {
  readonly workspace: string;
  readonly tree: WorkspaceTree;
  /** The changes that shall be applied. */
  readonly changes: readonly Change[];
  /** Paths that the caller named: of these, protected ones may be changed. */
  readonly named: readonly string[];
  /** Globs of names that are protected beside those that always are. */
  readonly protect?: readonly string[] | undefined;
  /** Whether what the host has is what the change would make of it. */
  readonly isDone: (change: Change) => boolean;
}

const setIdBits = 0o6000;

/**
 * Leading ".." and then names: with ".." behind a name, that name may be a symlink to anywhere, and ".." its parent. Pure.
 */
export function leadsOut(path: string, target: string, workspace: string): boolean {
  const names = target.split("/").filter((name) => name !== "" && name !== ".");
  if (target.startsWith("/")) return names.includes("..") || !isWithin(`/${names.join("/")}`, workspace);
  const upwards = names.findIndex((name) => name !== "..");
  const count = upwards < 0 ? names.length : upwards;
  return names.slice(count).includes("..") || count > path.split("/").length - 1;
}

/** What of a change is refused whatever the host has. Pure. */
export function judgeChange(
  change: Change,
  workspace: string,
  named: readonly string[],
  isProtectedToo: (path: string) => boolean = () => false,
): string | undefined {
  const { path, kind, mode, target } = change;
  if (change.isUnreadable === true) return "its name is not valid UTF-8";
  const isProtectedName = isProtected(path, kind === "directory") || isProtectedToo(path);
  if (isProtectedName && !named.includes(path)) return "other programs take orders from it; name it to have it applied";
  if (change.change === "deleted") return undefined;
  if (kind === "special") return "it is a device, a FIFO or a socket";
  if (kind === "file" && (mode & setIdBits) !== 0) return "it has a set-user-ID or set-group-ID bit";
  if (target !== undefined && leadsOut(path, target, workspace))
    return `it is a link that leads out of the workspace (${JSON.stringify(target)})`;
  return undefined;
}

/** Whether the host's entry is the one that the job's change was made to; a directory's times change with what is in it. */
export function isSameEntry(now: HostEntry, before: HostEntry): boolean {
  if (now.kind !== before.kind || now.inode !== before.inode) return false;
  return now.kind === "directory" || now.changedNs === before.changedNs;
}

const changed = "the host's file was changed meanwhile";

function judgeHost(now: HostEntry | undefined, { before, isStale }: Change): string | undefined {
  if (isStale === true) return changed;
  if (before === undefined) return now === undefined ? undefined : "the host has something there by now";
  if (now === undefined) return "the host has nothing there any more";
  return isSameEntry(now, before) ? undefined : changed;
}

/** As file systems compare that tell neither capitals nor ways of composing a letter apart. */
function fold(name: string): string {
  return name.normalize("NFC").toLowerCase();
}

class Judgement {
  readonly #input: ApplyInput;
  readonly #made: ReadonlySet<string>;

  constructor(input: ApplyInput) {
    this.#input = input;
    const isMade = ({ change, kind }: Change): boolean =>
      kind === "directory" && (change === "added" || change === "type-changed");
    this.#made = new Set(input.changes.filter(isMade).map(({ path }) => path));
  }

  run(): Refusal[] {
    const { changes, workspace, named, protect = [] } = this.#input;
    const isProtectedToo = matchingOf(protect);
    const refusals = changes.flatMap((change) => {
      const reason = judgeChange(change, workspace, named, isProtectedToo) ?? this.#judgePlace(change);
      return reason === undefined ? [] : [{ path: change.path, reason }];
    });
    const refused = new Set(refusals.map(({ path }) => path));
    return [...refusals, ...this.#collisions().filter(({ path }) => !refused.has(path))];
  }

  /** In a directory that is made first, there is nothing yet. */
  #judgePlace(change: Change): string | undefined {
    const parent = parentOf(change.path);
    if (this.#made.has(parent)) return undefined;
    const { tree, isDone } = this.#input;
    try {
      const directory = tree.directory(parent);
      if (isDone(change)) return undefined;
      const stats = lstatSync(`${directory}/${nameOf(change.path)}`, { bigint: true, throwIfNoEntry: false });
      const reason = judgeHost(stats === undefined ? undefined : hostEntryOf(stats), change);
      if (reason === undefined && change.change !== "mode-changed") accessSync(directory, constants.W_OK);
      return reason;
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === "EACCES" || errno === "EROFS") return `the host's directory cannot be written (${errno})`;
      return `${JSON.stringify(parent)} is not a directory of the host's any more (${errno})`;
    }
  }

  /** Names that are made, by their directory, beside all that would be there. */
  #collisions(): Refusal[] {
    const added = this.#input.changes.filter(({ change }) => change === "added");
    const byParent = Map.groupBy(added, ({ path }) => parentOf(path));
    return [...byParent].flatMap(([parent, changes]) => this.#collisionsIn(parent, changes));
  }

  #collisionsIn(parent: string, changes: readonly Change[]): Refusal[] {
    const gone = this.#input.changes.filter(({ change }) => change === "deleted").map(({ path }) => path);
    const kept = this.#namesIn(parent).filter((name) => !gone.includes(parent === "" ? name : `${parent}/${name}`));
    const names = new Set([...kept, ...changes.map(({ path }) => nameOf(path))]);
    const byFold = Map.groupBy(names, fold);
    return changes.flatMap(({ path }) => {
      const other = byFold.get(fold(nameOf(path)))?.find((name) => name !== nameOf(path));
      if (other === undefined) return [];
      return [{ path, reason: `some file systems cannot tell its name from ${JSON.stringify(other)}` }];
    });
  }

  #namesIn(parent: string): string[] {
    try {
      return this.#made.has(parent) ? [] : readdirSync(this.#input.tree.directory(parent));
    } catch (error) {
      // What is wrong with it was said of each change.
      errnoOf(error);
      return [];
    }
  }
}

/** Every change that cannot be applied, with the reason; none where all can. */
export function findRefusals(input: ApplyInput): Refusal[] {
  return new Judgement(input).run();
}

/** Where a symlink leads; undefined where there is none. */
export function readTarget(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch (error) {
    errnoOf(error);
    return undefined;
  }
}
