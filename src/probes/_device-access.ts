/** Why a device that is there is refused: its mode, the file system that it lies on, a security module. */
import type { FileStatus, Host } from "../host/host.ts";
import type { Blocker, BlockerCode } from "../model/capability.ts";
import { oneLine } from "./_host-text.ts";

/** Causes of a refusal, and those that were looked at and are not it. */
export interface AccessJudgement {
  readonly blockers: readonly Blocker[];
  readonly ruledOut: readonly BlockerCode[];
}

/** Mode and owner, for people. */
export function describeMode(status: FileStatus): string {
  return `mode ${status.mode.toString(8).padStart(4, "0")}, owner ${status.uid}, group ${status.gid}`;
}

/** Whether the mode lets this user read and write: access control lists, which Node does not show, can only add to it. */
export function isAllowedByMode({ identity }: Host, { mode, uid, gid }: FileStatus): boolean {
  const shift = identity.uid === uid ? 6 : identity.gid === gid || identity.groups.includes(gid) ? 3 : 0;
  return identity.uid === 0 || ((mode >> shift) & 6) === 6;
}

/** EACCES: permissions first; where they allow it, what else answers so (mount(2) MS_NODEV; labels). */
export function explainDenial(host: Host, path: string): AccessJudgement {
  const status = host.status(path);
  if (!status.ok || !isAllowedByMode(host, status.value)) {
    const seen = status.ok ? `${describeMode(status.value)}; this user may not open it` : "this user may not open it";
    return { blockers: [{ code: "device-mode", detail: `${path}: ${seen} (EACCES)` }], ruledOut: [] };
  }
  const mount = findMount(host, path);
  if (mount?.isWithoutDevices === true) {
    const detail = `${path} lies on ${mount.point}, which is mounted nodev (EACCES)`;
    return { blockers: [{ code: "nodev", detail }], ruledOut: ["device-mode"] };
  }
  return { blockers: [explainLabel(host, path)], ruledOut: ["device-mode", "nodev"] };
}

interface MountFound {
  readonly point: string;
  readonly isWithoutDevices: boolean;
}

/** mountinfo(5): the fifth field is the mount point, the sixth its options; of equal ones the last covers the others. */
function findMount(host: Host, path: string): MountFound | undefined {
  const mounts = host.readText("/proc/self/mountinfo");
  if (!mounts.ok) return undefined;
  let found: MountFound | undefined;
  for (const line of mounts.value.split("\n")) {
    const [, , , , point = "", options = ""] = line.split(" ");
    const covers = point === "/" || path === point || path.startsWith(`${point}/`);
    if (point === "" || !covers || point.length < (found?.point.length ?? 0)) continue;
    found = { point, isWithoutDevices: options.split(",").includes("nodev") };
  }
  return found;
}

function explainLabel(host: Host, path: string): Blocker {
  const enforcing = host.readText("/sys/fs/selinux/enforce");
  const selinux = host.readText("/proc/self/attr/current");
  if (enforcing.ok && enforcing.value.trim() === "1" && selinux.ok) {
    return { code: "lsm:selinux", detail: `${path}: denied to ${oneLine(selinux.value)} (EACCES)` };
  }
  const own = host.readText("/proc/self/attr/apparmor/current");
  if (own.ok && own.value.includes("(enforce)")) {
    return { code: "lsm:apparmor", detail: `${path}: denied in the profile ${oneLine(own.value)} (EACCES)` };
  }
  return { code: "unknown", detail: `${path}: denied though its mode allows it (EACCES)` };
}
