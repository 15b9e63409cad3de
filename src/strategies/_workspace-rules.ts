/** What becomes of the workspace, and of what the job writes. */
import type { CapabilityId } from "../matrix/build-matrix.ts";
import { isUsable, type Standings } from "../model/capability.ts";
import { writesWorkspace, type Job } from "../model/job.ts";
import { allOf, keptBy, type Circumstances, type GuaranteeRule } from "./_decide.ts";
import { orderedGrants, type LayerStep } from "./_grant-steps.ts";
import { rootCapabilities, takesFreshIdentity } from "./_own-root.ts";

/** Root mounts overlays as root, above files whose owner appears as the job's user (Linux 5.19). */
export function overlayCapabilities(matrix: Standings): CapabilityId[] {
  return takesFreshIdentity(matrix) ? ["mount.overlay", "mount.idmap"] : ["mount.overlay-user"];
}

/** The program that can lay an overlay here. A job of root's has other ids than it: it would read what the job may not. */
export function overlayProgram(matrix: Standings): string | undefined {
  const standing = matrix["mount.overlay-fuse"];
  const isForUs = standing?.state === "works" && isUsable(matrix["userns.capable"]) && !takesFreshIdentity(matrix);
  return isForUs && typeof standing.value === "string" ? standing.value : undefined;
}

/** How a copy-on-write workspace is made here: by the kernel where it can, by a program where not, and else a copy. */
export function layerStep({ workspace }: Job, matrix: Standings): LayerStep {
  if (workspace.mode !== "cow") return "none";
  const isOverlay = workspace.manner === "overlay" && overlayCapabilities(matrix).every((id) => isUsable(matrix[id]));
  if (isOverlay) return "overlay";
  if (workspace.manner !== "copy" && overlayProgram(matrix) !== undefined) return "fuse";
  return workspace.isStated ? "copy" : "none";
}

const layerMechanisms: Readonly<Record<LayerStep, string>> = {
  overlay: "an overlay: what the job changes goes to a layer, which the caller may apply",
  fuse: "an overlay, laid by fuse-overlayfs: what the job changes goes to a layer, which the caller may apply",
  copy: "the job has a copy of it, whose changes the caller may apply",
  none: "nothing of the workspace is writable",
};

function layerCapabilities(step: LayerStep, matrix: Standings): CapabilityId[] {
  if (step === "overlay") return overlayCapabilities(matrix);
  return step === "fuse" ? ["mount.overlay-fuse"] : [];
}

const layeredWorkspace: GuaranteeRule = (circumstances) => {
  const { job, matrix } = circumstances;
  const step = layerStep(job, matrix);
  return keptBy(layerMechanisms[step], ...rootCapabilities, ...layerCapabilities(step, matrix))(circumstances);
};

/** Not kept, for this reason, where the job writes to the host's own workspace; otherwise by `rule`. */
export function unlessWritten(reason: string, rule: GuaranteeRule): GuaranteeRule {
  return (circumstances) => (writesWorkspace(circumstances.job) ? { kept: false, reason } : rule(circumstances));
}

/** Why the host's workspace does not stay as it was. */
export const writtenThrough = "the workspace, or part of it, is written through (--workspace rw, --write)";

/** `fs.workspace`. */
export const unchangedWorkspace: GuaranteeRule = unlessWritten(writtenThrough, layeredWorkspace);

/** `fs.protected`. What does not exist cannot be mounted on, and to make it would be a change to the host's files. */
export const protectedNames: GuaranteeRule = unlessWritten(
  `${writtenThrough}: protected names that exist there are read-only, but the job can make those that do not`,
  layeredWorkspace,
);

const layerInMemory = keptBy(
  "the layer of what the job changes in its workspace lies in memory, with a size",
  "mount.tmpfs",
);

/**
 * A layer that has a size lies on a file system in memory, of which the kernel takes marks only where all of the probe
 * worked (tmpfs has attributes of users' since Linux 6.6).
 */
function decideLayer(circumstances: Circumstances): ReturnType<GuaranteeRule> {
  const { job, matrix } = circumstances;
  const step = layerStep(job, matrix);
  if (step === "copy") return { kept: false, reason: "the copy that the workspace is has no cap" };
  if (step === "fuse") return { kept: false, reason: "the layer that fuse-overlayfs lays has no cap" };
  if (job.limits.layerBytes === undefined)
    return {
      kept: false,
      reason: "the layer of what the job changes in its workspace has no cap (--workspace-size gives it one)",
    };
  const missing = overlayCapabilities(matrix).find((id) => matrix[id]?.state !== "works");
  if (missing === undefined) return layerInMemory(circumstances);
  return { kept: false, reason: `a layer in memory: needs ${missing}, in whole`, missing };
}

/** Size of the layer, where it can have one. */
export function layerSize(
  circumstances: Circumstances,
): { sizeBytes: number; filesMax?: number | undefined } | undefined {
  const { layerBytes, diskFiles } = circumstances.job.limits;
  const isSized = layerBytes !== undefined && decideLayer(circumstances).kept;
  return isSized ? { sizeBytes: layerBytes, filesMax: diskFiles } : undefined;
}

const ownStorage = keptBy(
  "all that the job can write to are file systems of its own in memory, each with a size",
  "mount.private-root",
  "mount.tmpfs",
);

/** What is written through to the host goes to file systems of the host's. */
export const sizedStorage: GuaranteeRule = (circumstances) => {
  if (layerStep(circumstances.job, circumstances.matrix) !== "none") {
    const layer = decideLayer(circumstances);
    if (!layer.kept) return layer;
  }
  return orderedGrants(circumstances.job).some(({ access }) => access === "write")
    ? { kept: false, reason: "what the job writes through to the host (--workspace rw, --write) has no cap" }
    : (layerStep(circumstances.job, circumstances.matrix) === "none" ? ownStorage : allOf(layerInMemory, ownStorage))(
        circumstances,
      );
};
