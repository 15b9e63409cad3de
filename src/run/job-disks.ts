/** Which disks hold what a job reaches: what caps on reading and writing are set on. */
import type { Host } from "../host/host.ts";
import { wholeDiskOf } from "../host/whole-disk.ts";
import { CupelError } from "../model/error.ts";
import { isWithin, type Job } from "../model/job.ts";
import { systemPaths } from "../strategies/_system-paths.ts";
import { isKernelFileSystem } from "./kernel-mounts.ts";
import { findLayerPlace } from "./layer-place.ts";
import { decodeMountPath } from "../host/mount-points.ts";
import { realPath } from "./real-path.ts";

/** One mount (proc_pid_mountinfo(5)). */
export interface Mount {
  readonly point: string;
  /** MAJOR:MINOR; the major is 0 where no one block device is behind it. */
  readonly device: string;
  readonly type: string;
}

/** In the order in which they were mounted: of several in one place the last is seen. Pure. */
export function parseMounts(mountinfo: string): Mount[] {
  return mountinfo.split("\n").flatMap((line) => {
    const [mount = "", source = ""] = line.split(" - ");
    const [, , device, , point] = mount.split(" ");
    const type = source.split(" ")[0] ?? "";
    return device === undefined || point === undefined ? [] : [{ point: decodeMountPath(point), device, type }];
  });
}

/** What is there is in memory, and no disk's. */
const inMemory = new Set(["tmpfs", "ramfs", "rootfs", "hugetlbfs"]);

/**
 * File systems that tell the kernel whose what it writes back is (SB_I_CGROUPWB in the kernel's sources): of others, what
 * was written to memory first gets to the disk as nobody's.
 */
const tellingWriters = new Set(["ext2", "ext3", "ext4", "xfs", "f2fs"]);

/** The mount that shows a path, and those below it that a job is shown with it. Pure. */
export function mountsOf(path: string, mounts: readonly Mount[]): Mount[] {
  const around = mounts.filter(({ point }) => isWithin(path, point));
  const nearest = Math.max(...around.map(({ point }) => point.length));
  const own = around.findLast(({ point }) => point.length === nearest);
  const below = mounts.filter(
    ({ point, type }) => point !== path && isWithin(point, path) && !isKernelFileSystem(type),
  );
  return [...(own === undefined ? [] : [own]), ...below];
}

/** A place, and whether a layer lies there: all else that the job writes to is in memory. */
interface Reached {
  readonly path: string;
  readonly isLayer: boolean;
}

function reachedBy({ workspace, grants }: Job, host: Host, directories: readonly string[]): Reached[] {
  const layer = workspace.mode === "cow" ? findLayerPlace(directories, host.identity.uid, workspace.path) : undefined;
  return [
    ...["/etc", ...systemPaths].filter((path) => host.status(path).ok).map((path) => ({ path, isLayer: false })),
    ...(workspace.mode === "empty" ? [] : [{ path: workspace.path, isLayer: false }]),
    ...grants.map(({ path }) => ({ path, isLayer: false })),
    ...(layer === undefined ? [] : [{ path: layer.directory, isLayer: true }]),
  ];
}

function refuse(flag: string, { path }: Reached, { point, type }: Mount, why: string): CupelError {
  const where = point === path ? `is ${type}` : `lies on ${point} (${type})`;
  return new CupelError("refused", `${flag} cannot be kept: ${path} ${where}, ${why}; leave the cap out`);
}

function diskOf(reached: Reached, mount: Mount, { limits }: Job, host: Host): string[] {
  if (inMemory.has(mount.type)) return [];
  const flag = limits.ioReadBytes === undefined ? "--io-write" : "--io-read";
  const disk = mount.device.startsWith("0:") ? undefined : wholeDiskOf(host, mount.device);
  if (disk === undefined) throw refuse(flag, reached, mount, "of which the kernel does not say on which disk it lies");
  if (limits.ioWriteBytes !== undefined && reached.isLayer && !tellingWriters.has(mount.type))
    throw refuse("--io-write", reached, mount, "which does not tell the kernel who has written what");
  return [disk];
}

/**
 * A file counts as that of whoever wrote to it first (cgroup-v2.rst, "Writeback"): what was there before the job, or was
 * copied for it, gets to the disk past its cap.
 */
function refuseEarlierFiles({ workspace, grants, limits }: Job): void {
  if (limits.ioWriteBytes === undefined) return;
  const isThrough = workspace.mode === "rw" || grants.some(({ access }) => access === "write");
  const isCopy = workspace.mode === "cow" && workspace.isStated && workspace.manner === "copy";
  if (!isThrough && !isCopy) return;
  const what = isCopy ? "the copy that this workspace would be" : "what is written through (--workspace rw, --write)";
  throw new CupelError(
    "refused",
    `--io-write cannot be kept for ${what}: files that are there before the job do not count as its own; leave one of the two out`,
  );
}

/**
 * The job with its disks: those of the system's programs, its workspace, its grants, and what it changes.
 * @throws CupelError `refused` where one of them lies on what has no disk that is known for sure, or all on none, and where
 * a cap on writing would not hold.
 */
export function withDisks(job: Job, host: Host, directories: readonly string[]): Job {
  refuseEarlierFiles(job);
  const mountinfo = host.readText("/proc/self/mountinfo");
  const mounts = mountinfo.ok ? parseMounts(mountinfo.value) : [];
  const found = reachedBy(job, host, directories).flatMap((reached) =>
    mountsOf(realPath(reached.path) ?? reached.path, mounts).flatMap((mount) => diskOf(reached, mount, job, host)),
  );
  const disks = [...new Set(found)].toSorted();
  if (disks.length === 0)
    throw new CupelError("refused", "--io-read and --io-write cannot be kept: all that this job reaches is in memory");
  return { ...job, limits: { ...job.limits, disks } };
}
