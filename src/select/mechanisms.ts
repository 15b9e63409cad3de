/** Which mechanisms a sandbox is made of, as far as a verification of one says something about another. Pure. */
import { writesWorkspace, type Job } from "../model/job.ts";
import type { LauncherPlan } from "../model/plan.ts";

/** A job that is shown nothing of the host's has the same sandbox as one that is shown something to read. */
function shownOfHost(job: Job): "written" | "read" {
  return writesWorkspace(job) || job.grants.some(({ access }) => access === "write") ? "written" : "read";
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
