/** Which disk a directory lies on, and which a block device is of. */
import type { Host } from "./host.ts";

/** The same of the device that a directory lies on; undefined where no block device is behind it. */
export function findWholeDisk(host: Host, directory: string): string | undefined {
  const status = host.status(directory);
  return status.ok ? wholeDiskOf(host, formatDevice(status.value.device)) : undefined;
}

/**
 * MAJOR:MINOR of the whole disk, which is what io.max takes (cgroup-v2.rst). /sys/dev/block/MAJOR:MINOR leads to the
 * device, and for a partition to a directory in its disk's; undefined for what is no block device.
 */
export function wholeDiskOf(host: Host, own: string): string | undefined {
  if (!host.readText(`/sys/dev/block/${own}/dev`).ok) return undefined;
  if (!host.readText(`/sys/dev/block/${own}/partition`).ok) return own;
  const disk = host.readText(`/sys/dev/block/${own}/../dev`);
  return disk.ok && /^\d+:\d+$/.test(disk.value.trim()) ? disk.value.trim() : undefined;
}

/** st_dev as Linux encodes it for user space (makedev(3)): 12 bits of major in 8..19, minor in 0..7 and 20..31. */
function formatDevice(device: number): string {
  const major = (device >>> 8) & 0xfff;
  const minor = (device & 0xff) | ((device >>> 12) & 0xfff_00);
  return `${major}:${minor}`;
}
