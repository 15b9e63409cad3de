/** A worktree of Git's: its `.git` is a file that names a directory elsewhere, without which no git in a job works. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { errnoOf } from "../host/errno-of.ts";
import { isWithin, type Job } from "../model/job.ts";
import { realPath } from "./real-path.ts";

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    errnoOf(error);
    return undefined;
  }
}

/** The directory that a `.git` file names (gitrepository-layout(5)), or undefined. Pure. */
export function parseGitDirectory(text: string): string | undefined {
  return /^gitdir: (.+)\n?$/.exec(text)?.[1];
}

/** The repository's own directory, where `path` is the root of a worktree or a submodule of it. */
function findRepository(path: string): string | undefined {
  const named = parseGitDirectory(readText(`${path}/.git`) ?? "");
  const own = named === undefined ? undefined : realPath(resolve(path, named));
  if (own === undefined) return undefined;
  const common = readText(`${own}/commondir`)?.trim();
  return common === undefined ? own : (realPath(resolve(own, common)) ?? own);
}

/** What is to be said of a worktree whose repository the job does not see; undefined where there is nothing. */
export function describeWorktree({ workspace, grants }: Pick<Job, "workspace" | "grants">): string | undefined {
  if (workspace.mode === "empty") return undefined;
  const repository = findRepository(workspace.path);
  const seen = [workspace.path, ...grants.map(({ path }) => path)];
  if (repository === undefined || seen.some((path) => isWithin(repository, path))) return undefined;
  return `${workspace.path} is a worktree of the repository in ${repository}, which the job does not see; --read ${repository} has git work there`;
}
