/** The workspace: the current directory where it is one project's, and nothing where it is not. */
import { statSync } from "node:fs";
import { ancestorsOf } from "../host/private-directory.ts";
import { CupelError } from "../model/error.ts";
import { isWithin, type Grant, type Workspace } from "../model/job.ts";
import { isCommonDirectory } from "./common-directories.ts";
import { listHomes } from "./home-directories.ts";
import { canonical, kernelDirectories, refuseUnfit, type JobSurroundings } from "./job-paths.ts";
import { statedAs, type JobRequest } from "./job-request.ts";

/** Why the current directory is not taken, or undefined. */
function unfitWorkspace(path: string, homes: readonly string[], states: readonly string[]): string | undefined {
  if (isCommonDirectory(path)) return "it is not one project's";
  const isSystems = [...kernelDirectories, "/run", ...states].some((directory) => isWithin(path, directory));
  if (isSystems) return "it is the system's";
  const isHome = homes.some((home) => isWithin(home, path)) || ancestorsOf(path)[0] === "/home";
  return isHome ? "it holds a whole home directory" : undefined;
}

/** @throws CupelError `usage` for a workspace that was asked for and cannot be one. */
export function resolveWorkspace(request: JobRequest, { host, stateDirectories }: JobSurroundings): Workspace {
  if (request.workspace === "none") return { mode: "empty", why: "" };
  const path = canonical(host.directory, "The current directory", "/");
  const unfit = unfitWorkspace(path, listHomes(host), stateDirectories);
  if (unfit === undefined) return { mode: request.workspace ?? "ro", path };
  if (request.workspace === undefined) {
    return {
      mode: "empty",
      why: `${path} is not taken as the workspace, since ${unfit}; the job starts in an empty one`,
    };
  }
  refuseUnfit(path, `${statedAs(request, "workspace")} ${request.workspace} in`, stateDirectories);
  return { mode: request.workspace, path };
}

/** @throws CupelError `usage` where it is none any more. */
export function checkDirectory(workspace: Workspace): void {
  if (workspace.mode === "empty" || statSync(workspace.path).isDirectory()) return;
  throw new CupelError(
    "usage",
    `The current directory ${workspace.path} is not a directory any more; change to one that is`,
  );
}

/** What the workspace lets the job see. */
export function workspaceGrant(workspace: Workspace): Grant[] {
  return workspace.mode === "empty"
    ? []
    : [{ path: workspace.path, access: workspace.mode === "rw" ? "write" : "read" }];
}
