/** Which mechanisms a sandbox is made of, as far as a verification of one says something about another. Pure. */
import { writesWorkspace, type Job } from "../model/job.ts";
import type { LauncherPlan } from "../model/plan.ts";

/**
 * A job that is shown nothing of the host's has the same sandbox as one that is shown something to read, or has a copy. With
 * an overlay there is one more file system between it and the host.
 */
function shownOfHost(job: Job, root: LauncherPlan["root"]): string {
  const isWritten = writesWorkspace(job) || job.grants.some(({ access }) => access === "write");
  const overlay = root.find((step) => step.step === "overlay");
  const parts = [
    isWritten ? "written" : "read",
    ...(overlay === undefined ? [] : ["overlaid"]),
    ...(overlay?.sizeBytes === undefined ? [] : ["sized"]),
    ...(overlay?.program === undefined ? [] : ["by-program"]),
  ];
  return parts.join("+");
}

/** Another root, and what is hidden in what is shown, are attacked by nobody; a job without them has the line that it had. */
function layoutOf({ layout }: Job): string[] {
  const parts = [...(layout.root === undefined ? [] : ["root"]), ...(layout.denied.length === 0 ? [] : ["denied"])];
  return parts.length === 0 ? [] : [`layout=${parts.join("+")}`];
}

function networkOf({ network }: Job, { publish, proxy }: Pick<LauncherPlan, "publish" | "proxy">): string {
  return [
    network,
    ...(publish === undefined ? [] : ["published"]),
    ...(proxy?.directPorts === undefined ? [] : ["direct"]),
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
    ...layoutOf(job),
  ].join(" ");
}
