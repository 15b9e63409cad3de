/** Protected names that exist in what a job may write through to the host: it gets them read-only. */
import { readdirSync, type Dirent } from "node:fs";
import { errnoOf } from "../host/errno-of.ts";
import { CupelError } from "../model/error.ts";
import { isWithin, type Job } from "../model/job.ts";
import { orderedGrants } from "../strategies/_grant-steps.ts";
import { matchingOf } from "./path-globs.ts";
import { statedAs, type JobRequest } from "./job-request.ts";
import { isProtected } from "./protected-names.ts";

/** Each takes a step of the launcher's, of which there are 1,024. */
const namesMax = 200;

/** Where globs of the caller's are looked for. */
const entriesMax = 100_000;

function entriesOf(directory: string): Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch (error) {
    // What cannot be listed, or is a file, holds no name that could be kept.
    errnoOf(error);
    return [];
  }
}

/** What can be mounted on: a link cannot. */
function isMountable(entry: Dirent): boolean {
  return entry.isFile() || entry.isDirectory();
}

/** Those that always are, in a directory itself and in its repository: relative paths. */
function usualNames(directory: string): string[] {
  const named = entriesOf(directory).filter(isMountable);
  const own = named.filter((entry) => isProtected(entry.name, entry.isDirectory())).map(({ name }) => name);
  const hasRepository = named.some((entry) => entry.name === ".git" && entry.isDirectory());
  const inRepository = hasRepository ? entriesOf(`${directory}/.git`).filter(isMountable) : [];
  return [...own, ...inRepository.map(({ name }) => `.git/${name}`).filter((path) => isProtected(path, false))];
}

/** Those that the caller names, wherever they are. @throws CupelError `usage` for a tree too large to look at. */
function statedNames(directory: string, request: JobRequest): string[] {
  if (request.protect.length === 0) return [];
  const isStated = matchingOf(request.protect);
  const found: string[] = [];
  const open = [""];
  for (let seen = 0, at = open.pop(); at !== undefined; at = open.pop()) {
    for (const entry of entriesOf(`${directory}/${at}`)) {
      if (++seen > entriesMax) throw tooLarge(directory, request);
      const path = at === "" ? entry.name : `${at}/${entry.name}`;
      if (isStated(path)) found.push(...(isMountable(entry) ? [path] : []));
      else if (entry.isDirectory()) open.push(path);
    }
  }
  return found;
}

function tooLarge(directory: string, request: JobRequest): CupelError {
  return new CupelError(
    "usage",
    `${statedAs(request, "protect")}: ${directory} has more than ${entriesMax} entries to look at; make less of it writable`,
  );
}

/** All of them, absolute, but for what is granted to be written by a name of its own. @throws CupelError `usage`. */
export function findKeptNames(job: Job, request: JobRequest): string[] {
  const writable = orderedGrants(job).flatMap(({ path, access }) => (access === "write" ? [path] : []));
  const names = writable.flatMap((directory) => {
    const deeper = writable.filter((path) => path !== directory && isWithin(path, directory));
    return [...usualNames(directory), ...statedNames(directory, request)]
      .map((name) => `${directory}/${name}`)
      .filter((path) => !deeper.some((other) => isWithin(path, other) || isWithin(other, path)));
  });
  if (names.length > namesMax) {
    throw new CupelError(
      "usage",
      `${names.length} protected names lie in what the job may write, and at most ${namesMax} can be kept; make less of it writable`,
    );
  }
  return [...new Set(names)].sort();
}
