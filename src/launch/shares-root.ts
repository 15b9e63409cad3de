/** Whether jobs of one plan may share what a resident launcher mounts once. */
import { isWithin } from "../model/job.ts";
import type { LauncherPlan } from "../model/plan.ts";
import type { RootStep } from "../model/root-step.ts";

/** File systems that each job must have for itself. */
function isOwn(step: RootStep): boolean {
  return step.step === "tmpfs" || step.step === "proc";
}

/** What jobs change must not be another's as well. */
function isLayer(step: RootStep): boolean {
  return step.step === "overlay" || step.step === "copy";
}

/** What is shown from the host below a directory of each job's own would be hidden by it. */
function isShownWithin(step: RootStep, directory: string): boolean {
  if (step.step === "bind") return isWithin(step.destination, directory);
  return step.step === "mirror" && isWithin(step.path, directory);
}

/**
 * True where the plan has a root, and a mount, a PID namespace to share it safely, and nothing of the host is to be shown
 * below a private directory: a grant under /tmp, say. Pure.
 */
export function sharesRoot({ root, namespaces }: LauncherPlan): boolean {
  const own = root.flatMap((step) => (isOwn(step) && "destination" in step ? [step.destination] : []));
  const isHidden = root.some((step) => own.some((directory) => isShownWithin(step, directory)));
  return (
    root.length > 0 && !isHidden && !root.some(isLayer) && namespaces.includes("mount") && namespaces.includes("pid")
  );
}
