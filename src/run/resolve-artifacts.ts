/** What is to be collected from a job's workspace, and where to. */
import { artifactCaps, type ArtifactWish } from "../model/artifact.ts";
import { CupelError } from "../model/error.ts";
import type { Workspace } from "../model/job.ts";
import { canonicalPlace } from "./job-paths.ts";
import { statedAs, type JobRequest } from "./job-request.ts";

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
    ([flag, value]) => (value === undefined ? [] : [flag]),
  );
  if (artifacts.length > 0 || stray === undefined) return;
  throw new CupelError(
    "usage",
    `${statedAs(request, stray)} is about artifacts, and none are named; give --artifact GLOB (artifacts.collect), too, or leave it out`,
  );
}

/** Undefined where nothing is. @throws CupelError `usage` where only half is said, or there is no workspace to collect from. */
export function resolveArtifacts(
  request: JobRequest,
  workspace: Workspace,
  directory: string,
): ArtifactWish | undefined {
  refuseHalf(request);
  const { artifacts: globs, artifactsTo } = request;
  if (artifactsTo === undefined) return undefined;
  if (workspace.mode === "empty") {
    const stated = statedAs(request, "artifact", globs[0]);
    throw new CupelError(
      "usage",
      `${stated}: the job starts in an empty workspace, which is gone when it ends; call cupel in a directory that it may have`,
    );
  }
  return {
    globs: [...new Set(globs)],
    directory: canonicalPlace(artifactsTo.startsWith("/") ? artifactsTo : `${directory}/${artifactsTo}`),
    bytesMax: request.artifactBytes ?? artifactCaps.bytes,
    filesMax: request.artifactFiles ?? artifactCaps.files,
    isRequired: request.artifactsRequired === true,
  };
}
