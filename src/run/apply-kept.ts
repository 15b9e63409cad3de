/** Applies what is kept of a job, or a part of it, and forgets what was applied. */
import { errnoOf } from "../host/errno-of.ts";
import { CupelError } from "../model/error.ts";
import type { Change } from "../model/layer.ts";
import { applyChanges, type Applied } from "./apply-changes.ts";
import { discardLayer, writeLayerRecord, type KeptLayer } from "./kept-layers.ts";
import { realPath } from "./real-path.ts";

/** Relative to the workspace, from where the caller stands or from the workspace. */
function relativeTo(workspace: string, path: string): string {
  const parts = (path.startsWith(`${workspace}/`) ? path.slice(workspace.length) : path).split("/");
  return parts.filter((name) => name !== "" && name !== ".").join("/");
}

const isNewDirectory = ({ kind, change }: Change): boolean =>
  kind === "directory" && (change === "added" || change === "type-changed");

/** Those at and below the named paths, with the new directories that they lie in. @throws CupelError `usage`. */
export function chooseChanges(changes: readonly Change[], named: readonly string[], id: string): Change[] {
  const isAt = (path: string, name: string): boolean => path === name || path.startsWith(`${name}/`);
  for (const name of named) {
    if (changes.some(({ path }) => isAt(path, name))) continue;
    throw new CupelError(
      "usage",
      `The changes ${id} have none at ${JSON.stringify(name)}; cupel changes ${id} lists them`,
    );
  }
  const chosen = changes.filter(({ path }) => named.some((name) => isAt(path, name)));
  const isHolder = (one: Change): boolean =>
    isNewDirectory(one) && chosen.some(({ path }) => path.startsWith(`${one.path}/`));
  return changes.filter((change) => chosen.includes(change) || isHolder(change));
}

function forget(layer: KeptLayer, done: readonly Change[]): void {
  const paths = new Set(done.map(({ path }) => path));
  const left = layer.record.changes.filter(({ path }) => !paths.has(path));
  if (left.length === 0) discardLayer(layer);
  else writeLayerRecord(layer.directory, { ...layer.record, changes: left });
}

/**
 * All of them where nothing is named. Where one is refused nothing is done, or with `skipsRefused` all but that.
 * @throws CupelError `usage` for a path without changes, `set-up` where the workspace is gone or what was done cannot be
 * forgotten.
 */
export function applyKept(
  layer: KeptLayer,
  { paths, skipsRefused }: { readonly paths: readonly string[]; readonly skipsRefused: boolean },
): Applied {
  const { record, directory } = layer;
  const { workspace, id } = record;
  if (realPath(workspace) !== workspace)
    throw new CupelError("set-up", `${workspace} is not the directory any more that the changes ${id} were made to`);
  const named = paths.map((path) => relativeTo(workspace, path));
  const changes = named.length === 0 ? record.changes : chooseChanges(record.changes, named, id);
  let applied: Applied;
  try {
    applied = applyChanges({ directory, record, changes, named, skipsRefused });
  } catch (error) {
    throw new CupelError("set-up", `${workspace} cannot be changed: ${errnoOf(error)}`, { cause: error });
  }
  forget(layer, applied.done);
  return applied;
}
