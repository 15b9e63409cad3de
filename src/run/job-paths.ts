/** Paths that a job is given: made canonical, and refused where the grant would undo what every job has of its own. */
import { realpathSync } from "node:fs";
import type { Host } from "../host/host.ts";
import { ancestorsOf } from "../host/private-directory.ts";
import { errnoOf } from "../host/errno-of.ts";
import { CupelError } from "../model/error.ts";
import { isWithin, type Grant, type PublishedPort, type Setup } from "../model/job.ts";
import { statedAs, type JobRequest } from "./job-request.ts";
import { realPath } from "./real-path.ts";
import { userConfigurationPath } from "./settings-files.ts";
import type { ToolGrants } from "./tool-grants.ts";

/** The launcher takes 1,024 steps of a root; the others are cupel's own and those of `--tools`. */
const grantsMax = 700;

/** The kernel's own file systems: the job gets its own, and a grant of the host's would undo that. */
export const kernelDirectories = ["/proc", "/sys", "/dev"];

/** What else goes into a job. */
export interface JobSurroundings {
  readonly host: Host;
  /** Cupel's own state, which no job may see. */
  readonly stateDirectories: readonly string[];
  readonly tools: ToolGrants | undefined;
  readonly published?: readonly PublishedPort[] | undefined;
  /** Where connections to any address are taken; absent where programs have to know of the proxy. */
  readonly directPorts?: readonly number[] | undefined;
  readonly setup?: Setup | undefined;
  /** The job stands for many, which have no layers of their own. */
  readonly isBatch?: boolean | undefined;
}

/** An existing path, resolved. @throws CupelError `usage`. */
export function canonical(path: string, flag: string, directory: string): string {
  if (path === "") throw new CupelError("usage", `${flag} "" names no path; write one`);
  try {
    return realpathSync.native(path.startsWith("/") ? path : `${directory}/${path}`);
  } catch (error) {
    const errno = errnoOf(error);
    const problem = errno === "ENOENT" ? "does not exist" : `cannot be looked up (${errno})`;
    throw new CupelError("usage", `${flag} ${path} ${problem}; name a path that does`, { cause: error });
  }
}

/** @throws CupelError `usage` for a path that no job may be given. */
export function refuseUnfit(path: string, flag: string, states: readonly string[]): void {
  if (path === "/")
    throw new CupelError("usage", `${flag} / would grant the whole host; name the directories that the job needs`);
  const kernel = kernelDirectories.find((directory) => isWithin(path, directory));
  if (kernel !== undefined) {
    throw new CupelError("usage", `${flag} ${path} lies under ${kernel}, of which every job has its own; leave it out`);
  }
  const state = states.find((directory) => isWithin(path, directory));
  if (state !== undefined) {
    throw new CupelError(
      "usage",
      `${flag} ${path} lies in cupel's own state (${state}), which no job may see; move it elsewhere`,
    );
  }
}

/** A grant, and the words by which it was asked for. */
interface StatedGrant extends Grant {
  readonly stated: string;
}

/** From a writable directory a job could move what holds the mount point away, and put something else there. */
function refuseReadWithinWrite(writable: readonly Grant[], grants: readonly StatedGrant[]): void {
  const around = [...writable, ...grants.filter(({ access }) => access === "write")];
  for (const { path, stated } of grants.filter(({ access }) => access === "read")) {
    const holder = around.find((grant) => grant.path !== path && isWithin(path, grant.path));
    if (holder === undefined) continue;
    throw new CupelError(
      "usage",
      `${stated} ${path} lies in --write ${holder.path}, where a job could put something else in its place; leave one of them out`,
    );
  }
}

/** What the request grants, and tools that lie elsewhere. @throws CupelError `usage`. */
export function resolveGrants(
  request: JobRequest,
  own: readonly Grant[],
  { host, stateDirectories, tools }: JobSurroundings,
): Grant[] {
  const asked = (["read", "write"] as const).flatMap((access) =>
    request[access].map((path) => ({ path, access, stated: statedAs(request, access, path) })),
  );
  const grants = asked.map(({ path, access, stated }): StatedGrant => {
    const resolved = canonical(path, stated, host.directory);
    refuseUnfit(resolved, stated, stateDirectories);
    return { path: resolved, access, stated };
  });
  if (grants.length > grantsMax) {
    throw new CupelError(
      "usage",
      `${grants.length} paths are granted, and at most ${grantsMax} can be; grant the directories that hold them`,
    );
  }
  refuseReadWithinWrite(
    own.filter(({ access }) => access === "write"),
    grants,
  );
  // A tool that lies in what is granted anyway is seen there; its own mount would only be in the way.
  const covered = [...own, ...grants].map(({ path }) => path);
  const toolPaths = (tools?.paths ?? []).filter((path) => !covered.some((directory) => isWithin(path, directory)));
  return [
    ...grants.map(({ path, access }): Grant => ({ path, access })),
    ...toolPaths.map((path): Grant => ({ path, access: "read" })),
  ];
}

/**
 * What a job could write there would count in full at the caller's next run.
 * @throws CupelError `usage` for a place that holds the user's own configuration.
 */
export function refuseConfiguration(grants: readonly Grant[], host: Host): void {
  const path = userConfigurationPath(host);
  const writable = grants.filter(({ access }) => access === "write");
  if (path === undefined || writable.length === 0) return;
  const directory = canonicalPlace(path.slice(0, path.lastIndexOf("/")));
  for (const place of [directory, canonicalPlace(path)]) {
    const grant = writable.find((one) => isWithin(place, one.path) || isWithin(one.path, directory));
    if (grant === undefined) continue;
    throw new CupelError(
      "usage",
      `${grant.path} cannot be written by a job, since your configuration of cupel lies there (${place}); name a directory that does not hold it`,
    );
  }
}

/** Where a directory is, or would be if it were made: the nearest ancestor that exists, resolved, and the rest. */
export function canonicalPlace(path: string): string {
  for (const existing of [path, ...ancestorsOf(path)]) {
    const resolved = realPath(existing);
    if (resolved === undefined) continue;
    const rest = path.slice(existing === "/" ? 0 : existing.length);
    return resolved === "/" ? rest : `${resolved}${rest}`;
  }
  return path;
}

/**
 * Cupel's own directories that lie within a grant, made yet or not. A mask keeps a job from reading them; from a
 * writable place around it a job could move the mask's mount point away, and put a report of its own there.
 */
export function hiddenWithin(grants: readonly Grant[], states: readonly string[]): string[] {
  for (const { path } of grants.filter(({ access }) => access === "write")) {
    const state = states.find((place) => isWithin(place, path));
    if (state !== undefined) {
      throw new CupelError(
        "usage",
        `${path} cannot be written by a job, since cupel keeps its own state in it (${state}); name a directory below`,
      );
    }
  }
  return states.filter((place) => grants.some(({ path }) => isWithin(place, path)));
}
