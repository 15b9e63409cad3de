/** Which mechanisms a sandbox is made of, as far as a verification of one says something about another. Pure. */
import { writesWorkspace, type Job } from "../model/job.ts";
import type { LauncherPlan } from "../model/plan.ts";

function shownOfHost(job: Job): "written" | "read" | "none" {
  if (writesWorkspace(job) || job.grants.some(({ access }) => access === "write")) return "written";
  return job.workspace.mode !== "empty" || job.grants.length > 0 ? "read" : "none";
}

/** One line, equal for jobs whose sandboxes differ in what is granted and in nothing that keeps the rest away. */
export function mechanismsOf(job: Job, launch: Pick<LauncherPlan, "seccomp" | "outside" | "terminal">): string {
  return [
    `seccomp=${launch.seccomp}`,
    `network=${job.network}`,
    `files=${shownOfHost(job)}`,
    `terminal=${launch.terminal}`,
    `user=${launch.outside}`,
  ].join(" ");
}
