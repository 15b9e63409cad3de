/** A job with a copy-on-write workspace was carried out: what becomes of its layer. */
import { errnoName } from "../host/errno-name.ts";
import type { Host } from "../host/host.ts";
import { findEvent } from "../launch/launch-event.ts";
import { CupelError } from "../model/error.ts";
import type { Job, Workspace } from "../model/job.ts";
import { countChanges } from "../model/layer.ts";
import type { Ending } from "../model/ending.ts";
import type { WorkspaceOutcome } from "../model/outcome.ts";
import type { CarriedOut } from "../run/carry-out.ts";
import { statedAs, type JobRequest } from "../run/job-request.ts";
import { isUntouched, type Layer } from "../run/open-layer.ts";
import { saysReplaced } from "../run/replaced-workspace.ts";
import { removeTree } from "../run/remove-tree.ts";
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

/** @throws CupelError `usage` for a question without anybody to answer it, and for changes that there cannot be. */
export async function refuseUselessApply({ mode }: Workspace, request: JobRequest): Promise<void> {
  if (mode !== "cow") {
    const flag = request.apply === "never" ? "ignore" : "apply";
    // In a file it may be meant for other jobs.
    if (!statedAs(request, flag).startsWith("--")) return;
    throw new CupelError(
      "usage",
      `${statedAs(request, flag)} is about changes to a copy-on-write workspace; give --workspace cow too, or leave it out`,
    );
  }
  if (request.apply !== "ask" || (await import("node:tty")).isatty(0)) return;
  throw new CupelError(
    "usage",
    `${statedAs(request, "apply")} ask needs a terminal to ask at, and standard input is none; take never or on-success`,
  );
}

/** Whose job it was, and where. */
export interface Settling {
  readonly job: Job;
  readonly host: Host;
  readonly directories: readonly string[];
  readonly isQuiet: boolean;
}

/** Why a layer is not whole that lay in memory, or in the hands of a program; undefined for every other. */
function lossOf({ isInMemory, manner }: Layer, events: CarriedOut["events"]): string | undefined {
  if (findEvent(events, "failed") !== undefined) return undefined;
  const kept = findEvent(events, "layer-kept");
  if (manner === "fuse") return lossByProgram(kept?.errno);
  if (isInMemory !== true) return undefined;
  if (kept === undefined) return "the launcher ended before it was copied out of memory";
  return kept.errno === 0 ? undefined : `it could not be copied out of memory (${errnoName(kept.errno)})`;
}

function lossByProgram(errno: number | undefined): string | undefined {
  if (errno === undefined) return "the launcher ended before fuse-overlayfs had written it";
  return errno === 0 ? undefined : "fuse-overlayfs ended before it had written it";
}

/** What the job changed is kept. Where it changed nothing, or never began, that is seen at a glance. */
export async function settle(
  { layer, events }: Pick<CarriedOut, "events" | "layer">,
  { status }: Pick<Ending, "status">,
  settling: Settling,
): Promise<WorkspaceOutcome | undefined> {
  if (layer === undefined) return undefined;
  const lost = lossOf(layer, events);
  if (lost !== undefined) {
    removeTree(layer.path);
    say(`what the job changed in the workspace is lost: ${lost}`);
    return { manner: layer.manner, lost };
  }
  const hasFailed = findEvent(events, "failed") !== undefined;
  if (hasFailed || isUntouched(layer)) {
    removeTree(layer.path);
    return hasFailed ? undefined : { manner: layer.manner, changes: countChanges([]) };
  }
  const { endLayer } = await import("./end-layer.ts");
  return endLayer(layer, { ...settling, isSuccess: status === "ok" });
}
