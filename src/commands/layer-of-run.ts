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
import { removeTree } from "../run/remove-tree.ts";
import { say } from "./terminal.ts";

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
