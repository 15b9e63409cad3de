/** What becomes of the workspace, and of what the job writes. */
import type { CapabilityId } from "../matrix/build-matrix.ts";
import { isUsable, type Standings } from "../model/capability.ts";
import { writesWorkspace, type Job } from "../model/job.ts";
import { keptBy, type GuaranteeRule } from "./_decide.ts";
import { orderedGrants, type LayerStep } from "./_grant-steps.ts";
import { rootCapabilities, takesFreshIdentity } from "./_own-root.ts";

/** Root mounts overlays as root, above files whose owner appears as the job's user (Linux 5.19). */
export function overlayCapabilities(matrix: Standings): CapabilityId[] {
  return takesFreshIdentity(matrix) ? ["mount.overlay", "mount.idmap"] : ["mount.overlay-user"];
}

/** How a copy-on-write workspace is made here. */
export function layerStep({ workspace }: Job, matrix: Standings): LayerStep {
  if (workspace.mode !== "cow") return "none";
  const isOverlay = workspace.manner === "overlay" && overlayCapabilities(matrix).every((id) => isUsable(matrix[id]));
  if (isOverlay) return "overlay";
  return workspace.isStated ? "copy" : "none";
}

const layerMechanisms: Readonly<Record<LayerStep, string>> = {
  overlay: "an overlay: what the job changes goes to a layer, which the caller may apply",
  copy: "the job has a copy of it, whose changes the caller may apply",
  none: "nothing of the workspace is writable",
};

const layeredWorkspace: GuaranteeRule = (circumstances) => {
  const { job, matrix } = circumstances;
  const step = layerStep(job, matrix);
  return step === "overlay"
    ? keptBy(layerMechanisms[step], ...rootCapabilities, ...overlayCapabilities(matrix))(circumstances)
    : keptBy(layerMechanisms[step], ...rootCapabilities)(circumstances);
};

/** `fs.workspace` and `fs.protected`. */
export const unchangedWorkspace: GuaranteeRule = (circumstances) => {
  const { job } = circumstances;
  if (writesWorkspace(job))
    return { kept: false, reason: "the workspace, or part of it, is written through (--workspace rw, --write)" };
  return layeredWorkspace(circumstances);
};

/** What is written through to the host goes to file systems of the host's. */
export const sizedStorage: GuaranteeRule = (circumstances) => {
  if (layerStep(circumstances.job, circumstances.matrix) !== "none")
    return { kept: false, reason: "the layer of what the job changes in its workspace (--workspace cow) has no cap" };
  return orderedGrants(circumstances.job).some(({ access }) => access === "write")
    ? { kept: false, reason: "what the job writes through to the host (--workspace rw, --write) has no cap" }
    : keptBy(
        "all that the job can write to are file systems of its own in memory, each with a size",
        "mount.private-root",
        "mount.tmpfs",
      )(circumstances);
};
