/** What is to be collected from a job's workspace, and where to. */
import { artifactCaps, type ArtifactWish } from "../model/artifact.ts";
import { CupelError } from "../model/error.ts";
import type { Host } from "../host/host.ts";
import { isWithin, type Workspace } from "../model/job.ts";
import { listHomes } from "./home-directories.ts";
import { canonicalPlace } from "./job-paths.ts";
import { isOfThisJob, statedAs, type JobRequest } from "./job-request.ts";

function refuseHalf(request: JobRequest): void {
  const { artifacts, artifactsTo } = request;
  if (artifacts.length > 0 && artifactsTo === undefined) {
    const stated = statedAs(request, "artifact", artifacts[0]);
    throw new CupelError(
      "usage",
      `${stated} says what to collect, and not where to; give --artifacts DIR (artifacts.to), too`,
    );
  }
  const flags = {
    artifacts: artifactsTo,
    "artifact-size": request.artifactBytes,
    "artifact-files": request.artifactFiles,
  };
  const [stray] = Object.entries({ ...flags, "require-artifacts": request.artifactsRequired }).flatMap(
    ([flag, value]) => (value === undefined || !isOfThisJob(request, flag) ? [] : [flag]),
  );
  if (artifacts.length > 0 || stray === undefined) return;
  throw new CupelError(
    "usage",
    `${statedAs(request, stray)} is about artifacts, and none are named; give --artifact GLOB (artifacts.collect), too, or leave it out`,
  );
}

/** Undefined where nothing is. @throws CupelError `usage` where only half is said, or there is no workspace to collect from. */
export function resolveArtifacts(request: JobRequest, workspace: Workspace, host: Host): ArtifactWish | undefined {
  refuseHalf(request);
  const { directory } = host;
  const { artifacts: globs, artifactsTo } = request;
  // A configuration may say where artifacts of all jobs go, and how much they may be.
  if (artifactsTo === undefined || globs.length === 0) return undefined;
  if (workspace.mode === "empty") {
    const stated = statedAs(request, "artifact", globs[0]);
    throw new CupelError(
      "usage",
      `${stated}: the job starts in an empty workspace, which is gone when it ends; call cupel in a directory that it may have`,
    );
  }
  const place = canonicalPlace(artifactsTo.startsWith("/") ? artifactsTo : `${directory}/${artifactsTo}`);
  const around = [workspace.path, ...listHomes(host)].find((path) => isWithin(path, place));
  if (around !== undefined) {
    const stated = statedAs(request, "artifacts");
    const why = "what a job made would lie there among files that your tools obey";
    throw new CupelError("usage", `${stated} ${place} is or holds ${around}: ${why}; take a directory of their own`);
  }
  return {
    globs: [...new Set(globs)],
    directory: place,
    bytesMax: request.artifactBytes ?? artifactCaps.bytes,
    filesMax: request.artifactFiles ?? artifactCaps.files,
    isRequired: request.artifactsRequired === true,
  };
}
