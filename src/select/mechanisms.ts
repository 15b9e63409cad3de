/** Which mechanisms a sandbox is made of, as far as a verification of one says something about another. Pure. */
import { writesWorkspace, type Job } from "../model/job.ts";
import type { LauncherPlan } from "../model/plan.ts";

/**
 * A job that is shown nothing of the host's has the same sandbox as one that is shown something to read, or has a copy. With
 * an overlay there is one more file system between it and the host.
 */
function shownOfHost(job: Job, root: LauncherPlan["root"]): string {
  const isWritten = writesWorkspace(job) || job.grants.some(({ access }) => access === "write");
  const isOverlaid = root.some(({ step }) => step === "overlay");
  return `${isWritten ? "written" : "read"}${isOverlaid ? "+overlaid" : ""}`;
}

function networkOf({ network }: Job, { publish, proxy }: Pick<LauncherPlan, "publish" | "proxy">): string {
  return [
    network,
    ...(publish === undefined ? [] : ["published"]),
    ...(proxy?.allowInSetup === undefined ? [] : ["setup"]),
  ].join("+");
}

/** One line, equal for jobs whose sandboxes differ in what is granted and in nothing that keeps the rest away. */
export function mechanismsOf(
  job: Job,
  launch: Pick<LauncherPlan, "seccomp" | "outside" | "terminal" | "root" | "publish" | "proxy">,
): string {
  return [
    `seccomp=${launch.seccomp}`,
    `network=${networkOf(job, launch)}`,
    `files=${shownOfHost(job, launch.root)}`,
    `terminal=${launch.terminal}`,
    `user=${launch.outside}`,
  ].join(" ");
}
