/** Kernel file systems inside granted directories: what they show is nobody's to grant. */
import type { Host } from "../host/host.ts";
import { CupelError } from "../model/error.ts";
import { isWithin, type Grant } from "../model/job.ts";

/** File systems that show the kernel or other processes, wherever they are mounted (in a root for chroot, say). */
const kernelFileSystems = new Set([
  "binfmt_misc",
  "bpf",
  "cgroup",
  "cgroup2",
  "configfs",
  "debugfs",
  "devpts",
  "devtmpfs",
  "efivarfs",
  "fusectl",
  "mqueue",
  "nsfs",
  "proc",
  "pstore",
  "securityfs",
  "sysfs",
  "tracefs",
]);

/** Whether a mount of this type shows the kernel or other processes. */
export function isKernelFileSystem(type: string): boolean {
  return kernelFileSystems.has(type);
}

/** Blanks and backslashes are written as three octal digits. */
function unescape(point: string): string {
  if (!point.includes("\\")) return point;
  return point.replaceAll(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/** Mount points of such file systems: fifth field, and the first after the dash (proc_pid_mountinfo(5)). Pure. */
export function parseKernelMounts(mountinfo: string): string[] {
  return mountinfo.split("\n").flatMap((line) => {
    const [mount = "", source = ""] = line.split(" - ");
    return kernelFileSystems.has(source.split(" ")[0] ?? "") ? [unescape(mount.split(" ")[4] ?? "")] : [];
  });
}

/** Their mount points within any of the grants. @throws CupelError `usage` for a grant that lies within one. */
export function kernelMountsWithin(grants: readonly Grant[], host: Host): string[] {
  if (grants.length === 0) return [];
  const mountinfo = host.readText("/proc/self/mountinfo");
  const points = mountinfo.ok ? parseKernelMounts(mountinfo.value) : [];
  for (const { path } of grants) {
    const around = points.find((point) => isWithin(path, point));
    if (around === undefined) continue;
    throw new CupelError(
      "usage",
      `${path} lies in ${around}, a file system of the kernel's own, which no job is granted; leave it out`,
    );
  }
  return points.filter((point) => grants.some(({ path }) => isWithin(point, path)));
}
