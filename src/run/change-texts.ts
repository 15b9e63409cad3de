/** The texts on both sides of a change, to be shown; never through a link. */
import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { errnoOf } from "../host/errno-of.ts";
import type { Change } from "../model/layer.ts";
import { realPath } from "./real-path.ts";
import { WorkspaceTree } from "./workspace-tree.ts";

/** What is read of a file to show it. */
const textBytesMax = 1024 * 1024;

/** One side of a change: nothing there (""), a text, or something that is not shown. */
export type Side = { readonly text: string } | { readonly reason: string };

function readSide(tree: WorkspaceTree, path: string): Side {
  let descriptor: number;
  try {
    descriptor = openSync(tree.entry(path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    return { reason: `it cannot be read (${errnoOf(error)})` };
  }
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) return { reason: "it is no file" };
    if (stats.size > textBytesMax) return { reason: "it is larger than 1 MiB" };
    const bytes = readFileSync(descriptor);
    const text = bytes.toString();
    return bytes.includes(0) || !Buffer.from(text).equals(bytes) ? { reason: "it is no text" } : { text };
  } finally {
    closeSync(descriptor);
  }
}

/** Or why it cannot be opened: a workspace may have been moved since. Nothing is written by it, so links lead there. */
function openTree(root: string): WorkspaceTree | string {
  try {
    return new WorkspaceTree(realPath(root) ?? root);
  } catch (error) {
    return errnoOf(error);
  }
}

/** What the host has, and what the job made of it. */
export function readChangeTexts(change: Change, workspace: string, upper: string): { before: Side; after: Side } {
  const nothing = { text: "" };
  const read = (root: string): Side => {
    const tree = openTree(root);
    if (typeof tree === "string") return { reason: `it cannot be read (${tree})` };
    try {
      return readSide(tree, change.path);
    } finally {
      tree.close();
    }
  };
  return {
    before: change.before?.kind === "file" ? read(workspace) : nothing,
    after: change.change !== "deleted" && change.kind === "file" ? read(upper) : nothing,
  };
}
