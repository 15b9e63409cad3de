/**
 * The control group of a service of systemd's. systemd (257) forgets a service that is stopped while it is being started
 * before all of that has ended, and then nobody takes its empty group away but whoever knows of it.
 */
import type { SystemdManager } from "../launch/systemd-words.ts";

/** Where it is, with version 2 alone: in the slice that services are in that are told of none (systemd.special(7)). Pure. */
export function unitGroup(manager: SystemdManager, uid: number, unit: string): string {
  const users = `user.slice/user-${uid}.slice/user@${uid}.service/app.slice`;
  return `/sys/fs/cgroup/${manager === "system" ? "system.slice" : users}/${unit}`;
}
