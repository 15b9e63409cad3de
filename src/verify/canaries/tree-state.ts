/** What a directory holds, so that a change can be told: names, kinds, modes, owners, times and contents. */
import { lstatSync, readFileSync, readdirSync, readlinkSync } from "node:fs";
import { errnoOf } from "../../host/errno-of.ts";
import type { Hit } from "./hit.ts";

/** One entry's state, as text by what is told apart. */
interface EntryState {
  readonly attributes: string;
  readonly content: string;
}

/** Entries by path. */
export type TreeState = ReadonlyMap<string, EntryState>;

/** More than any canary holds: what an attack wrote may be long. */
const shownCharacters = 200;

function contentOf(path: string, stats: ReturnType<typeof lstatSync>): string {
  if (stats?.isSymbolicLink() === true) return readlinkSync(path);
  if (stats?.isFile() !== true) return "";
  return readFileSync(path, "utf8").slice(0, 10 * shownCharacters);
}

function addEntry(path: string, state: Map<string, EntryState>): void {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return;
  const { mode, uid, gid, mtimeMs } = stats;
  // A directory's time changes with its entries, which are told of one by one.
  const time = stats.isDirectory() ? 0 : mtimeMs;
  state.set(path, { attributes: `${mode.toString(8)} ${uid}:${gid} ${time}`, content: contentOf(path, stats) });
  if (!stats.isDirectory()) return;
  for (const name of readdirSync(path)) addEntry(`${path}/${name}`, state);
}

/** Reads a small tree; what cannot be read is part of its state. */
export function readTreeState(root: string): TreeState {
  const state = new Map<string, EntryState>();
  try {
    addEntry(root, state);
  } catch (error) {
    state.set(root, { attributes: errnoOf(error), content: "" });
  }
  return state;
}

/** What differs, one hit for each entry. Pure. */
export function differencesOf(canary: string, before: TreeState, after: TreeState): Hit[] {
  const hits: Hit[] = [];
  const add = (path: string, what: string): void => {
    hits.push({ canary, text: `${path} ${what}`.slice(0, shownCharacters + path.length) });
  };
  for (const [path, now] of after) {
    const then = before.get(path);
    if (then === undefined) add(path, `was made: ${now.content}`);
    else if (then.content !== now.content) add(path, `was changed: ${now.content}`);
    else if (then.attributes !== now.attributes) add(path, `has other attributes: ${now.attributes}`);
  }
  for (const path of before.keys()) if (!after.has(path)) add(path, "is gone");
  return hits;
}
