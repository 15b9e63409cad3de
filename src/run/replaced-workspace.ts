/** A current directory that somebody moves, or puts another thing in the place of, while cupel starts. */
import { errnoName } from "../host/errno-name.ts";
import { findEvent, type LaunchEvent } from "../launch/launch-event.ts";
import { CupelError } from "../model/error.ts";
import type { Workspace } from "../model/job.ts";

/**
 * What an open that follows no symlink says then: nothing is there, or no directory, or a symlink (open(2)). ESTALE is
 * the launcher's own word for another directory.
 */
const errnos: ReadonlySet<string> = new Set(["ENOENT", "ENOTDIR", "ELOOP", "ESTALE"]);

/** Whether the directory, which was one just now, is none any more. */
export function saysReplaced(errno: string): boolean {
  return errnos.has(errno);
}

/** What there is to say of it. */
export function replacedWorkspace(path: string): CupelError {
  return new CupelError(
    "usage",
    `The current directory ${path} was moved, or replaced by another one; change to one that stays`,
  );
}

/** @throws CupelError `usage` where that is why the launcher could not show it to the job. */
export function refuseReplaced(workspace: Workspace, events: readonly LaunchEvent[]): void {
  const failed = findEvent(events, "failed");
  if (failed === undefined || workspace.mode === "empty" || failed.subject !== workspace.path) return;
  if (saysReplaced(errnoName(failed.errno))) throw replacedWorkspace(workspace.path);
}
