/** What a request asks of the job's root beyond grants: looked up, checked against all that is there already, and filled in. */
import { CupelError } from "../model/error.ts";
import { isWithin, type Grant, type Job } from "../model/job.ts";
import { plainLayout, type Layout } from "../model/layout.ts";
import { findDenied, shownPlaces } from "./denied-paths.ts";
import type { JobSurroundings } from "./job-paths.ts";
import { statedAs, type JobRequest } from "./job-request.ts";
import { checkFilesSize, parsePrivateDirectory, parseWrittenFile } from "./layout-words.ts";
import { checkPlaces } from "./layout-places.ts";
import { findKeptNames } from "./kept-names.ts";
import { openRoot, readRoot } from "./other-root.ts";

/** Every wish for something that only a root of the job's own can have. */
function wishesOf({ deny, root, tmpfs, files }: JobRequest): string[] {
  return [
    ...(deny.length > 0 ? ["deny"] : []),
    ...(root === undefined || root === "host" ? [] : ["root"]),
    ...(tmpfs.length > 0 ? ["tmpfs"] : []),
    ...(files.length > 0 ? ["file"] : []),
  ];
}

/**
 * Without fs.read there need be no root of the job's own, and what was asked of it would be left out in silence. So that
 * guarantee is not given up with all the others.
 * @throws CupelError `usage` where it is given up by name.
 */
function withOwnRoot(job: Job, request: JobRequest): Job["demands"] {
  const [wish] = wishesOf(request);
  const { demands } = job;
  if (wish === undefined) return demands;
  if (request.accept !== "all" && request.accept.includes("fs.read")) {
    throw new CupelError(
      "usage",
      `${statedAs(request, wish)} needs a root of the job's own, and fs.read, which keeps that, is given up (--accept-missing); leave one of them out`,
    );
  }
  return { ...demands, accepted: demands.accepted.filter((id) => id !== "fs.read") };
}

/** What is denied is not granted by `--tools` either. */
function withoutDeniedTools(grants: readonly Grant[], tools: readonly string[], denied: readonly string[]): Grant[] {
  return grants.filter(
    ({ path, access }) =>
      !(access === "read" && tools.includes(path) && denied.some((directory) => isWithin(path, directory))),
  );
}

function parseWishes(request: JobRequest): Pick<Layout, "files" | "directories" | "protect"> {
  const files = request.files.map((text) => parseWrittenFile(text, statedAs(request, "file", text.split("=", 1)[0])));
  checkFilesSize(files);
  return {
    files,
    directories: request.tmpfs.map((text) => parsePrivateDirectory(text, statedAs(request, "tmpfs", text))),
    protect: request.protect,
  };
}

/**
 * The job with its layout.
 * @throws CupelError `usage` for what cannot be, `refused` for an image that is not what it says or too large.
 */
export async function layOutJob(job: Job, request: JobRequest, surroundings: JobSurroundings): Promise<Job> {
  const demands = withOwnRoot(job, request);
  const source = await openRoot(request, surroundings);
  const shown = shownPlaces(job, source);
  const { paths, denied } = findDenied(request, { shown, source, ...surroundings });
  const grants = withoutDeniedTools(job.grants, surroundings.tools?.paths ?? [], paths);
  const wishes = parseWishes(request);
  const laidOut = { ...job, demands, grants, layout: { ...plainLayout, ...wishes, denied } };
  checkPlaces(laidOut, request, source !== undefined);
  const keptNames = findKeptNames(laidOut, request);
  const withNames: Job = { ...laidOut, layout: { ...laidOut.layout, keptNames } };
  if (source === undefined) return withNames;
  const { root, hidden } = readRoot(source, withNames, surroundings);
  return {
    ...withNames,
    hidden: [...job.hidden, ...hidden],
    layout: { ...withNames.layout, root },
  };
}
