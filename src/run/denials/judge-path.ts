/** Whether a path was denied by the sandbox, and what would grant it. Pure but for the host's view. */
import { isWithin, type Job } from "../../model/job.ts";
import type { RootStep } from "../../model/root-step.ts";
import { grantParent, grantPath, type Granting } from "./granting.ts";
import type { HostView } from "./host-view.ts";

/** A path that a call failed on. */
export interface FailedPath {
  readonly path: string;
  readonly writes: boolean;
  readonly errno: string;
}

/** Where it was judged. */
export interface JobView {
  readonly job: Job;
  /** How the job's root was built; empty where it is the host's. */
  readonly root: readonly RootStep[];
  /** The host's root, with rules that say what of it can be opened: {@link root} says the same as they do. */
  readonly isConfined?: boolean | undefined;
  readonly host: HostView;
}

function placeOf(step: RootStep): string {
  return step.step === "mirror" ? step.path : step.destination;
}

/** What the job sees at `path`: the innermost step, of which the last counts. */
function stepAt(path: string, root: readonly RootStep[]): RootStep | undefined {
  const around = root.filter((step) => isWithin(path, placeOf(step)));
  const depth = Math.max(...around.map((step) => placeOf(step).length));
  return around.findLast((step) => placeOf(step).length === depth);
}

const notGranted = ["ENOENT", "EACCES", "EROFS", "EPERM"];
const noRoom = ["ENOSPC", "EDQUOT"];

function judgeRoom(step: RootStep | undefined, { job }: JobView): Granting | undefined {
  const isPrivate = step?.step === "devices" || (step?.step === "tmpfs" && step.writable);
  if (!isPrivate) return undefined;
  const flag = job.limits.diskFiles !== undefined && job.limits.diskBytes === undefined ? "--tmp-files" : "--tmp-size";
  const place = placeOf(step) === "/dev" ? "/dev/shm" : placeOf(step);
  return { grant: [flag, flag === "--tmp-files" ? "N" : "SIZE"], note: `${place} is full` };
}

/** On what is the host's own: there something may be read-only. */
function judgeShown(
  { path, writes, errno }: FailedPath,
  isSystem: boolean,
  { job, host }: JobView,
): Granting | undefined {
  if (errno === "ENOENT" || !host.mayAccess(host.kindOf(path) === undefined ? parentOf(path) : path, writes))
    return undefined;
  if (!writes) return { note: "its permissions do not let the job's user, and no flag changes that" };
  const { workspace } = job;
  if (workspace.mode === "ro" && isWithin(path, workspace.path)) return { grant: ["--workspace", "cow"] };
  if (errno !== "EROFS") return undefined;
  if (isSystem) return { note: "the host's programs and settings are read-only, and no flag is advised" };
  return host.kindOf(path) === undefined ? grantParent(path, host) : grantPath(path, true, host);
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf("/"), 1));
}

/** Where the sandbox has a place of its own, or nothing. */
function judgeOwn({ path, writes, errno }: FailedPath, { host, root }: JobView): Granting | undefined {
  if (host.kindOf(path) !== undefined) return host.mayAccess(path, writes) ? grantPath(path, writes, host) : undefined;
  const parent = parentOf(path);
  const isParentThere = root.some((step) => isWithin(placeOf(step), parent));
  // A name that is missing in a directory that both have is nobody's denial.
  const isMissing = errno === "ENOENT" && (isParentThere || host.kindOf(parent) !== "directory");
  return writes && !isMissing ? grantParent(path, host) : undefined;
}

function judgeDevice({ path }: FailedPath, { host }: JobView): Granting | undefined {
  const isDevice = !isWithin(path, "/dev/shm") && host.kindOf(path) === "other";
  return isDevice ? { note: "no flag grants a device" } : undefined;
}

/** What the kernel itself shows; undefined where that is not what the path is of. */
function judgeKernels({ path, writes, errno }: FailedPath, { host }: JobView): { granting?: Granting } | undefined {
  if (isWithin(path, "/sys"))
    return host.kindOf(path) === undefined ? {} : { granting: { note: "of /sys no job sees anything" } };
  if (!isWithin(path, "/proc")) return undefined;
  return writes && errno !== "ENOENT" ? { granting: { note: "the kernel's own settings, which no flag grants" } } : {};
}

/** Steps that show what is the host's. */
const showingSteps: readonly RootStep["step"][] = ["mirror", "bind", "overlay", "copy"];

function judgeStep(failed: FailedPath, view: JobView): Granting | undefined {
  const kind = stepAt(failed.path, view.root)?.step;
  if (kind === "mask") {
    const denied = view.job.layout.denied.find((path) => isWithin(failed.path, path));
    return { note: denied === undefined ? "cupel hides it from every job" : `--deny ${denied} hides it` };
  }
  if (kind === "devices") return judgeDevice(failed, view);
  const isShown = kind !== undefined && showingSteps.includes(kind);
  return isShown ? judgeShown(failed, kind === "mirror", view) : judgeOwn(failed, view);
}

/** Landlock and the guard have one errno each for whatever they deny, and hide nothing; undefined where they denied nothing. */
function asMounted(failed: FailedPath): FailedPath | undefined {
  if (failed.errno === "ENOENT") return undefined;
  const isDenied = failed.errno === "EACCES" || failed.errno === "EPERM";
  return failed.writes && isDenied ? { ...failed, errno: "EROFS" } : failed;
}

/** What would grant it; undefined where the sandbox is not what denied it. */
export function judgePath(told: FailedPath, view: JobView): Granting | undefined {
  const failed = view.isConfined === true ? asMounted(told) : told;
  if (failed === undefined || view.root.length === 0) return undefined;
  if (noRoom.includes(failed.errno)) return judgeRoom(stepAt(failed.path, view.root), view);
  if (!notGranted.includes(failed.errno)) return undefined;
  const ofKernel = judgeKernels(failed, view);
  return ofKernel === undefined ? judgeStep(failed, view) : ofKernel.granting;
}
