/** A workspace that was to be overlaid, and could not be: loaded only then. */
import { errnoName } from "../host/errno-name.ts";
import { findEvent } from "../launch/launch-event.ts";
import { CupelError } from "../model/error.ts";
import type { Job } from "../model/job.ts";
import type { CarriedOut } from "../run/carry-out.ts";
import { removeTree } from "../run/remove-tree.ts";
import { saysReplaced } from "../run/replaced-workspace.ts";
import { say } from "./terminal.ts";

/**
 * The same job with a copy, or read-only where nothing else was asked for: where the kernel would not have the directory as
 * a layer of an overlay, which it says only when it is asked to. Undefined where that is not what went wrong.
 */
export function withoutOverlay(job: Job, { events, layer }: Pick<CarriedOut, "events" | "layer">): Job | undefined {
  const failed = findEvent(events, "failed");
  const { workspace } = job;
  if (layer === undefined || layer.manner === "copy" || failed?.step !== "overlay" || workspace.mode !== "cow")
    return undefined;
  const errno = errnoName(failed.errno);
  // Another manner would take what stands in its place.
  if (saysReplaced(errno)) return undefined;
  removeTree(layer.path);
  if (job.limits.ioWriteBytes !== undefined && workspace.isStated)
    throw new CupelError(
      "refused",
      `${workspace.path} cannot be overlaid (${errno}), and --io-write cannot be kept for a copy of it; leave one of the two out`,
    );
  const because = `${workspace.path} cannot be overlaid (${errno})`;
  say(workspace.isStated ? `${because}, so the job gets a copy of it` : `${because}, so it is read-only for this job`);
  if (!workspace.isStated) return { ...job, workspace: { mode: "ro", path: workspace.path } };
  return { ...job, workspace: { ...workspace, manner: "copy" } };
}
