/** What was granted, and the workspace in its layer, in the order in which they can be mounted. Pure. */
import { isWithin, type CopyOnWrite, type Grant, type Job } from "../model/job.ts";
import type { RootStep } from "../model/root-step.ts";
import { keptNameSteps, ownDirectorySteps } from "./_layout-steps.ts";
import { systemPaths } from "./_system-paths.ts";

/** Grants in the order in which they can be mounted: what holds another comes first. Write wins over read. */
export function orderedGrants(job: Job): Grant[] {
  const grants = new Map<string, Grant>();
  const { workspace } = job;
  const own: Grant[] =
    workspace.mode === "empty" || workspace.mode === "cow"
      ? []
      : [{ path: workspace.path, access: workspace.mode === "rw" ? "write" : "read" }];
  for (const grant of [...own, ...job.grants]) {
    if (grants.get(grant.path)?.access !== "write") grants.set(grant.path, grant);
  }
  return [...grants.values()].sort((one, other) => (one.path < other.path ? -1 : 1));
}

/** A read grant of what is shown anyway needs no mount, unless a writable one lies around it. */
function isShownAnyway(grant: Grant, all: readonly Grant[], { layout }: Job): boolean {
  if (layout.root !== undefined) return false;
  const isWritableAround = all.some(({ path, access }) => access === "write" && isWithin(grant.path, path));
  return grant.access === "read" && !isWritableAround && systemPaths.some((path) => isWithin(grant.path, path));
}

/** How a copy-on-write workspace is made here; `fuse` is an overlay that a program lays, and not the kernel. */
export type LayerStep = CopyOnWrite["manner"] | "none";

/** How large a layer may become, where that is capped. */
export type LayerSize = Pick<Extract<RootStep, { step: "overlay" }>, "sizeBytes" | "filesMax">;

/** How the layer of a workspace is made, and its size. */
export interface LayerPlan {
  readonly step: LayerStep;
  readonly size?: LayerSize | undefined;
  /** Of `fuse`. */
  readonly program?: string | undefined;
}

function layerSteps({ workspace }: Job, { step, size, program }: LayerPlan, mapOwners: boolean): PlacedStep[] {
  if (workspace.mode !== "cow") return [];
  const { path } = workspace;
  if (step === "none") return grantsToSteps([{ path, access: "read" }], mapOwners);
  if (step === "copy") return [{ step, source: path, destination: path }];
  if (step === "fuse") return [{ step: "overlay", source: path, destination: path, mapOwner: "no", program }];
  return [{ step, source: path, destination: path, mapOwner: mapOwners ? "must" : "no", ...size }];
}

type PlacedStep = Extract<RootStep, { step: "bind" | "overlay" | "copy" | "tmpfs" }>;

function bindSteps(job: Job, mapOwners: boolean): PlacedStep[] {
  const grants = orderedGrants(job);
  return grantsToSteps(
    grants.filter((grant) => !isShownAnyway(grant, grants, job)),
    mapOwners,
  );
}

function grantsToSteps(grants: readonly Grant[], mapOwners: boolean): PlacedStep[] {
  return grants.map((grant) => ({
    step: "bind",
    source: grant.path,
    destination: grant.path,
    writable: grant.access === "write",
    mapOwner: mapOwners ? (grant.access === "write" ? "must" : "if-possible") : "no",
    optional: false,
  }));
}

/** What holds another comes first, and a grant comes after a layer in the same place. */
export function grantSteps(job: Job, mapOwners: boolean, layer: LayerPlan): RootStep[] {
  const writable = orderedGrants(job).flatMap(({ path, access }) => (access === "write" ? [path] : []));
  const steps = [
    ...layerSteps(job, layer, mapOwners),
    ...bindSteps(job, mapOwners),
    ...keptNameSteps(job, writable, mapOwners),
    ...ownDirectorySteps(job),
  ];
  return steps.sort((one, other) =>
    one.destination === other.destination ? 0 : one.destination < other.destination ? -1 : 1,
  );
}
