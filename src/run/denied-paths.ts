/** Paths that are hidden though what holds them is shown. */
import { lstatSync } from "node:fs";
import type { Host } from "../host/host.ts";
import { CupelError } from "../model/error.ts";
import { isWithin, type Job } from "../model/job.ts";
import { configurationPaths, systemPaths } from "../strategies/_system-paths.ts";
import { canonical, kernelDirectories } from "./job-paths.ts";
import { statedAs, type JobRequest } from "./job-request.ts";

/** What of the host's is shown to a job. */
export interface ShownPlaces {
  /** What was granted by name, and the workspace: to deny what holds one of them says two things at once. */
  readonly granted: readonly string[];
  /** What every job sees, or the directory that stands in its place. */
  readonly system: readonly string[];
}

/** Of a job with the host's own programs, or with those of another root. */
export function shownPlaces({ workspace, grants }: Job, root: string | undefined): ShownPlaces {
  const own = workspace.mode === "empty" ? [] : [workspace.path];
  return {
    granted: [...own, ...grants.map(({ path }) => path)],
    system: root === undefined ? [...systemPaths, ...configurationPaths] : [root],
  };
}

/** Where paths are looked for. */
export interface DenyContext {
  readonly host: Host;
  readonly shown: ShownPlaces;
  /** Where another root lies. */
  readonly source?: string | undefined;
  readonly tools: { readonly paths: readonly string[] } | undefined;
}

interface Denial {
  readonly path: string;
  readonly stated: string;
}

function refuse(message: string): CupelError {
  return new CupelError("usage", message);
}

/** @throws CupelError `usage` for what cannot be hidden, or shall be shown as well. */
function checkDenial({ path, stated }: Denial, { shown, tools }: DenyContext): void {
  if (path === "/") throw refuse(`${stated} / would hide everything; name what the job must not see`);
  const kernel = kernelDirectories.find((directory) => isWithin(path, directory));
  if (kernel !== undefined)
    throw refuse(`${stated} ${path} lies under ${kernel}, of which every job has its own; leave it out`);
  const within = shown.granted.find((granted) => isWithin(granted, path) && tools?.paths.includes(granted) !== true);
  if (within === undefined) return;
  throw refuse(
    `${stated} ${path} would hide ${within}, which the job is given; deny what lies in or beside that, or grant less`,
  );
}

/** Of one that is shown: itself. Of one that holds something of the system's: that. */
function hiddenBy(path: string, { granted, system }: ShownPlaces): string[] {
  if ([...granted, ...system].some((place) => isWithin(path, place))) return [path];
  return system.filter((place) => isWithin(place, path));
}

/** What lies in another root is seen elsewhere. */
function seenAt(path: string, { source, shown }: DenyContext): string[] {
  if (source === undefined || !isWithin(path, source)) return [path];
  const isGrantedToo = shown.granted.some((place) => isWithin(path, place));
  return [path.slice(source.length), ...(isGrantedToo ? [path] : [])];
}

/** One file with several names is hidden where all of them are. @throws CupelError `usage` where they are not. */
function refuseOtherNames(denials: readonly Denial[]): void {
  const files = denials.flatMap((denial) => {
    const stats = lstatSync(denial.path);
    return stats.isDirectory() ? [] : [{ ...denial, key: `${stats.dev}:${stats.ino}`, names: stats.nlink }];
  });
  for (const { path, stated, key, names } of files) {
    const denied = new Set(files.flatMap((file) => (file.key === key ? [file.path] : [])));
    if (denied.size >= names) continue;
    throw refuse(
      `${stated} ${path} has ${names} names (hard links), and would be seen at those that are not denied; deny each of them`,
    );
  }
}

/** Every path that is denied, canonical, and where in the job's root something has to be hidden for that. */
export function findDenied(
  request: JobRequest,
  context: DenyContext,
): { readonly paths: readonly string[]; readonly denied: readonly string[] } {
  const denials = request.deny.map((word): Denial => {
    const stated = statedAs(request, "deny", word);
    return { path: canonical(word, stated, context.host.directory), stated };
  });
  for (const denial of denials) checkDenial(denial, context);
  const effective = denials.filter(({ path }) => hiddenBy(path, context.shown).length > 0);
  refuseOtherNames(effective);
  const hidden = effective
    .flatMap(({ path }) => hiddenBy(path, context.shown))
    .flatMap((path) => seenAt(path, context));
  return { paths: denials.map(({ path }) => path), denied: [...new Set(hidden)].filter((path) => path !== "") };
}
