/** Puts what a job changed into the host's workspace: directories come first, what is gone last. */
import { errnoOf } from "../host/errno-of.ts";
import type { Change, LayerRecord } from "../model/layer.ts";
import { findRefusals, type Refusal } from "./change-refusals.ts";
import { Application } from "./workspace-application.ts";

/** What became of it. */
export interface Applied {
  readonly done: readonly Change[];
  readonly refusals: readonly Refusal[];
  /** What went wrong on the way, after which nothing more was done. */
  readonly failure?: string | undefined;
}

const isPlaced = ({ change }: Change): boolean => ["added", "modified", "type-changed"].includes(change);

/** What is to be done, in order. A directory that becomes something else is emptied first. */
function stepsFor(changes: readonly Change[], application: Application): [Change, () => void][] {
  const deepestFirst = changes.toReversed();
  const replaced = changes.filter(({ change, before }) => change === "type-changed" && before?.kind === "directory");
  const isBelowReplaced = (path: string): boolean => replaced.some((one) => path.startsWith(`${one.path}/`));
  const deleted = deepestFirst.filter(({ change }) => change === "deleted");
  const removeReplaced = (change: Change) => (): void => {
    application.remove(change);
  };
  const placed = changes.filter(isPlaced);
  const of = (kind: Change["kind"]): Change[] => placed.filter((change) => change.kind === kind);
  const modes = deepestFirst.filter(
    ({ kind, change }) => change === "mode-changed" || (kind === "directory" && isPlaced({ change } as Change)),
  );
  return [
    ...[...deleted.filter(({ path }) => isBelowReplaced(path)), ...replaced]
      .toSorted((one, other) => (one.path < other.path ? 1 : -1))
      .map((change): [Change, () => void] => [change, removeReplaced(change)]),
    ...of("directory").map((change): [Change, () => void] => [change, () => application.makeDirectory(change)]),
    ...of("file").map((change): [Change, () => void] => [change, () => application.placeFile(change)]),
    ...of("symlink").map((change): [Change, () => void] => [change, () => application.placeLink(change)]),
    ...deleted
      .filter(({ path }) => !isBelowReplaced(path))
      .map((change): [Change, () => void] => [change, () => application.remove(change)]),
    ...modes.map((change): [Change, () => void] => [change, () => application.setMode(change)]),
  ];
}

function carryOutSteps(steps: readonly [Change, () => void][]): string | undefined {
  for (const [change, act] of steps) {
    try {
      act();
    } catch (error) {
      return `${change.path}: ${errnoOf(error)}`;
    }
  }
  return undefined;
}

/** What is asked. */
export interface ApplyWish {
  /** Where the kept layer lies. */
  readonly directory: string;
  readonly record: LayerRecord;
  readonly changes: readonly Change[];
  readonly named: readonly string[];
  /** Apply what can be, and leave the rest. */
  readonly skipsRefused: boolean;
}

/** A directory that cannot be made takes with it what was to lie in it. */
function withoutRefused(changes: readonly Change[], refusals: readonly Refusal[]): Change[] {
  const paths = refusals.map(({ path }) => path);
  const isAbove = (path: string): boolean => paths.some((refused) => refused.startsWith(`${path}/`));
  return changes.filter(({ path, change, kind }) => {
    if (paths.some((refused) => path === refused || path.startsWith(`${refused}/`))) return false;
    return !(isAbove(path) && kind === "directory" && change === "deleted");
  });
}

/** All of them, or none where one is refused. @throws the errno of a workspace or layer that cannot be opened. */
export function applyChanges(wish: ApplyWish): Applied {
  const { directory, record, named } = wish;
  const application = new Application(directory, record.workspace);
  // What is made is the owner's alone until it has its own permissions, and can be entered.
  const umask = process.umask(0o077);
  try {
    const isDone = (change: Change): boolean => application.isDone(change);
    const { workspace, protect } = record;
    const common = { workspace, protect, tree: application.host, named, isDone };
    const refusals = findRefusals({ ...common, changes: wish.changes });
    if (refusals.length > 0 && !wish.skipsRefused) return { done: [], refusals };
    const changes = withoutRefused(wish.changes, refusals);
    const open = changes.filter((change) => !isAppliedAlready(change, isDone));
    const failure = carryOutSteps(stepsFor(open, application));
    return { done: failure === undefined ? changes : [], refusals, ...(failure === undefined ? {} : { failure }) };
  } finally {
    application.close();
    process.umask(umask);
  }
}

/** What lies in a directory that is not there yet is not done. */
function isAppliedAlready(change: Change, isDone: (change: Change) => boolean): boolean {
  try {
    return isDone(change);
  } catch (error) {
    errnoOf(error);
    return false;
  }
}
